#include "relay/mail_exchange.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "base/executor.h"
#include "relay/testing/fake_resolver.h"

namespace packetboat::relay {
namespace {

using testing::FakeResolver;
using Strings = std::vector<std::string>;

std::string show(const MailExchange& found) {
    if (!found.hosts)
        return found.hosts.error().status + (found.hosts.error().permanent ? " for good: " : ": ") + found.hosts.error().reason;
    std::string out;
    for (const MailHost& host : found.hosts->hosts) out += std::to_string(host.preference) + " " + host.name + ", ";
    if (found.hosts->implicit) out += "implicit, ";
    if (found.hosts->secure) out += "secure, ";
    out.resize(out.size() - 2);
    return out;
}

MailExchange find(FakeResolver& resolver, Strings own = {"mail.here.example"}) {
    return run_to_end([](FakeResolver& with, Strings names) -> Task<MailExchange> {
        co_return co_await find_mail_hosts(with, "example.org", names);
    }(resolver, std::move(own)));
}

struct Case {
    std::string name;
    std::function<void(FakeResolver&)> world;
    std::string expected;
};

TEST(MailExchange, finds_hosts_or_says_why_not) {
    using dns::Outcome;
    using dns::Type;
    const std::vector<Case> cases = {
        {"several, the best first", [](auto& dns) { dns.mx("example.org", {"20 b.example", "10 a.example", "20 ab.example"}); },
         "10 a.example, 20 ab.example, 20 b.example"},
        {"one host twice", [](auto& dns) { dns.mx("example.org", {"20 a.example", "10 a.example"}); }, "10 a.example"},
        {"validated", [](auto& dns) { dns.mx("example.org", {"10 a.example"}).secure = true; }, "10 a.example, secure"},
        {"no MX, but an address", [](auto& dns) { dns.addresses("example.org", {"192.0.2.1"}); }, "0 example.org, implicit, secure"},
        {"no MX, only IPv6", [](auto& dns) { dns.addresses("example.org", {"2001:db8::1"}); }, "0 example.org, implicit, secure"},
        {"neither", [](auto& dns) { dns.answer("example.org", Type::txt, Outcome::found); },
         "5.4.4 for good: example.org has neither a mail server (MX) nor an address"},
        {"no MX, and addresses that nobody tells",
         [](auto& dns) { dns.answer("example.org", Type::a, Outcome::failed).why = "no name server of example.org answers"; },
         "4.4.3: no name server of example.org answers"},
        {"one kind of address fails, the other is there",
         [](auto& dns) {
             dns.addresses("example.org", {"192.0.2.1"});
             dns.answer("example.org", Type::aaaa, Outcome::failed);
         },
         "0 example.org, implicit, secure"},
        {"no such domain", [](auto&) {}, "5.1.2 for good: there is no domain example.org"},
        {"null MX", [](auto& dns) { dns.mx("example.org", {"0 "}); }, "5.1.10 for good: example.org does not take mail"},
        {"null MX beside another", [](auto& dns) { dns.mx("example.org", {"0 ", "10 a.example"}); }, "10 a.example"},
        {"an address for a name", [](auto& dns) { dns.mx("example.org", {"5 192.0.2.1", "10 a.example"}); }, "10 a.example"},
        {"nothing but addresses", [](auto& dns) { dns.mx("example.org", {"5 192.0.2.1"}); },
         "5.4.4 for good: no MX of example.org names a host: an MX of example.org is an address (192.0.2.1) where a name must be"},
        {"records that are broken", [](auto& dns) { dns.mx("example.org", {}).broken = 2; },
         "4.4.3: the MX records of example.org are broken"},
        {"silence is not \"no MX\"",
         [](auto& dns) {
             dns.addresses("example.org", {"192.0.2.1"});
             dns.answer("example.org", Type::mx, Outcome::failed).why = "no name server of example.org answers";
         },
         "4.4.3: no name server of example.org answers"},
        {"nor is a forgery",
         [](auto& dns) {
             dns.addresses("example.org", {"192.0.2.1"});
             dns.answer("example.org", Type::mx, Outcome::bogus).why = "DNSSEC of example.org is broken";
         },
         "4.4.3: DNSSEC of example.org is broken"},
        {"silence without a reason", [](auto& dns) { dns.answer("example.org", Type::mx, Outcome::failed); },
         "4.4.3: the DNS does not say where mail for example.org goes"},
        {"we are the spare host", [](auto& dns) { dns.mx("example.org", {"10 a.example", "20 mail.here.example", "30 c.example"}); },
         "10 a.example"},
        {"we are as good as another", [](auto& dns) { dns.mx("example.org", {"10 a.example", "10 mail.here.example"}); },
         "5.4.6 for good: mail for example.org loops back to us"},
        {"we are the only one", [](auto& dns) { dns.mx("example.org", {"10 mail.here.example"}); },
         "5.4.6 for good: mail for example.org loops back to us"},
    };
    for (const Case& one : cases) {
        FakeResolver resolver;
        one.world(resolver);
        EXPECT_EQ(show(find(resolver)), one.expected) << one.name;
    }
}

TEST(MailExchange, a_domain_that_is_this_server_itself_is_a_loop) {
    FakeResolver resolver;
    resolver.addresses("example.org", {"192.0.2.1"});
    EXPECT_EQ(show(find(resolver, {"example.org"})), "5.4.6 for good: mail for example.org loops back to us");
}

TEST(MailExchange, too_many_hosts_are_cut_to_the_best) {
    FakeResolver resolver;
    Strings hosts;
    for (std::size_t i = 0; i < 3 * mail_hosts_max; ++i) hosts.push_back(std::to_string(1000 - i) + " mx" + std::to_string(i) + ".example");
    resolver.mx("example.org", hosts);
    const MailExchange found = find(resolver);
    ASSERT_TRUE(found.hosts);
    EXPECT_EQ(found.hosts->hosts.size(), mail_hosts_max);
    EXPECT_EQ(found.hosts->hosts.front().name, "mx59.example");
    EXPECT_EQ(found.hosts->left_out, Strings{"example.org has more than 20 MX hosts"});
}

TEST(MailExchange, an_answer_holds_as_long_as_it_says_within_bounds) {
    struct Ttl {
        int said;
        int held;
    };
    for (const auto& [said, held] : {Ttl{0, 30}, Ttl{300, 300}, Ttl{10'000'000, 86'400}}) {
        FakeResolver resolver;
        resolver.mx("example.org", {"10 a.example"}).ttl = std::chrono::seconds(said);
        EXPECT_EQ(find(resolver).valid.count(), held);
        resolver.answer("example.org", dns::Type::mx, dns::Outcome::no_such_name).ttl = std::chrono::seconds(said);
        EXPECT_EQ(find(resolver).valid.count(), held);
    }
}

TEST(MailExchange, one_query_is_enough_however_many_hosts) {
    FakeResolver resolver;
    resolver.mx("example.org", {"10 a.example", "20 b.example", "30 c.example"});
    find(resolver);
    EXPECT_EQ(resolver.asked, Strings{"mx example.org"});
}

TEST(MailExchange, equal_hosts_are_tried_in_any_order_and_better_ones_first) {
    const std::vector<MailHost> hosts = {{"a", 10}, {"b", 10}, {"c", 10}, {"d", 20}};
    std::mt19937_64 random(1);
    std::map<std::string, int> first;
    for (int i = 0; i < 60; ++i) {
        const std::vector<MailHost> order = in_order_of_trying(hosts, std::ref(random));
        EXPECT_EQ(order.back().name, "d");
        ++first[order.front().name];
    }
    EXPECT_EQ(first.size(), 3U);
    EXPECT_TRUE(in_order_of_trying(std::vector<MailHost>{}, [] { return std::uint64_t{0}; }).empty());
}

}  // namespace
}  // namespace packetboat::relay
