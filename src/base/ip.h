#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace packetboat {

// An IPv4 or IPv6 address. IPv4 is kept in its IPv6-mapped form, so that the two spellings of one address are equal.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    static std::optional<IpAddress> parse(std::string_view text);  // "192.0.2.1", "2001:db8::1"
    // RFC 5321 §4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]".
    static std::optional<IpAddress> parse_literal(std::string_view text);
    static IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

    bool is_v4() const;
    bool is_loopback() const;  // 127.0.0.0/8, ::1

    // What limits count by: the address itself for IPv4, its /64 for IPv6, of which one customer has all.
    IpAddress network() const;

    std::string text() const;
    // RFC 5321 §4.1.3: "[192.0.2.1]" or "[IPv6:2001:db8::1]".
    std::string literal() const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct IpAddressHash {
    std::size_t operator()(const IpAddress& address) const;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    std::string text() const;  // "192.0.2.1:25", "[2001:db8::1]:25"
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace packetboat
