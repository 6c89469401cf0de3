#include "smtp/wire/date_time.h"

#include <chrono>

#include "base/cursor.h"

namespace packetboat::smtp::wire {
namespace {

constexpr std::size_t fraction_digits = 6;

// Exactly so many digits.
int digits(Cursor& in, std::size_t count) {
    int value = 0;
    for (const char c : in.take_bytes(count)) {
        if (!is_digit(c)) in.fail();
        value = value * 10 + (c - '0');
    }
    return value;
}

// time-secfrac = "." 1*DIGIT
std::int64_t fraction_micros(Cursor& in) {
    if (!in.take('.')) return 0;
    std::string given(in.some(is_digit).substr(0, fraction_digits));
    given.resize(fraction_digits, '0');
    return static_cast<std::int64_t>(parse_u64(given).value_or(0));
}

}  // namespace

// date-time = full-date "T" full-time, full-date = 4DIGIT "-" 2DIGIT "-" 2DIGIT
// full-time = 2DIGIT ":" 2DIGIT ":" 2DIGIT [time-secfrac] "Z"
std::optional<Time> parse_date_time(std::string_view text) {
    namespace chrono = std::chrono;
    Cursor in(text);
    const int year = digits(in, 4);
    in.expect('-');
    const int month = digits(in, 2);
    in.expect('-');
    const int day = digits(in, 2);
    in.expect_word("T");
    const int hour = digits(in, 2);
    in.expect(':');
    const int minute = digits(in, 2);
    in.expect(':');
    const int second = digits(in, 2);
    const std::int64_t micros = fraction_micros(in);
    in.expect_word("Z");
    if (!in.ok_and_done() || year < 1970 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const auto since = chrono::sys_days(date).time_since_epoch() + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
    return Time{chrono::duration_cast<chrono::microseconds>(since).count() + micros};
}

std::string format_date_time(Time time) {
    std::string text = time.rfc3339();
    if (time.micros % 1'000'000 == 0) text.replace(text.rfind('.'), std::string::npos, "Z");
    return text;
}

}  // namespace packetboat::smtp::wire
