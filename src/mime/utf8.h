#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::mime {

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes from the start are ASCII. Vectorised by the compiler's own means; fast on any machine.
std::size_t ascii_prefix(std::string_view bytes);
// How many bytes from the start are valid UTF-8.
std::size_t utf8_prefix(std::string_view bytes);

// A Unicode scalar value; a surrogate or a number beyond becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

}  // namespace packetboat::mime
