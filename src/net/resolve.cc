#include "net/resolve.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace packetboat::net {

namespace {

constexpr std::size_t host_max_bytes = 255;

std::optional<IpAddress> numeric(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return IpAddress::parse(host);
}

std::optional<IpAddress> address_of(const addrinfo& found) {
    IpAddress address;
    if (found.ai_family == AF_INET) {
        sockaddr_in four;
        std::memcpy(&four, found.ai_addr, sizeof four);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
        return IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    if (found.ai_family != AF_INET6) return std::nullopt;
    sockaddr_in6 six;
    std::memcpy(&six, found.ai_addr, sizeof six);
    std::memcpy(address.bytes.data(), &six.sin6_addr, address.bytes.size());
    return address;
}

Unexpected cannot_resolve(const std::string& host, int error) {
    switch (error) {
        case EAI_NONAME:
        case EAI_NODATA: return fail(ErrorCode::not_found, "there is no host " + host);
        case EAI_AGAIN: return fail(ErrorCode::unavailable, "no name server answers for " + host);
        case EAI_SYSTEM: return fail(ErrorCode::unavailable, "cannot look up " + host + ": " + std::strerror(errno));
        default: return fail(ErrorCode::unavailable, "cannot look up " + host + ": " + ::gai_strerror(error));
    }
}

Result<std::vector<Endpoint>> look_up(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &first); error != 0) return cannot_resolve(host, error);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(first, ::freeaddrinfo);
    std::vector<Endpoint> out;
    for (const addrinfo* found = list.get(); found && out.size() < addresses_max; found = found->ai_next) {
        const std::optional<IpAddress> address = address_of(*found);
        if (address && std::ranges::find(out, *address, &Endpoint::address) == out.end()) out.push_back({*address, port});
    }
    if (out.empty()) return fail(ErrorCode::not_found, host + " has no address");
    return out;
}

}  // namespace

Task<Result<std::vector<Endpoint>>> resolve(WorkerPool& pool, std::string host, std::uint16_t port) {
    if (const std::optional<IpAddress> address = numeric(host)) co_return std::vector<Endpoint>{{*address, port}};
    const auto fits = [](char c) { return c > ' ' && c != 0x7f; };
    if (host.empty() || host.size() > host_max_bytes || !std::ranges::all_of(host, fits))
        co_return fail(ErrorCode::invalid, "\"" + escape_control(host) + "\" is no host name in ASCII");
    Result<Result<std::vector<Endpoint>>> done = co_await pool.run([&host, port] { return look_up(host, port); });
    if (!done) co_return fail(std::move(done).error());
    co_return std::move(*done);
}

}  // namespace packetboat::net
