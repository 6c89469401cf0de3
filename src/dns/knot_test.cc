#include <gtest/gtest.h>

#include <algorithm>

#include "base/executor.h"
#include "base/testing/must.h"
#include "dns/records.h"
#include "dns/resolver.h"
#include "dns/testing/knot.h"
#include "dns/testing/loopback.h"
#include "dns/testing/scripted_server.h"

namespace packetboat::dns {
namespace {

using namespace std::chrono_literals;
using packetboat::testing::must;
using testing::Knot;

// One server for all: each takes a second to start.
class dns_with_knot : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!Knot::installed()) return;
        const std::string mail = R"(
@ MX 10 Mail
@ MX 20 mail.other.test.
@ TXT "v=spf1 " "-all"
mail A 192.0.2.1
mail AAAA 2001:db8::1
_25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_imap._tcp SRV 1 2 993 mail
alias 77 CNAME mail
far CNAME mail.other.test.
nowhere CNAME nothing.other.test.
round CNAME circle
circle CNAME round
forever 0 A 192.0.2.7
odd CNAME a/b
a/b A 192.0.2.8
)";
        knot = new Knot({{"example.test", mail},
                         {"other.test", "mail A 192.0.2.2\n@ MX 0 .\n"},
                         {"example.org", mail},
                         {"signed.test", mail + "tounsigned CNAME mail.example.test.\n", true},
                         {"2.0.192.in-addr.arpa", "1 PTR mail.example.test.\n"},
                         {"10.in-addr.arpa", "1.0.0 PTR inside.example.test.\n"},
                         {"127.in-addr.arpa", "9.0.0 PTR loop.example.test.\n"},
                         {"invalid", "mail A 192.0.2.3\n"},
                         {"onion", "mail A 192.0.2.4\n"},
                         {"localhost", "mail A 192.0.2.5\n@ A 127.0.0.1\n"}});
    }
    static void TearDownTestSuite() { delete std::exchange(knot, nullptr); }
    void SetUp() override {
        if (!knot) GTEST_SKIP() << "knotd is not installed";
    }

    static std::unique_ptr<Resolver> resolver(std::vector<std::string> trust_anchors = {}, bool dnssec = true) {
        ResolverOptions options;
        options.servers = {knot->endpoint()};
        options.trust_anchors = std::move(trust_anchors);
        options.dnssec = dnssec;
        return must(make_resolver(std::move(options)));
    }
    static Answer ask(Resolver& resolver, std::string name, Type type) {
        Answer answer = run_to_end(resolver.query(std::move(name), type));
        EXPECT_NE(answer.outcome == Outcome::failed || answer.outcome == Outcome::bogus, answer.why.empty()) << answer.why;
        return answer;
    }

    static inline Knot* knot = nullptr;
};

