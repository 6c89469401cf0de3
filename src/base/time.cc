#include "base/time.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string_view>

namespace packetboat {

namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

Time Time::now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec * 1'000'000 + now.tv_nsec / 1000};
}

std::string Time::rfc3339() const {
    const std::time_t whole = seconds();
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                       utc.tm_min, utc.tm_sec, micros % 1'000'000);
}

std::string Time::rfc5322() const {
    const std::time_t whole = seconds();
    std::tm local{};
    localtime_r(&whole, &local);
    const long offset_minutes = local.tm_gmtoff / 60;
    return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}", days[static_cast<std::size_t>(local.tm_wday)], local.tm_mday,
                       months[static_cast<std::size_t>(local.tm_mon)], local.tm_year + 1900, local.tm_hour, local.tm_min, local.tm_sec,
                       offset_minutes < 0 ? '-' : '+', std::abs(offset_minutes) / 60, std::abs(offset_minutes) % 60);
}

}  // namespace packetboat
