#include "server/values.h"

#include <array>
#include <limits>

#include "base/text.h"

namespace packetboat::server {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array<Unit, 5> size_units{{{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};
constexpr std::array<Unit, 4> time_units{{{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};

template <std::size_t N>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const std::array<Unit, N>& units) {
    text = trim(text);
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    const std::optional<std::uint64_t> number = parse_u64(text.substr(0, digits));
    const std::string_view name = trim(text.substr(digits));
    if (!number) return std::nullopt;
    if (name.empty()) return number;
    for (const Unit& unit : units) {
        if (!iequals(unit.name, name)) continue;
        if (*number > std::numeric_limits<std::uint64_t>::max() / unit.factor) return std::nullopt;
        return *number * unit.factor;
    }
    return std::nullopt;
}

template <std::size_t N>
std::string format_quantity(std::uint64_t value, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + " " + std::string(unit.name);
    }
    return "0";
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse_quantity(text, size_units); }
std::string format_size(std::uint64_t bytes) { return format_quantity(bytes, size_units); }

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    const std::optional<std::uint64_t> seconds = parse_quantity(text, time_units);
    constexpr std::uint64_t ten_years_s = 315'360'000;
    if (!seconds || *seconds > ten_years_s) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
}
std::string format_duration(std::chrono::seconds duration) {
    return format_quantity(static_cast<std::uint64_t>(duration.count()), time_units);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::optional<std::uint64_t> port = parse_u64(text.substr(colon + 1));
    if (!port || *port > 65'535) return std::nullopt;
    if (host == "*") host = "0.0.0.0";
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<IpAddress> address = IpAddress::parse(host);
    if (!address) return std::nullopt;
    return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

}  // namespace packetboat::server
