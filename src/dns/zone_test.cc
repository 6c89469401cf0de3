#include "dns/testing/zone.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/executor.h"
#include "dns/records.h"

namespace packetboat::dns::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view text = R"(
; what a mail domain has
$ttl 300
Example.org.              MX    20 MX2.example.org.
example.org.              MX    10 mx1.example.org        secure ttl=60
example.org.              TXT   "v=spf1 " "-all"
example.org               TXT   "say \"hi\"; \\"   ; and a comment
mx1.example.org.          A     192.0.2.1          # one
mx1.example.org.          A     192.0.2.2
mx1.example.org.          AAAA  2001:db8::1
_25._tcp.mx1.example.org. TLSA  3 1 1 ABcd
_imap._tcp.example.org.   SRV   1 2 993 mx1.example.org.
1.2.0.192.in-addr.arpa.   PTR   mx1.example.org.
www.example.org.          CNAME alias.example.net.   ttl=30
alias.example.net.        CNAME mx1.example.org.
astray.example.org.       CNAME nothing.example.net.
round.example.org.        CNAME circle.example.org.
circle.example.org.       CNAME round.example.org.
*.dyn.example.org.        A     192.0.2.9
real.dyn.example.org.     A     192.0.2.10
bad.example.              MX    !failed the servers are asleep
bad.example.              A     192.0.2.3
forged.example.           ANY   !bogus
tobad.example.            CNAME forged.example.

$secure signed.example.
signed.example.           MX    0 .
signed.example.           A     192.0.2.4
away.signed.example.      CNAME mx1.example.org.
$insecure sub.signed.example.
sub.signed.example.       A     192.0.2.5
single.example.           A     192.0.2.6 secure
$ttl 120
)";

Answer ask(Zone& zone, std::string name, Type type) { return run_to_end(zone.query(std::move(name), type)); }

TEST(dns_zone, records_of_every_type_are_answered) {
    Zone zone(text);
    EXPECT_EQ(ask(zone, "example.ORG.", Type::mx).mx, (std::vector<Mx>{{20, "mx2.example.org"}, {10, "mx1.example.org"}}));
    EXPECT_EQ(ask(zone, "example.org", Type::mx).ttl, 60s);
    EXPECT_EQ(ask(zone, "example.org", Type::txt).texts, (std::vector<std::string>{"v=spf1 -all", "say \"hi\"; \\"}));
    EXPECT_EQ(ask(zone, "mx1.example.org", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2)}));
    EXPECT_EQ(ask(zone, "mx1.example.org", Type::aaaa).addresses, (std::vector{*IpAddress::parse("2001:db8::1")}));
    EXPECT_EQ(ask(zone, "_25._tcp.mx1.example.org", Type::tlsa).tlsa, (std::vector<Tlsa>{{3, 1, 1, "\xab\xcd"}}));
    EXPECT_EQ(ask(zone, "_imap._tcp.example.org", Type::srv).srv, (std::vector<Srv>{{1, 2, 993, "mx1.example.org"}}));
    EXPECT_EQ(ask(zone, "1.2.0.192.in-addr.arpa", Type::ptr).names, (std::vector<std::string>{"mx1.example.org"}));
    EXPECT_EQ(ask(zone, "www.example.org", Type::cname).names, (std::vector<std::string>{"alias.example.net"}));
    EXPECT_EQ(ask(zone, "signed.example", Type::mx).mx, (std::vector<Mx>{{0, ""}}));
    const Answer found = ask(zone, "mx1.example.org", Type::a);
    EXPECT_EQ(found.outcome, Outcome::found);
    EXPECT_EQ(found.canonical_name, "mx1.example.org");
    EXPECT_EQ(found.ttl, 300s);
}

TEST(dns_zone, aliases_are_followed_and_their_shortest_ttl_holds) {
    Zone zone(text);
    const Answer found = ask(zone, "www.example.org", Type::a);
    EXPECT_EQ(found.outcome, Outcome::found);
    EXPECT_EQ(found.canonical_name, "mx1.example.org");
    EXPECT_EQ(found.addresses.size(), 2U);
    EXPECT_EQ(found.ttl, 30s);
    const Answer none = ask(zone, "www.example.org", Type::mx);
    EXPECT_EQ(none.outcome, Outcome::no_data);
    EXPECT_EQ(none.canonical_name, "mx1.example.org");
    const Answer astray = ask(zone, "astray.example.org", Type::a);
    EXPECT_EQ(astray.outcome, Outcome::no_such_name);
    EXPECT_EQ(astray.canonical_name, "nothing.example.net");
    const Answer round = ask(zone, "round.example.org", Type::a);
    EXPECT_EQ(round.outcome, Outcome::failed);
    EXPECT_FALSE(round.why.empty());
}

