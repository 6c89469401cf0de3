#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::mime::testing {

// A text as compressed RTF, packed as well as a plain search can.
std::string compressed_rtf(std::string_view text);
// The header of `content` that has been packed already, and the content.
std::string rtf_stream(std::string_view content, std::uint32_t raw_bytes);

}  // namespace packetboat::mime::testing
