#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What winmail.dat files are written of.
namespace packetboat::mime::testing {

std::string little(std::uint32_t value, std::size_t bytes);
// [MS-OXTNEF] 2.1.3: an attribute with its check sum.
std::string attribute(std::uint8_t level, std::uint32_t id, std::string_view data);
// Of MAPI's, with one value that has a length of its own.
std::string property(std::uint32_t type, std::uint32_t tag, std::string value);

}  // namespace packetboat::mime::testing
