#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/task.h"
#include "dns/resolver.h"

// From a host to its addresses.
namespace packetboat::relay {

// Of one host; more are left out.
inline constexpr std::size_t host_addresses_max = 16;

// ipv6_first and ipv4_first: one of the one kind, one of the other, and so on, so that a kind that does not work costs one attempt.
enum class AddressOrder : std::uint8_t { ipv6_first, ipv4_first, ipv6_only, ipv4_only };

struct HostAddresses {
    std::vector<IpAddress> addresses;  // in the order of trying; empty: none, and `why` says why
    bool secure = false;               // all of them, by DNSSEC
    std::string canonical_name;        // where CNAMEs led to them
    bool temporary = false;            // without addresses: ask again later
    std::string why;
    std::chrono::seconds ttl{};
};

// Asks for A and AAAA side by side; one that fails is no matter when the other has addresses.
Task<HostAddresses> find_addresses(dns::Resolver& resolver, std::string host, AddressOrder order);

// `six` and `four` in turn, as `order` says.
std::vector<IpAddress> in_turn(const std::vector<IpAddress>& six, const std::vector<IpAddress>& four, AddressOrder order);

// "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3) and bare addresses; nullopt: it is a name.
std::optional<IpAddress> address_literal(std::string_view text);

}  // namespace packetboat::relay
