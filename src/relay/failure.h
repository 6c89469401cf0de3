#pragma once

#include <string>

#include "delivery/transport.h"
#include "smtp/client/client_error.h"

// What went wrong, as the outbound queue and the sender of the message are told.
namespace packetboat::relay {

// `status` as RFC 3463 writes it: "4.4.3". `reason` names whom it is about.
delivery::Failure temporary(std::string status, std::string reason);
delivery::Failure permanent(std::string status, std::string reason);
// This server stops: neither the message nor the destination is to blame.
delivery::Failure stopping();

// What the conversation with `host` ended in, or what it answered to one recipient. The status is the server's own where it said one,
// else what RFC 3463 has for the stage.
delivery::Failure failure_of(const smtp::ClientError& error, const std::string& host);

// 452 and 552 to RCPT without another meaning of their own: so many at a time, the others may come with the next transaction
// (RFC 5321 §4.5.3.1.10).
bool too_many_at_a_time(const smtp::ClientError& error);

}  // namespace packetboat::relay
