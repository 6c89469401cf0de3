#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace packetboat::mime {

struct Date {
    std::int64_t seconds = 0;         // since 1970-01-01T00:00:00Z
    std::int32_t offset_minutes = 0;  // east of UTC, as written
    bool offset_unknown = false;      // "-0000", or no zone (RFC 5322 §3.3)
    friend bool operator==(const Date&, const Date&) = default;
};

// date-time of RFC 5322 §3.3 with the obsolete forms, and the forms seen in the wild: no day name, wrong day name, two- and three-digit
// years, "GMT+0200", "+02:00", zone names, 12-hour clocks, month first, asctime, ISO 8601, dashes, comments. nullopt: no date can be read
// out of it.
std::optional<Date> date(std::string_view value);

// "Tue, 24 Nov 2026 08:01:42 +0100"
std::string serialize(const Date& date);

}  // namespace packetboat::mime
