#pragma once

#include "sasl/scram_client.h"

namespace packetboat::smtp {

using sasl::new_scram_nonce;
using sasl::salted_password;
using sasl::ScramClient;
using sasl::ScramWork;

}  // namespace packetboat::smtp
