#pragma once

#include <cstdint>
#include <string>

namespace packetboat::mime {

// The label that to_utf8 knows a Windows code page by; empty: none.
std::string code_page_label(std::uint32_t code_page);

}  // namespace packetboat::mime
