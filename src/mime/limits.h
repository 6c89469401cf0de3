#pragma once

#include <cstddef>
#include <cstdint>

namespace packetboat::mime {

// What is done when a message is larger than we are willing to take apart is said beside each limit; it is never an error, and never loses
// bytes: everything stays inside the range of some part.
struct Limits {
    std::size_t message_max_bytes = 0xffff'fff0;  // ranges are 32 bits; what lies beyond is not indexed, and Index::truncated is set
    std::uint32_t parts_max = 10'000;             // further parts stay inside the last one's body
    std::uint32_t nesting_max = 100;              // a multipart or message deeper than this is a leaf
    std::uint32_t fields_max = 100'000;           // of all parts; further fields are not listed, their bytes still belong to the header
};

inline constexpr std::size_t addresses_max = 10'000;    // of one field; further ones are left out
inline constexpr std::size_t parameters_max = 200;      // of one Content-Type or Content-Disposition; further ones are left out
inline constexpr std::size_t comment_nesting_max = 50;  // RFC 5322 §3.2.2; deeper ones end the field
inline constexpr std::size_t message_ids_max = 1'000;   // of one References field: the first and the last half are kept

}  // namespace packetboat::mime
