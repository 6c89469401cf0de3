#pragma once

#include "base/error.h"
#include "smtp/wire/reply.h"

// What the services' errors are in SMTP: the one place for each.
namespace packetboat::smtp {

// A recipient that is not taken (RFC 5321 §4.2, RFC 3463 §3).
wire::Reply recipient_refused(const Error& error);
// A message, or one recipient's copy of it, that was read and is not kept.
wire::Reply message_refused(const Error& error);
// A login that did not succeed (RFC 4954 §6).
wire::Reply login_refused(const Error& error);
// Nothing can be said yet about what was asked.
wire::Reply try_later();

}  // namespace packetboat::smtp
