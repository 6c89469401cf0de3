#include "mime/words.h"

#include "mime/header_lexer.h"

namespace packetboat::mime {

std::string field_text(std::string bytes, Words words) {
    if (words == Words::decoded) return without_controls(text_of(bytes));
    std::erase_if(bytes, [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
    return bytes;
}

}  // namespace packetboat::mime
