#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/text.h"

namespace packetboat {

namespace {
constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    IpAddress address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    std::array<std::uint8_t, 4> four{};
    if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four[0], four[1], four[2], four[3]);
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::parse_literal(std::string_view text) {
    if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
    constexpr std::string_view six = "IPv6:";
    const bool is_six = text.size() > six.size() && iequals(text.substr(0, six.size()), six);
    if (is_six) text.remove_prefix(six.size());
    return text.contains(':') == is_six ? parse(text) : std::nullopt;
}

IpAddress IpAddress::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
    address.bytes[12] = a;
    address.bytes[13] = b;
    address.bytes[14] = c;
    address.bytes[15] = d;
    return address;
}

bool IpAddress::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes[12] == 127;
    return std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; }) && bytes[15] == 1;
}

IpAddress IpAddress::network() const {
    IpAddress network = *this;
    if (!is_v4()) std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
    return network;
}

std::string IpAddress::text() const {
    char out[INET6_ADDRSTRLEN];
    if (is_v4()) {
        inet_ntop(AF_INET, bytes.data() + 12, out, sizeof out);
    } else {
        inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
    }
    return out;
}

std::string IpAddress::literal() const { return (is_v4() ? "[" : "[IPv6:") + text() + "]"; }

std::size_t IpAddressHash::operator()(const IpAddress& address) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

std::string Endpoint::text() const {
    return address.is_v4() ? address.text() + ":" + std::to_string(port) : "[" + address.text() + "]:" + std::to_string(port);
}

}  // namespace packetboat
