#pragma once

#include <cstddef>
#include <string_view>

namespace packetboat::mime {

struct NamedReference {
    std::size_t length = 0;       // of the name in the text, with its ";" if it has one; 0: none begins there
    std::string_view characters;  // UTF-8
};

// The longest named character reference of HTML at the start of `text`, which is what stands after "&".
NamedReference named_reference(std::string_view text);

}  // namespace packetboat::mime