TEST(dns_zone, a_name_that_does_not_exist_differs_from_one_without_such_records) {
    Zone zone(text);
    struct Case {
        const char* name;
        Type type;
        Outcome outcome;
    };
    const Case cases[] = {
        {"example.org", Type::a, Outcome::no_data},
        {"_tcp.example.org", Type::srv, Outcome::no_data},  // there is a name below it
        {"net", Type::a, Outcome::no_data},
        {"", Type::mx, Outcome::no_data},
        {"mx3.example.org", Type::a, Outcome::no_such_name},
        {"xexample.org", Type::a, Outcome::no_such_name},
        {"example.com", Type::mx, Outcome::no_such_name},
        {"any.dyn.example.org", Type::a, Outcome::found},
        {"very.any.dyn.example.org", Type::a, Outcome::found},
        {"any.dyn.example.org", Type::mx, Outcome::no_data},
        {"below.real.dyn.example.org", Type::a, Outcome::no_such_name},
        {"not..a.name", Type::a, Outcome::no_such_name},
    };
    for (const Case& each : cases) {
        const Answer answer = ask(zone, each.name, each.type);
        EXPECT_EQ(to_string(answer.outcome), to_string(each.outcome)) << each.name;
        if (answer.outcome == Outcome::no_data) EXPECT_EQ(answer.ttl, 120s) << each.name;
    }
}

TEST(dns_zone, failures_are_as_scripted) {
    Zone zone(text);
    EXPECT_EQ(ask(zone, "bad.example", Type::mx).outcome, Outcome::failed);
    EXPECT_EQ(ask(zone, "bad.example", Type::mx).why, "the servers are asleep");
    EXPECT_EQ(ask(zone, "bad.example", Type::a).outcome, Outcome::found);
    EXPECT_EQ(ask(zone, "forged.example", Type::tlsa).outcome, Outcome::bogus);
    EXPECT_FALSE(ask(zone, "forged.example", Type::tlsa).why.empty());
    EXPECT_EQ(ask(zone, "tobad.example", Type::a).outcome, Outcome::bogus);
}

TEST(dns_zone, an_answer_is_secure_when_all_that_led_to_it_is) {
    Zone zone(text);
    struct Case {
        const char* name;
        Type type;
        bool secure;
    };
    const Case cases[] = {
        {"signed.example", Type::a, true},
        {"signed.example", Type::txt, true},
        {"nothing.signed.example", Type::a, true},
        {"away.signed.example", Type::cname, true},
        {"away.signed.example", Type::a, false},
        {"sub.signed.example", Type::a, false},
        {"nothing.sub.signed.example", Type::a, false},
        {"single.example", Type::a, true},
        {"single.example", Type::mx, false},
        {"example.org", Type::mx, false},  // one of the two only
        {"forged.example", Type::a, false},
    };
    for (const Case& each : cases)
        EXPECT_EQ(ask(zone, each.name, each.type).secure, each.secure) << each.name << " " << to_string(each.type);
}

TEST(dns_zone, it_remembers_what_was_asked) {
    Zone zone("example.org. A 192.0.2.1");
    ask(zone, "Example.org.", Type::mx);
    ask(zone, "example.org", Type::a);
    ask(zone, "a..b", Type::a);
    zone.set("example.org. A 192.0.2.2");
    EXPECT_EQ(ask(zone, "example.org", Type::a).addresses, (std::vector{IpAddress::v4(192, 0, 2, 2)}));
    EXPECT_EQ(zone.asked(),
              (std::vector<Question>{{"example.org", Type::mx}, {"example.org", Type::a}, {"a..b", Type::a}, {"example.org", Type::a}}));
    EXPECT_EQ(zone.times_asked({"example.org", Type::a}), 2U);
}

TEST(dns_zone, a_mistake_is_named_with_its_line) {
    const char* const mistakes[] = {
        "example.org. A",
        "example.org. A 2001:db8::1",
        "example.org. AAAA 192.0.2.1",
        "example.org. A 192.0.2.1 192.0.2.2",
        "example.org. A 192.0.2.1 sure",
        "example.org. MX mx1.example.org.",
        "example.org. MX 65536 mx1.example.org.",
        "example.org. MX 10 a..b",
        "example.org. MX secure",
        "example.org. TXT text",
        "example.org. TXT \"text",
        "example.org. TXT \"text\\",
        "example.org. TLSA 3 1 256 ab",
        "example.org. TLSA 3 1 1 abc",
        "example.org. SRV 1 2 mx1.example.org.",
        "example.org. NS ns.example.org.",
        "example.org. mx 10 mx1.example.org.",
        "example.org. ANY 192.0.2.1",
        "example.org. A !broken",
        "example.org. A 192.0.2.1 ttl=x",
        "a..b A 192.0.2.1",
        "$ttl",
        "$ttl x",
        "$origin example.org.",
        "$secure a..b",
        "first.example. A !failed",
        "alias.example. CNAME second.example.",
    };
    for (const char* mistake : mistakes) {
        const std::string whole = "first.example. A 192.0.2.1\nalias.example. CNAME first.example.\n\n" + std::string(mistake) + "\n";
        try {
            const Zone zone(whole);
            ADD_FAILURE() << mistake;
        } catch (const std::invalid_argument& error) {
            EXPECT_TRUE(std::string_view(error.what()).starts_with("line 4: ")) << error.what();
        }
    }
    EXPECT_THROW(Zone("a.example. CNAME b.example.\na.example. A 192.0.2.1"), std::invalid_argument);
    Zone zone("example.org. A 192.0.2.1");
    EXPECT_THROW(zone.set("nonsense"), std::invalid_argument);
    EXPECT_EQ(ask(zone, "example.org", Type::a).outcome, Outcome::found);
}

}  // namespace
}  // namespace packetboat::dns::testing
