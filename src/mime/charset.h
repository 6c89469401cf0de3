#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace packetboat::mime {

// Charsets by the labels that browsers accept (WHATWG Encoding Standard §4.2: "latin1" is windows-1252, "gb2312" is gbk …), beside them
// UTF-7 and whatever else ICU knows.
bool is_known_charset(std::string_view label);
// Never fails: malformed sequences become U+FFFD; an unknown or empty label, and "us-ascii" with bytes that are none: UTF-8 if they are,
// else windows-1252. A byte order mark knows better than the label, and goes. What browsers refuse for safety (ISO-2022-KR, HZ) is read.
std::string to_utf8(std::string_view label, std::string_view bytes);
// nullopt: the charset is not known, the text is not UTF-8, or a character cannot be said so that to_utf8 would read it back.
std::optional<std::string> from_utf8(std::string_view label, std::string_view utf8);
// Malformed UTF-8 becomes U+FFFD as the Encoding Standard's decoder has it.
std::string valid_utf8(std::string_view bytes);

}  // namespace packetboat::mime
