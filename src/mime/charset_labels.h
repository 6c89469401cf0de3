#pragma once

#include <string_view>

namespace packetboat::mime {

enum class Decoder : unsigned char { utf8, icu, iso_8859_16, user_defined };

// An encoding that browsers know (WHATWG Encoding Standard §4.2).
struct Encoding {
    std::string_view name;  // the standard's, lower case
    Decoder decoder;
    const char* read;   // ICU's converter for reading
    const char* write;  // and for writing: the labels of one encoding may promise less than readers understand. nullptr: see `decoder`
    bool holds_ascii;   // bytes below 0x80 are always that character
};

// Encoding::write of encodings whose labels are written as what they say: "us-ascii" is read as windows-1252, but not written as it.
inline constexpr const char* own_label = "";  // compare by looking at it, not by its address

// `label` trimmed and in lower case; nullptr: browsers do not know it.
const Encoding* find_encoding(std::string_view label);

}  // namespace packetboat::mime
