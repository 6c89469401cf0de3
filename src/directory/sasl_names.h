#pragma once

#include <string_view>

#include "directory/sasl.h"

// What all mechanisms share. Internal to the room.
namespace packetboat::directory {

// Whom the client wants to act as (RFC 4422 §2, authorization identity): itself or nobody in particular, however it spells itself.
bool may_act_as(const Account& account, std::string_view authcid, std::string_view authzid);
Error wrong_authzid();

// A directory's error as SASL has it: denied, invalid, too_many, else unavailable.
Error sasl_error(Error error);

}  // namespace packetboat::directory
