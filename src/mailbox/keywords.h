#pragma once

#include <cstdint>

#include "base/error.h"
#include "mailbox/mailbox.h"

namespace packetboat::mailbox {

// In lower case, sorted, each once. RFC 8621 §4.1.1: 1 to 255 characters of %x21-7e without ( ) { ] % * " \.
// Errors: invalid, too_large (one is longer than keyword_max_bytes), too_many (over keywords_max).
Result<Keywords> normalised(Keywords keywords, const Limits& limits);

bool contains(const Keywords& keywords, std::string_view keyword);
bool seen(const Keywords& keywords);

// A keyword that has a bit of its own, so that a placement can carry it in a byte or two.
using KnownKeywords = std::uint32_t;
inline constexpr KnownKeywords other_keywords = 1;  // there are keywords without a bit
inline constexpr KnownKeywords known_seen = 2;
inline constexpr KnownKeywords known_keywords_all = (1U << 11) - 1;

KnownKeywords known_bits(const Keywords& keywords);
// Those that have a bit, sorted.
Keywords keywords_of(KnownKeywords bits);
bool has_bit(std::string_view keyword);

}  // namespace packetboat::mailbox
