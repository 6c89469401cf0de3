#include "net/interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

namespace packetboat::net {
namespace {

std::optional<IpAddress> address_of(const sockaddr& from) {
    if (from.sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &from, sizeof four);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
        return IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    if (from.sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 six{};
    std::memcpy(&six, &from, sizeof six);
    IpAddress out;
    std::memcpy(out.bytes.data(), &six.sin6_addr, out.bytes.size());
    return out;
}

}  // namespace

std::vector<IpAddress> interface_addresses() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
    std::vector<IpAddress> out;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr) continue;
        if (const std::optional<IpAddress> address = address_of(*one->ifa_addr)) out.push_back(*address);
    }
    return out;
}

}  // namespace packetboat::net
