#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "mime/builder.h"

namespace packetboat::mime {

// The header of the message but for MIME-Version and the Content- fields. Every text of the draft that goes into it is looked at here.
Result<std::string> header_of(const Draft& draft, const Made& made, const BuildOptions& options);

// An address that may stand in a message: no control characters, a domain, not longer than one.
bool is_sendable(const Mailbox& mailbox);
// What may stand between the brackets of a message-id or Content-ID.
bool is_id(std::string_view id);

}  // namespace packetboat::mime
