#include "net/admission.h"

#include <gtest/gtest.h>

#include <vector>

namespace packetboat::net {
namespace {

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

TEST(Gate, counts_in_all) {
    Gate gate({.connections_max = 2, .connections_per_address_max = 9});
    std::optional<Gate::Ticket> first = gate.enter(address("192.0.2.1"));
    const std::optional<Gate::Ticket> second = gate.enter(address("192.0.2.2"));
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(gate.enter(address("192.0.2.3")));
    first.reset();
    EXPECT_TRUE(gate.enter(address("192.0.2.3")));
    EXPECT_EQ(gate.inside(), 1U);
}

TEST(Gate, counts_an_ipv6_network_as_one_address) {
    Gate gate({.connections_per_address_max = 1});
    const std::optional<Gate::Ticket> first = gate.enter(address("2001:db8:0:1::1"));
    EXPECT_TRUE(first);
    EXPECT_FALSE(gate.enter(address("2001:db8:0:1:ffff::2")));
    EXPECT_TRUE(gate.enter(address("2001:db8:0:2::1")));
    EXPECT_TRUE(gate.enter(address("192.0.2.1")));
}

TEST(Gate, counts_loopback_per_address_only_when_told) {
    Gate open({.connections_per_address_max = 1});
    const std::optional<Gate::Ticket> one = open.enter(address("127.0.0.1"));
    EXPECT_TRUE(open.enter(address("127.0.0.1")));
    Gate strict({.connections_per_address_max = 1, .count_loopback = true});
    const std::optional<Gate::Ticket> other = strict.enter(address("127.0.0.1"));
    EXPECT_FALSE(strict.enter(address("127.0.0.1")));
}

}  // namespace
}  // namespace packetboat::net
