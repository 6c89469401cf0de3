#include "trust/tlsa.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "trust/testing/fake_resolver.h"

namespace packetboat::trust {
namespace {

using dns::Outcome;
using dns::Type;
using testing::FakeResolver;
using Names = std::vector<std::string>;

const dns::Tlsa right{3, 1, 1, std::string(32, 'k')};
const dns::Tlsa anchor{2, 0, 2, std::string(64, 'a')};

struct TlsaFor : ::testing::Test {
    void publish(const std::string& host, std::vector<dns::Tlsa> records, bool secure = true) {
        dns::Answer& answer = resolver.at("_25._tcp." + host, Type::tlsa);
        answer.outcome = Outcome::found;
        answer.secure = secure;
        answer.tlsa = std::move(records);
    }
    void answer(const std::string& name, Type type, Outcome outcome, bool secure, const std::string& why = "") {
        dns::Answer& made = resolver.at(name, type);
        made.outcome = outcome;
        made.secure = secure;
        made.why = why;
    }
    TlsaLookup look(TlsaQuestion question) { return run_to_end(tlsa_for(resolver, std::move(question))); }
    // Outcome, base and how many records; or why not.
    std::string shown(TlsaQuestion question) {
        const TlsaLookup got = look(std::move(question));
        if (got.outcome == TlsaLookup::Outcome::found)
            return "found at " + got.base + ": " + std::to_string(got.records.size()) + "+" + std::to_string(got.unusable);
        return (got.outcome == TlsaLookup::Outcome::failed ? "failed: " : "none: ") + got.why;
    }

