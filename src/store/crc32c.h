#pragma once

#include <cstdint>
#include <string_view>

namespace packetboat::store {

// CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's own instruction where it has one.
std::uint32_t crc32c(std::string_view bytes);
// The same without that instruction; the two are held against each other in a test.
std::uint32_t crc32c_by_tables(std::string_view bytes);

}  // namespace packetboat::store
