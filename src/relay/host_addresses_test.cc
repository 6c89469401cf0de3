#include "relay/host_addresses.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "relay/testing/fake_resolver.h"

namespace packetboat::relay {
namespace {

using testing::FakeResolver;

HostAddresses find(FakeResolver& resolver, AddressOrder order = AddressOrder::ipv6_first) {
    return run_to_end(find_addresses(resolver, "mx.example", order));
}

std::string show(const HostAddresses& found) {
    std::string out;
    for (const IpAddress& address : found.addresses) (out += out.empty() ? "" : " ") += address.text();
    if (found.addresses.empty()) out = (found.temporary ? "later: " : "never: ") + found.why;
    return out;
}

TEST(HostAddresses, kinds_take_turns) {
    FakeResolver resolver;
    resolver.addresses("mx.example", {"192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"});
    EXPECT_EQ(show(find(resolver)), "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 192.0.2.3");
    EXPECT_EQ(show(find(resolver, AddressOrder::ipv4_first)), "192.0.2.1 2001:db8::1 192.0.2.2 2001:db8::2 192.0.2.3");
    EXPECT_EQ(show(find(resolver, AddressOrder::ipv4_only)), "192.0.2.1 192.0.2.2 192.0.2.3");
    EXPECT_EQ(show(find(resolver, AddressOrder::ipv6_only)), "2001:db8::1 2001:db8::2");
}

TEST(HostAddresses, are_not_without_end) {
    FakeResolver resolver;
    for (int i = 0; i < 200; ++i) resolver.addresses("mx.example", {"192.0.2." + std::to_string(i), "2001:db8::" + std::to_string(i)});
    EXPECT_EQ(find(resolver).addresses.size(), host_addresses_max);
}

TEST(HostAddresses, one_kind_that_fails_does_not_hide_the_other) {
    FakeResolver resolver;
    resolver.addresses("mx.example", {"192.0.2.1"});
    resolver.answer("mx.example", dns::Type::aaaa, dns::Outcome::bogus).why = "forged";
    EXPECT_EQ(show(find(resolver)), "192.0.2.1");
    EXPECT_FALSE(find(resolver).temporary);
    EXPECT_EQ(show(find(resolver, AddressOrder::ipv6_only)), "later: forged");
}

TEST(HostAddresses, say_why_there_are_none) {
    FakeResolver resolver;
    EXPECT_EQ(show(find(resolver)), "never: there is no host mx.example");
    resolver.answer("mx.example", dns::Type::txt, dns::Outcome::found);
    EXPECT_EQ(show(find(resolver)), "never: mx.example has no address");
    resolver.answer("mx.example", dns::Type::a, dns::Outcome::failed);
    EXPECT_EQ(show(find(resolver)), "later: the DNS does not say where mx.example is");
}

TEST(HostAddresses, are_secure_when_all_of_them_are) {
    FakeResolver resolver;
    resolver.addresses("mx.example", {"192.0.2.1", "2001:db8::1"});
    EXPECT_FALSE(find(resolver).secure);
    resolver.answer("mx.example", dns::Type::a, dns::Outcome::found).secure = true;
    EXPECT_FALSE(find(resolver).secure);
    resolver.addresses("mx.example", {"192.0.2.1"});
    resolver.all_secure();
    EXPECT_TRUE(find(resolver).secure);
    // What the answer about the kind that is not there was, does not make the others less sure.
    FakeResolver only_four;
    only_four.addresses("mx.example", {"192.0.2.1"});
    only_four.all_secure();
    EXPECT_TRUE(find(only_four).secure);
}

TEST(HostAddresses, literals) {
    struct Case {
        const char* text;
        const char* address;
    };
    for (const auto& [text, address] :
         {Case{"[192.0.2.1]", "192.0.2.1"}, Case{"[IPv6:2001:db8::1]", "2001:db8::1"}, Case{"[ipv6:2001:db8::1]", "2001:db8::1"},
          Case{"192.0.2.1", "192.0.2.1"}, Case{"2001:db8::1", "2001:db8::1"}, Case{"[IPv6:192.0.2.1]", ""}, Case{"[x25:1]", ""},
          Case{"[]", ""}, Case{"[", ""}, Case{"", ""}, Case{"mx.example", ""}}) {
        const std::optional<IpAddress> parsed = address_literal(text);
        EXPECT_EQ(parsed ? parsed->text() : "", address) << text;
    }
}

}  // namespace
}  // namespace packetboat::relay
