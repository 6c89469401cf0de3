#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace packetboat::smtp::wire {

// date-time of RFC 3339 §5.6 in UTC, from 1970 on, as FUTURERELEASE has it (RFC 4865 §3, with erratum 2040): "2026-11-24T08:00:00Z".
// What is finer than a microsecond is cut off. nullopt: it is none.
std::optional<Time> parse_date_time(std::string_view text);

// The same, with a fraction only where there is one.
std::string format_date_time(Time time);

}  // namespace packetboat::smtp::wire
