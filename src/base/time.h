#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace packetboat {

// Wall-clock time: microseconds since 1970-01-01T00:00:00Z, what records keep.
struct Time {
    std::int64_t micros = 0;

    static Time now();
    std::int64_t seconds() const { return micros / 1'000'000; }
    Time operator+(std::chrono::microseconds duration) const { return {micros + duration.count()}; }
    Time operator-(std::chrono::microseconds duration) const { return {micros - duration.count()}; }

    std::string rfc3339() const;  // "2026-11-24T08:01:42.123456Z"
    // "Tue, 24 Nov 2026 08:01:42 +0000", in the machine's zone (RFC 5322 §3.3).
    std::string rfc5322() const;

    friend auto operator<=>(const Time&, const Time&) = default;
};

}  // namespace packetboat
