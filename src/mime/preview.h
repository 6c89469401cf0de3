#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mime/body_parts.h"

namespace packetboat::mime {

// The beginning of what the message says, as lists of messages show it (RFC 8621 §4.1.4, preview): of its textBody, else its htmlBody, what
// the author wrote, without quotes and signature; those only when there is nothing else. UTF-8, all white space one space, without the
// invisible characters that newsletters pad it with. At most `characters` code points; reads no more than the first bytes of each part.
std::string preview(const EmailBody& body, std::string_view message, std::size_t characters = 256);

}  // namespace packetboat::mime
