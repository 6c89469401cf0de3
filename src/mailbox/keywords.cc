#include "mailbox/keywords.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace packetboat::mailbox {

namespace {

// The order is that of the bits from bit 1 on, and stored: append only. RFC 8621 §4.1.1, RFC 5788, RFC 9051 §2.3.2.
constexpr std::array<std::string_view, 10> known = {"$seen",    "$answered", "$flagged", "$draft",    "$forwarded",
                                                    "$deleted", "$junk",     "$notjunk", "$phishing", "$mdnsent"};
static_assert(known_keywords_all == (2U << known.size()) - 1);
static_assert(known[0] == "$seen");

constexpr bool is_keyword_char(char c) { return c > 0x20 && c < 0x7f && std::string_view("(){]%*\"\\").find(c) == std::string_view::npos; }

KnownKeywords bit_of(std::string_view keyword) {
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (known[i] == keyword) return 2U << i;
    }
    return other_keywords;
}

}  // namespace

Result<Keywords> normalised(Keywords keywords, const Limits& limits) {
    if (keywords.empty()) return keywords;
    for (std::string& keyword : keywords) {
        if (keyword.size() > limits.keyword_max_bytes) return fail(ErrorCode::too_large, "a keyword is too long");
        if (keyword.empty() || !std::ranges::all_of(keyword, is_keyword_char)) return fail(ErrorCode::invalid, "not a keyword");
        keyword = lower(keyword);
    }
    std::ranges::sort(keywords);
    keywords.erase(std::ranges::unique(keywords).begin(), keywords.end());
    if (keywords.size() > limits.keywords_max) return fail(ErrorCode::too_many, "too many keywords");
    return keywords;
}

bool contains(const Keywords& keywords, std::string_view keyword) { return std::ranges::binary_search(keywords, keyword); }

bool seen(const Keywords& keywords) { return contains(keywords, known[0]); }

KnownKeywords known_bits(const Keywords& keywords) {
    KnownKeywords bits = 0;
    for (const std::string& keyword : keywords) bits |= bit_of(keyword);
    return bits;
}

Keywords keywords_of(KnownKeywords bits) {
    Keywords keywords;
    for (std::size_t i = 0; i < known.size(); ++i) {
        if ((bits & (2U << i)) != 0) keywords.emplace_back(known[i]);
    }
    std::ranges::sort(keywords);
    return keywords;
}

bool has_bit(std::string_view keyword) { return bit_of(keyword) != other_keywords; }

}  // namespace packetboat::mailbox
