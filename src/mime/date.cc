#include "mime/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "mime/date_parts.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::int64_t days_since_1970(int year, int month, int day) {
    const std::chrono::year_month_day first{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(1)};
    // A day past the end of its month is one of the next, as the clients have it.
    return std::chrono::sys_days(first).time_since_epoch().count() + day - 1;
}

}  // namespace

std::optional<Date> date(std::string_view value) {
    std::optional<DateParts> parts = read_date(value);
    // The date of a Received field is what follows its last semicolon (RFC 5321 §4.4).
    const std::size_t semicolon = value.rfind(';');
    if (semicolon != std::string_view::npos) {
        const std::optional<DateParts> after = read_date(value.substr(semicolon + 1));
        if (after) parts = after;
    }
    if (!parts) return std::nullopt;
    const std::int64_t local =
        days_since_1970(parts->year, parts->month, parts->day) * 86'400 + parts->hour * 3'600 + parts->minute * 60 + parts->second;
    return Date{.seconds = local - std::int64_t{60} * parts->offset_minutes.value_or(0),
                .offset_minutes = parts->offset_minutes.value_or(0),
                .offset_unknown = !parts->offset_minutes};
}

// date-time = day-name "," day month-name year time zone                RFC 5322 §3.3
std::string serialize(const Date& date) {
    using namespace std::chrono;
    // The years that four digits can say.
    constexpr std::int64_t first = sys_seconds(sys_days(year(1) / 1 / 1)).time_since_epoch().count();
    constexpr std::int64_t last = sys_seconds(sys_days(year(10'000) / 1 / 1)).time_since_epoch().count() - 1;
    const std::int32_t offset = std::clamp(date.offset_minutes, -offset_max_minutes, offset_max_minutes);
    const std::int64_t local = std::clamp(std::clamp(date.seconds, first, last) + std::int64_t{60} * offset, first, last);
    const sys_days day = floor<std::chrono::days>(sys_seconds(seconds(local)));
    const year_month_day ymd(day);
    const std::int64_t time = local - sys_seconds(day).time_since_epoch().count();
    const bool west = offset < 0 || date.offset_unknown;
    const std::int32_t zone = std::abs(offset);
    return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}", days[weekday(day).c_encoding()], static_cast<unsigned>(ymd.day()),
                       months[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()), time / 3'600, time / 60 % 60,
                       time % 60, west ? '-' : '+', zone / 60, zone % 60);
}

}  // namespace packetboat::mime
