#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mime/builder.h"

namespace packetboat::mime {

// The bytes of an attachment, in memory or of a source, in order.
class ContentReader {
public:
    explicit ContentReader(const Attachment& attachment);

    std::uint64_t size_bytes() const { return size_; }
    bool at_end() const { return at_ == size_; }
    // The next bytes: `count` of them, fewer only at the end. Valid until the next call.
    Result<std::string_view> next(std::size_t count);

private:
    const Attachment* attachment_;
    std::uint64_t size_;
    std::uint64_t at_ = 0;
    std::string buffer_;
};

// What a message needs of the way that it goes as it is.
struct MessageForm {
    Transport needs = Transport::seven_bit;
    bool has_8bit_header = false;
    bool has_utf8_header = true;  // no bytes in it but UTF-8
    bool ends_with_crlf = true;   // an empty one does, too
    // It has a body, and does not break off in a delimiter: the line end that a multipart puts behind it would be taken for its own.
    bool is_whole = true;
};
Result<MessageForm> message_form(const Attachment& attachment);

// Whether `token` is somewhere in it.
Result<bool> contains(const Attachment& attachment, std::string_view token);

}  // namespace packetboat::mime