    FakeResolver resolver;
    const TlsaQuestion signed_way{.host = "mx.example.test", .mx_secure = true, .addresses_secure = true};
    const TlsaQuestion alias{.host = "mx.example.test", .mx_secure = true, .addresses_secure = true, .canonical_name = "real.test"};
    const TlsaQuestion loose{.host = "mx.example.test", .mx_secure = true, .addresses_secure = false, .canonical_name = "real.test"};
};

TEST_F(TlsaFor, records_of_a_host_that_dnssec_vouches_for) {
    publish("mx.example.test", {right, anchor});
    const TlsaLookup got = look(signed_way);
    EXPECT_EQ(got.outcome, TlsaLookup::Outcome::found);
    EXPECT_EQ(got.base, "mx.example.test");
    EXPECT_EQ(got.records, (std::vector{right, anchor}));
    EXPECT_EQ(got.unusable, 0U);
    EXPECT_EQ(resolver.asked, Names{"_25._tcp.mx.example.test"});
}

TEST_F(TlsaFor, the_port_is_part_of_the_name) {
    TlsaQuestion question = signed_way;
    question.port = 24;
    EXPECT_EQ(shown(question), "none: mx.example.test has no TLSA records");
    EXPECT_EQ(resolver.asked, Names{"_24._tcp.mx.example.test"});
}

// RFC 7672 §2.2.1: and nobody is asked, as name servers of unsigned zones may fail at TLSA.
TEST_F(TlsaFor, nothing_is_asked_about_a_host_that_dnssec_does_not_vouch_for) {
    publish("mx.example.test", {right});
    TlsaQuestion question = signed_way;
    question.mx_secure = false;
    EXPECT_EQ(shown(question), "none: the MX records that led to mx.example.test are not signed");
    question = signed_way;
    question.addresses_secure = false;
    EXPECT_EQ(shown(question), "none: the addresses of mx.example.test are not signed");
    EXPECT_EQ(resolver.asked, Names{});
}

TEST_F(TlsaFor, no_records_and_unsigned_ones_are_none) {
    for (const bool is_secure : {true, false}) {
        for (const Outcome outcome : {Outcome::no_data, Outcome::no_such_name}) {
            answer("_25._tcp.mx.example.test", Type::tlsa, outcome, is_secure);
            EXPECT_EQ(shown(signed_way), "none: mx.example.test has no TLSA records");
        }
    }
    publish("mx.example.test", {right}, false);
    EXPECT_EQ(shown(signed_way), "none: the TLSA records of mx.example.test are not signed");
}

// RFC 7672 §2.1.2: an attacker who can only make the question fail must not gain by it.
TEST_F(TlsaFor, failures_are_not_none) {
    answer("_25._tcp.mx.example.test", Type::tlsa, Outcome::failed, false, "no name server of example.test answers");
    EXPECT_EQ(shown(signed_way), "failed: the TLSA records of mx.example.test cannot be found: no name server of example.test answers");
    answer("_25._tcp.mx.example.test", Type::tlsa, Outcome::bogus, false, "a signature has expired");
    EXPECT_EQ(shown(signed_way), "failed: the TLSA records of mx.example.test are forged or broken: a signature has expired");
}

// RFC 7672 §2.2.2.
TEST_F(TlsaFor, the_name_that_cnames_led_to_comes_first) {
    publish("mx.example.test", {right});
    EXPECT_EQ(shown(alias), "found at mx.example.test: 1+0");
    EXPECT_EQ(resolver.asked, (Names{"_25._tcp.real.test", "_25._tcp.mx.example.test"}));
    publish("real.test", {right, anchor});
    EXPECT_EQ(shown(alias), "found at real.test: 2+0");
    publish("real.test", {right, anchor}, false);
    EXPECT_EQ(shown(alias), "found at mx.example.test: 1+0");
    answer("_25._tcp.real.test", Type::tlsa, Outcome::failed, false, "silence");
    EXPECT_EQ(shown(alias), "failed: the TLSA records of real.test cannot be found: silence");
}

TEST_F(TlsaFor, an_alias_in_a_signed_zone_to_one_that_is_not) {
    publish("mx.example.test", {right});
    publish("real.test", {anchor});
    answer("mx.example.test", Type::cname, Outcome::found, true);
    EXPECT_EQ(shown(loose), "found at mx.example.test: 1+0");
    EXPECT_EQ(resolver.asked, (Names{"mx.example.test", "_25._tcp.mx.example.test"}));
    answer("mx.example.test", Type::cname, Outcome::found, false);
    EXPECT_EQ(shown(loose), "none: the addresses of mx.example.test are not signed");
    answer("mx.example.test", Type::cname, Outcome::bogus, false, "broken");
    EXPECT_EQ(shown(loose), "failed: the TLSA records of mx.example.test are forged or broken: broken");
}

// RFC 7672 §3.1.
TEST_F(TlsaFor, unusable_records_are_left_out_and_counted) {
    const std::vector<dns::Tlsa> unusable = {
        {0, 1, 1, right.data}, {1, 1, 1, right.data}, {4, 1, 1, right.data},           {255, 1, 1, right.data}, {3, 2, 1, right.data},
        {3, 1, 3, right.data}, {3, 1, 2, right.data}, {3, 1, 1, std::string(31, 'k')}, {3, 1, 1, anchor.data},  {3, 0, 0, ""},
    };
    for (const dns::Tlsa& record : unusable) EXPECT_FALSE(is_usable(record));
    for (const dns::Tlsa& record : {right, anchor, dns::Tlsa{3, 0, 0, "x"}, dns::Tlsa{2, 1, 0, "x"}}) EXPECT_TRUE(is_usable(record));
    publish("mx.example.test", unusable);
    EXPECT_EQ(shown(signed_way), "found at mx.example.test: 0+10");
    resolver.at("_25._tcp.mx.example.test", Type::tlsa).broken = 2;
    EXPECT_EQ(shown(signed_way), "found at mx.example.test: 0+12");
    resolver.at("_25._tcp.mx.example.test", Type::tlsa).tlsa.push_back(right);
    EXPECT_EQ(shown(signed_way), "found at mx.example.test: 1+12");
}

}  // namespace
}  // namespace packetboat::trust
