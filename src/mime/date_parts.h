#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace packetboat::mime {

inline constexpr std::int32_t offset_max_minutes = 99 * 60 + 59;  // zone = ("+" / "-") 4DIGIT, RFC 5322 §3.3

// A date as it was written, each part within its bounds; the day may be one that its month has not.
struct DateParts {
    int year = 1970;  // 1 … 9999
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;  // 60: a leap second
    std::optional<std::int32_t> offset_minutes;
};

// Reads the first 64 words, numbers and marks outside comments.
std::optional<DateParts> read_date(std::string_view text);

}  // namespace packetboat::mime
