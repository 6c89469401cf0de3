#include "server/own_endpoints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace packetboat::server {
namespace {

std::vector<IpAddress> interfaces;  // of the machine that a test makes up

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

TEST(OwnEndpoints, are_those_that_are_listened_at) {
    OwnEndpoints own({{address("192.0.2.1"), 25}});
    EXPECT_TRUE(own.contain({address("192.0.2.1"), 25}));
    EXPECT_FALSE(own.contain({address("192.0.2.1"), 26}));
    EXPECT_FALSE(own.contain({address("192.0.2.2"), 25}));
    EXPECT_FALSE(own.contain({address("127.0.0.1"), 25}));
}

TEST(OwnEndpoints, are_all_the_machine_has_where_a_wildcard_listens) {
    OwnEndpoints own({{address("0.0.0.0"), 25}, {address("::"), 587}}, [] { return interfaces; });
    const auto begin = OwnEndpoints::Clock::now();
    interfaces = {address("192.0.2.1"), address("2001:db8::1")};
    EXPECT_TRUE(own.contain({address("192.0.2.1"), 25}, begin));
    EXPECT_TRUE(own.contain({address("127.0.0.9"), 25}, begin));
    EXPECT_FALSE(own.contain({address("2001:db8::1"), 25}, begin));  // that wildcard is IPv4's
    EXPECT_TRUE(own.contain({address("2001:db8::1"), 587}, begin));
    EXPECT_TRUE(own.contain({address("192.0.2.1"), 587}, begin));
    EXPECT_FALSE(own.contain({address("192.0.2.2"), 25}, begin));
    // An address that came meanwhile is noticed, not at once.
    interfaces.push_back(address("192.0.2.2"));
    EXPECT_FALSE(own.contain({address("192.0.2.2"), 25}, begin + std::chrono::seconds(59)));
    EXPECT_TRUE(own.contain({address("192.0.2.2"), 25}, begin + std::chrono::seconds(60)));
}

TEST(OwnEndpoints, know_the_addresses_of_this_machine) {
    const std::vector<IpAddress> here = net::interface_addresses();
    EXPECT_NE(std::ranges::find(here, address("127.0.0.1")), here.end());
}

}  // namespace
}  // namespace packetboat::server
