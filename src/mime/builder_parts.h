#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "mime/builder.h"

namespace packetboat::mime {

// What follows in a message: text that is ready, or an attachment's content.
struct Segment {
    std::string text;
    const Attachment* content = nullptr;
    std::uint64_t content_bytes = 0;  // before they are encoded
    bool base64 = false;
};

struct Parts {
    std::vector<Segment> segments;
    Transport needs = Transport::seven_bit;
    bool has_utf8_headers = false;
};

// The Content- fields of the message, the empty line, and its body:
//
//     multipart/mixed( multipart/alternative( text/plain, multipart/related( text/html, images… ) ), attachments… )
//
// with no more levels than are needed.
Result<Parts> parts_of(const Draft& draft, const Id128& id, const BuildOptions& options);

// In lines of 76 with CRLF between them.
constexpr std::uint64_t base64_lines_bytes(std::uint64_t bytes) {
    const std::uint64_t digits = (bytes + 2) / 3 * 4;
    return digits == 0 ? 0 : digits + 2 * ((digits - 1) / 76);
}

}  // namespace packetboat::mime
