#include "relay/routing.h"

#include <gtest/gtest.h>

#include "base/testing/must.h"
#include "relay/route.h"

namespace packetboat::relay {
namespace {

using packetboat::testing::must;

ConfiguredRoute to(std::vector<std::string> domains, std::string host) { return {.domains = std::move(domains), .host = std::move(host)}; }

TEST(RouteTable, the_most_exact_route_wins) {
    const RouteTable table = must(RouteTable::make({
        to({"*"}, "others.example"),
        to({".example.org"}, "below.example"),
        to({".deep.example.org", "Bücher.example"}, "deep.example"),
        to({"example.org"}, "exact.example"),
        to({"[192.0.2.1]"}, "literal.example"),
    }));
    struct Case {
        const char* domain;
        const char* host;
    };
    for (const auto& [domain, host] :
         {Case{"example.org", "exact.example"}, Case{"a.example.org", "below.example"}, Case{"a.b.example.org", "below.example"},
          Case{"deep.example.org", "below.example"}, Case{"a.deep.example.org", "deep.example"}, Case{"xexample.org", "others.example"},
          Case{"org", "others.example"}, Case{"xn--bcher-kva.example", "deep.example"}, Case{"[192.0.2.1]", "literal.example"},
          Case{"[192.0.2.2]", "others.example"}, Case{"[rubbish]", "others.example"}}) {
        EXPECT_EQ(table.find(domain)->host, host) << domain;
    }
}

TEST(RouteTable, without_a_route_it_is_mx) {
    EXPECT_EQ(*RouteTable().find("example.org"), ConfiguredRoute{});
    EXPECT_EQ(must(RouteTable::make({to({"example.com"}, "x.example")})).find("example.org")->host, "");
}

TEST(RouteTable, says_what_does_not_fit) {
    struct Case {
        ConfiguredRoute route;
        const char* error;
    };
    const std::vector<Case> cases = {
        {to({}, "x.example"), "a route: no domain is given"},
        {to({"a b"}, "x.example"), "the route of a b: \"a b\" is no domain: "},
        {to({"[1.2.3]"}, "x.example"), "the route of [1.2.3]: \"[1.2.3]\" is no address"},
        {to({"a.example", "A.example"}, "x.example"), "the route of a.example: \"A.example\" has a route already"},
        {to({"*", "*"}, "x.example"), "the route of *: \"*\" has a route already"},
        {to({"*"}, "two words"), "the route of *: \"two words\" is no host: "},
        {{.domains = {"*"}, .mx = true}, "the route of *: a host must be given whose MX are meant"},
        {{.domains = {"*"}, .host = "192.0.2.1", .mx = true}, "the route of *: an address has no MX"},
        {{.domains = {"*"}, .protocol = smtp::ClientProtocol::lmtp},
         "the route of *: LMTP goes to a host of one's own, which must be given"},
        {{.domains = {"*"}, .user = "u"}, "the route of *: a login is for a host, which must be given"},
        {{.domains = {"*"}, .host = "x.example", .password = "p"}, "the route of *: there is a password, but no user"},
        {{.domains = {"*"}, .host = "x.example", .tls = TlsLevel::none, .user = "u"},
         "the route of *: the password would go without TLS; say so if that is meant"},
        {{.domains = {"*"}, .host = "x.example", .tls = TlsLevel::none, .implicit_tls = true},
         "the route of *: TLS from the beginning, and no TLS, exclude each other"},
    };
    for (const Case& one : cases) {
        const Result<RouteTable> made = RouteTable::make({one.route});
        ASSERT_FALSE(made) << one.error;
        EXPECT_EQ(made.error().code, ErrorCode::invalid);
        EXPECT_TRUE(made.error().text.starts_with(one.error)) << made.error().text;
    }
}

TEST(RouteTable, a_login_wants_a_certificate_unless_told_otherwise) {
    EXPECT_EQ(ConfiguredRoute{}.level(), TlsLevel::may);
    EXPECT_EQ((ConfiguredRoute{.user = "u"}.level()), TlsLevel::verify);
    EXPECT_EQ((ConfiguredRoute{.tls = TlsLevel::encrypt, .user = "u"}.level()), TlsLevel::encrypt);
}

RoutePlan by_mx(std::vector<MailHost> hosts) {
    return {.domain = "example.org", .hosts = std::move(hosts), .by_mx = true, .port = 25, .through = std::make_shared<ConfiguredRoute>()};
}

TEST(MailRoute, the_site_is_all_hosts_whatever_their_order) {
    const MailRoute one(by_mx({{"b.example", 10}, {"a.example", 20}}));
    const MailRoute other(by_mx({{"a.example", 10}, {"b.example", 20}}));
    const MailRoute spare(by_mx({{"a.example", 10}, {"b.example", 20}, {"c.example", 30}}));
    EXPECT_EQ(one.site(), "a.example,b.example");
    EXPECT_EQ(other.site(), one.site());
    EXPECT_NE(spare.site(), one.site());
    EXPECT_EQ(one.text(), "b.example, a.example (MX)");
    // The other way round, the message would go to the spare host first.
    EXPECT_FALSE(one.shares_connections_with(other));
    EXPECT_TRUE(one.shares_connections_with(one));
}

TEST(MailRoute, connections_are_shared_by_domains_that_differ_in_nothing_else) {
    const RoutePlan plan = by_mx({{"a.example", 10}});
    RoutePlan other = plan;
    other.domain = "example.com";
    other.through = std::make_shared<ConfiguredRoute>(ConfiguredRoute{.domains = {"example.com"}});
    EXPECT_TRUE(MailRoute(plan).shares_connections_with(MailRoute(other)));
    const std::vector<std::function<void(RoutePlan&)>> changes = {
        [](RoutePlan& changed) { changed.port = 26; },
        [](RoutePlan& changed) { changed.policy = "mta-sts of example.com"; },
        [](RoutePlan& changed) { changed.names_secure = true; },
        [](RoutePlan& changed) { changed.by_mx = false; },
        [](RoutePlan& changed) { changed.through = std::make_shared<ConfiguredRoute>(ConfiguredRoute{.tls = TlsLevel::encrypt}); },
        [](RoutePlan& changed) { changed.through = std::make_shared<ConfiguredRoute>(ConfiguredRoute{.user = "u", .password = "p"}); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        RoutePlan changed = other;
        changes[i](changed);
        EXPECT_FALSE(MailRoute(plan).shares_connections_with(MailRoute(changed))) << i;
    }
}

TEST(MailRoute, says_where_mail_goes) {
    EXPECT_EQ(text_of(by_mx({{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}, {"f", 6}})), "a, b, c, d and 2 more (MX)");
    RoutePlan plan = by_mx({{"example.org", 0}});
    plan.implicit = true;
    EXPECT_EQ(text_of(plan), "example.org (no MX)");
    plan = {.domain = "[192.0.2.1]", .hosts = {{"192.0.2.1"}}, .port = 25, .through = std::make_shared<ConfiguredRoute>()};
    EXPECT_EQ(text_of(plan), "[192.0.2.1]");
    plan = {.domain = "example.org",
            .hosts = {{"smtp.example.net"}},
            .port = 587,
            .through = std::make_shared<ConfiguredRoute>(to({"*"}, "smtp.example.net"))};
    EXPECT_EQ(text_of(plan), "smart host smtp.example.net:587");
    EXPECT_EQ(site_of(plan), "smtp.example.net:587");
    plan.hosts = {{"2001:db8::1"}};
    EXPECT_EQ(site_of(plan), "[2001:db8::1]:587");
    auto lmtp = std::make_shared<ConfiguredRoute>(to({"*"}, "store.example.net"));
    lmtp->protocol = smtp::ClientProtocol::lmtp;
    EXPECT_EQ(text_of({.domain = "a", .hosts = {{"store.example.net"}}, .port = 24, .through = lmtp}), "LMTP server store.example.net:24");
}

}  // namespace
}  // namespace packetboat::relay