TEST_F(dns_with_knot, every_type_is_found) {
    const auto dns = resolver();
    EXPECT_EQ(ask(*dns, "mail.example.test", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
    EXPECT_EQ(ask(*dns, "mail.example.test", Type::aaaa).addresses, (std::vector{*IpAddress::parse("2001:db8::1")}));
    const Answer mx = ask(*dns, "Example.TEST.", Type::mx);
    EXPECT_EQ(mx.outcome, Outcome::found);
    EXPECT_EQ(mx.canonical_name, "example.test");
    EXPECT_FALSE(mx.secure);
    EXPECT_TRUE(mx.ttl > 200s && mx.ttl <= 300s);
    ASSERT_EQ(mx.mx.size(), 2U);
    EXPECT_EQ(std::ranges::count(mx.mx, Mx{10, "mail.example.test"}), 1);
    EXPECT_EQ(std::ranges::count(mx.mx, Mx{20, "mail.other.test"}), 1);
    EXPECT_EQ(ask(*dns, "other.test", Type::mx).mx, (std::vector<Mx>{{0, ""}}));
    EXPECT_EQ(ask(*dns, "example.test", Type::txt).texts, (std::vector<std::string>{"v=spf1 -all"}));
    EXPECT_EQ(ask(*dns, "_25._tcp.mail.example.test", Type::tlsa).tlsa.at(0).data.size(), 32U);
    EXPECT_EQ(ask(*dns, "_imap._tcp.example.test", Type::srv).srv, (std::vector<Srv>{{1, 2, 993, "mail.example.test"}}));
    EXPECT_EQ(ask(*dns, "1.2.0.192.in-addr.arpa", Type::ptr).names, (std::vector<std::string>{"mail.example.test"}));
    EXPECT_EQ(ask(*dns, "alias.example.test", Type::cname).names, (std::vector<std::string>{"mail.example.test"}));
    EXPECT_EQ(ask(*dns, "alias.example.test", Type::cname).canonical_name, "alias.example.test");
}

TEST_F(dns_with_knot, there_is_none_differs_from_no_such_name_and_both_hold_as_long_as_the_soa_says) {
    const auto dns = resolver();
    for (int round = 0; round < 2; ++round) {
        const Answer no_data = ask(*dns, "mail.example.test", Type::mx);
        EXPECT_EQ(no_data.outcome, Outcome::no_data);
        EXPECT_TRUE(no_data.ttl > 30s && no_data.ttl <= 60s) << no_data.ttl.count();
        const Answer no_name = ask(*dns, "nothing.example.test", Type::a);
        EXPECT_EQ(no_name.outcome, Outcome::no_such_name);
        EXPECT_TRUE(no_name.ttl > 30s && no_name.ttl <= 60s) << no_name.ttl.count();
        EXPECT_EQ(no_name.canonical_name, "nothing.example.test");
    }
    EXPECT_EQ(ask(*dns, "_tcp.example.test", Type::a).outcome, Outcome::no_data);
    EXPECT_EQ(ask(*dns, "a..b", Type::a).outcome, Outcome::no_such_name);
    EXPECT_EQ(ask(*dns, std::string(64, 'a') + ".test", Type::a).outcome, Outcome::no_such_name);
}

TEST_F(dns_with_knot, aliases_are_followed_from_zone_to_zone) {
    const auto dns = resolver();
    const Answer near = ask(*dns, "alias.example.test", Type::a);
    EXPECT_EQ(near.addresses, (std::vector{IpAddress::v4(192, 0, 2, 1)}));
    EXPECT_EQ(near.canonical_name, "mail.example.test");
    EXPECT_TRUE(near.ttl <= 77s);
    const Answer far = ask(*dns, "far.example.test", Type::a);
    EXPECT_EQ(far.addresses, (std::vector{IpAddress::v4(192, 0, 2, 2)}));
    EXPECT_EQ(far.canonical_name, "mail.other.test");
    const Answer none = ask(*dns, "far.example.test", Type::mx);
    EXPECT_EQ(none.outcome, Outcome::no_data);
    EXPECT_EQ(none.canonical_name, "mail.other.test");
    const Answer nowhere = ask(*dns, "nowhere.example.test", Type::a);
    EXPECT_EQ(nowhere.outcome, Outcome::no_such_name);
    EXPECT_EQ(nowhere.canonical_name, "nothing.other.test");
    EXPECT_EQ(ask(*dns, "round.example.test", Type::a).outcome, Outcome::failed);
    const Answer odd = ask(*dns, "odd.example.test", Type::a);
    EXPECT_EQ(odd.addresses, (std::vector{IpAddress::v4(192, 0, 2, 8)}));
    EXPECT_EQ(odd.canonical_name, "a\\047b.example.test");
}

TEST_F(dns_with_knot, configured_servers_answer_what_a_resolver_usually_keeps_to_itself) {
    const auto dns = resolver();
    EXPECT_EQ(ask(*dns, "1.0.0.10.in-addr.arpa", Type::ptr).names, (std::vector<std::string>{"inside.example.test"}));
    EXPECT_EQ(ask(*dns, "9.0.0.127.in-addr.arpa", Type::ptr).names, (std::vector<std::string>{"loop.example.test"}));
    EXPECT_EQ(ask(*dns, "mail.invalid", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 3)}));
    EXPECT_EQ(ask(*dns, "mail.onion", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 4)}));
    EXPECT_EQ(ask(*dns, "mail.localhost", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 5)}));
}

TEST_F(dns_with_knot, zones_that_the_servers_do_not_have_fail) {
    const auto dns = resolver({}, false);
    EXPECT_EQ(ask(*dns, "example.com", Type::mx).outcome, Outcome::failed);
    EXPECT_EQ(ask(*dns, "example.org", Type::mx).outcome, Outcome::found);
}

TEST_F(dns_with_knot, what_the_roots_signature_does_not_cover_is_bogus) {
    const auto dns = resolver();
    const Answer answer = ask(*dns, "example.org", Type::mx);
    EXPECT_EQ(answer.outcome, Outcome::bogus);
    EXPECT_TRUE(answer.mx.empty());
}

