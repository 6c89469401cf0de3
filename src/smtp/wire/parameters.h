#pragma once

#include "base/cursor.h"
#include "smtp/wire/command.h"

namespace packetboat::smtp::wire {

// *( SP esmtp-param ), esmtp-param = esmtp-keyword ["=" esmtp-value], up to the end of the line        RFC 5321 §4.1.2
// Fills them in; answers the reply to the first mistake, or an empty one.
Reply parameters(Cursor& in, Syntax syntax, Mail& mail);
Reply parameters(Cursor& in, Syntax syntax, Rcpt& rcpt);

// With a space before each.
std::string encode_parameters(const Mail& mail);
std::string encode_parameters(const Rcpt& rcpt);

}  // namespace packetboat::smtp::wire