TEST_F(dns_with_knot, a_signed_zone_is_secure_under_its_trust_anchor) {
    for (const bool with_root : {true, false}) {
        const auto dns = resolver({knot->trust_anchor("signed.test")}, with_root);
        for (int round = 0; round < 2; ++round) {
            const Answer mx = ask(*dns, "signed.test", Type::mx);
            EXPECT_EQ(mx.outcome, Outcome::found) << mx.why;
            EXPECT_TRUE(mx.secure);
        }
        const Answer alias = ask(*dns, "alias.signed.test", Type::a);
        EXPECT_EQ(alias.outcome, Outcome::found);
        EXPECT_TRUE(alias.secure);
        const Answer no_data = ask(*dns, "mail.signed.test", Type::txt);
        EXPECT_EQ(no_data.outcome, Outcome::no_data);
        EXPECT_TRUE(no_data.secure);
        const Answer no_name = ask(*dns, "nothing.signed.test", Type::a);
        EXPECT_EQ(no_name.outcome, Outcome::no_such_name);
        EXPECT_TRUE(no_name.secure);
        const Answer tlsa = ask(*dns, "_25._tcp.mail.signed.test", Type::tlsa);
        EXPECT_EQ(tlsa.tlsa.size(), 1U);
        EXPECT_TRUE(tlsa.secure);
        const Answer leaving = ask(*dns, "tounsigned.signed.test", Type::a);
        EXPECT_EQ(leaving.outcome, Outcome::found);
        EXPECT_FALSE(leaving.secure);
        EXPECT_FALSE(ask(*dns, "example.test", Type::mx).secure);
    }
}

TEST_F(dns_with_knot, a_signed_zone_without_trust_anchor_is_found_and_not_secure) {
    const auto dns = resolver();
    const Answer mx = ask(*dns, "signed.test", Type::mx);
    EXPECT_EQ(mx.outcome, Outcome::found);
    EXPECT_FALSE(mx.secure);
}

TEST_F(dns_with_knot, a_zone_that_is_not_signed_as_its_trust_anchor_says_is_bogus) {
    std::string anchor = knot->trust_anchor("signed.test");
    anchor.back() = anchor.back() == '0' ? '1' : '0';
    const std::string of_other = "other.test" + knot->trust_anchor("signed.test").substr(std::string_view("signed.test").size());
    const auto dns = resolver({anchor, of_other});
    for (const char* name : {"mail.signed.test", "mail.other.test", "nothing.signed.test", "far.example.test"}) {
        const Answer answer = ask(*dns, name, Type::a);
        EXPECT_EQ(to_string(answer.outcome), "bogus") << name;
        EXPECT_TRUE(answer.why.starts_with("DNSSEC")) << answer.why;
        EXPECT_TRUE(answer.addresses.empty());
        EXPECT_FALSE(answer.secure);
    }
    EXPECT_EQ(ask(*dns, "mail.example.test", Type::a).outcome, Outcome::found);
}

// What the server says, with one byte of the address changed under way.
std::string tampered(const Endpoint& server, const std::string& query) {
    using namespace std::string_literals;
    std::string reply = testing::relay(server, query);
    const std::size_t at = reply.find("\300\0\2\1"s);
    if (at != std::string::npos) reply[at + 3] = 66;
    return reply;
}

TEST_F(dns_with_knot, an_answer_that_was_changed_on_its_way_is_bogus) {
    testing::ScriptedServer between([](const testing::ScriptedServer::Query& query) {
        return testing::ScriptedServer::Reply{.raw = tampered(knot->endpoint(), query.bytes)};
    });
    ResolverOptions options;
    options.servers = {between.endpoint()};
    options.trust_anchors = {knot->trust_anchor("signed.test")};
    const auto dns = must(make_resolver(options));
    EXPECT_EQ(ask(*dns, "example.test", Type::txt).outcome, Outcome::found);
    EXPECT_EQ(ask(*dns, "mail.example.test", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 66)}));
    EXPECT_EQ(ask(*dns, "mail.signed.test", Type::aaaa).outcome, Outcome::found);
    const Answer answer = ask(*dns, "mail.signed.test", Type::a);
    EXPECT_EQ(to_string(answer.outcome), "bogus");
    EXPECT_TRUE(answer.addresses.empty());
}

}  // namespace
}  // namespace packetboat::dns
