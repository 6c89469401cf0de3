#include "trust/tls_policy.h"

#include <gtest/gtest.h>

namespace packetboat::trust {
namespace {

using Outcome = TlsaLookup::Outcome;
using enum TlsLevel;
using enum MessageTls;

const StsPolicy enforced{StsMode::enforce, std::chrono::seconds(86'400), {"mx.example.test"}};
const StsPolicy enforced_elsewhere{StsMode::enforce, std::chrono::seconds(86'400), {"other.example.test"}};
const StsPolicy tested{StsMode::testing, std::chrono::seconds(86'400), {"mx.example.test"}};
const StsPolicy tested_elsewhere{StsMode::testing, std::chrono::seconds(86'400), {"other.example.test"}};
const TlsaLookup no_dane{.why = "mx.example.test has no TLSA records"};
const TlsaLookup dane{.outcome = Outcome::found, .base = "mx.example.test", .records = {{3, 1, 1, std::string(32, 'k')}}};
const TlsaLookup unusable_dane{.outcome = Outcome::found, .base = "mx.example.test", .unusable = 1};
const TlsaLookup failed_dane{.outcome = Outcome::failed, .why = "the TLSA records of mx.example.test cannot be found: silence"};

// "plain" (no TLS), "may", "must", "pkix", "dane", and what else is to be seen of a plan.
std::string shown(const HostTlsPlan& plan) {
    std::string out = !plan.use_tls ? "plain" : plan.plain_allowed() ? "may" : "must";
    if (plan.authentication == HostTlsPlan::Authentication::pkix) out = plan.must_encrypt ? "pkix" : "pkix without TLS?";
    if (plan.authentication == HostTlsPlan::Authentication::dane) out = plan.must_encrypt ? "dane" : "dane without TLS?";
    if (plan.must_offer_requiretls) out += "+requiretls";
    if (plan.note_untrusted) out += "+note";
    if (!plan.skip.empty()) out = "skip";
    return out;
}

TEST(TlsPolicy, what_configuration_domain_and_message_come_to) {
    const struct {
        const char* section;
        TlsLevel level;
        MessageTls message;
        HostSource source;
        const TlsaLookup& tlsa;
        std::optional<StsPolicy> sts;
        const char* plan;
    } cases[] = {
        // Nobody publishes anything: what is configured.
        {"configured", none, usual, HostSource::insecure_mx, no_dane, std::nullopt, "plain"},
        {"RFC 7435", may, usual, HostSource::insecure_mx, no_dane, std::nullopt, "may"},
        {"configured", encrypt, usual, HostSource::insecure_mx, no_dane, std::nullopt, "must"},
        {"configured", verify, usual, HostSource::insecure_mx, no_dane, std::nullopt, "pkix"},
        // DANE.
        {"configured", none, usual, HostSource::secure_mx, dane, std::nullopt, "plain"},
        {"RFC 7672 §2.2", may, usual, HostSource::secure_mx, dane, std::nullopt, "dane"},
        {"RFC 7672 §2.2", encrypt, usual, HostSource::secure_mx, dane, std::nullopt, "dane"},
        {"RFC 7672 §2.2", verify, usual, HostSource::secure_mx, dane, std::nullopt, "dane"},
        {"RFC 7672 §2.2", may, usual, HostSource::secure_mx, unusable_dane, std::nullopt, "must"},
        {"RFC 7672 §2.2", encrypt, usual, HostSource::secure_mx, unusable_dane, std::nullopt, "must"},
        {"configured", verify, usual, HostSource::secure_mx, unusable_dane, std::nullopt, "pkix"},
        {"configured", none, usual, HostSource::secure_mx, failed_dane, std::nullopt, "plain"},
        {"RFC 7672 §2.1.2", may, usual, HostSource::secure_mx, failed_dane, std::nullopt, "skip"},
        {"RFC 7672 §2.1.2", encrypt, usual, HostSource::secure_mx, failed_dane, std::nullopt, "skip"},
        {"RFC 7672 §2.1.2", verify, usual, HostSource::secure_mx, failed_dane, std::nullopt, "skip"},
        // MTA-STS.
        {"configured", none, usual, HostSource::insecure_mx, no_dane, enforced_elsewhere, "plain"},
        {"RFC 8461 §4.2", may, usual, HostSource::insecure_mx, no_dane, enforced, "pkix"},
        {"RFC 8461 §4.2", encrypt, usual, HostSource::insecure_mx, no_dane, enforced, "pkix"},
        {"RFC 8461 §4.1", may, usual, HostSource::insecure_mx, no_dane, enforced_elsewhere, "skip"},
        {"RFC 8461 §4.1", verify, usual, HostSource::secure_mx, no_dane, enforced_elsewhere, "skip"},
        {"RFC 8461 §5", may, usual, HostSource::insecure_mx, no_dane, tested, "may+note"},
        {"RFC 8461 §5", may, usual, HostSource::insecure_mx, no_dane, tested_elsewhere, "may+note"},
        {"RFC 8461 §5", verify, usual, HostSource::insecure_mx, no_dane, tested, "pkix+note"},
        {"RFC 8461 §5", may, usual, HostSource::insecure_mx, no_dane, StsPolicy{}, "may"},
        // Both.
        {"RFC 8461 §2", may, usual, HostSource::secure_mx, dane, enforced, "dane"},
        {"RFC 8461 §2", may, usual, HostSource::secure_mx, dane, enforced_elsewhere, "dane"},
        {"RFC 8461 §2", may, usual, HostSource::secure_mx, dane, tested, "dane"},
        {"RFC 8461 §2", may, usual, HostSource::secure_mx, failed_dane, enforced, "skip"},
        {"RFC 8461 §4.2", may, usual, HostSource::secure_mx, unusable_dane, enforced, "pkix"},
        {"RFC 8461 §4.1", may, usual, HostSource::secure_mx, unusable_dane, enforced_elsewhere, "skip"},
        {"RFC 8461 §5", may, usual, HostSource::secure_mx, unusable_dane, tested, "must+note"},
        // REQUIRETLS.
        {"RFC 8689 §4.2.1", none, required, HostSource::secure_mx, dane, enforced, "skip"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, std::nullopt, "skip"},
        {"RFC 8689 §4.2.1", verify, required, HostSource::insecure_mx, no_dane, std::nullopt, "skip"},
        {"RFC 8689 §4.2.1", may, required, HostSource::secure_mx, no_dane, std::nullopt, "pkix+requiretls"},
        {"RFC 8689 §4.2.1", may, required, HostSource::itself, no_dane, std::nullopt, "pkix+requiretls"},
        {"RFC 8689 §4.2.1", may, required, HostSource::secure_mx, dane, std::nullopt, "dane+requiretls"},
        {"RFC 8689 §4.2.1", may, required, HostSource::secure_mx, unusable_dane, std::nullopt, "pkix+requiretls"},
        {"RFC 8689 §4.2.1", may, required, HostSource::secure_mx, failed_dane, std::nullopt, "skip"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, enforced, "pkix+requiretls"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, tested, "pkix+requiretls+note"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, enforced_elsewhere, "skip"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, tested_elsewhere, "skip"},
        {"RFC 8689 §4.2.1", may, required, HostSource::insecure_mx, no_dane, StsPolicy{StsMode::none, {}, {"mx.example.test"}}, "skip"},
        // TLS-Required: No.
        {"RFC 8689 §4.2.2", none, not_required, HostSource::secure_mx, dane, enforced, "plain"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::secure_mx, no_dane, std::nullopt, "may"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::secure_mx, dane, std::nullopt, "may"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::secure_mx, unusable_dane, std::nullopt, "may"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::secure_mx, failed_dane, std::nullopt, "may"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::insecure_mx, no_dane, enforced, "may"},
        {"RFC 8689 §4.2.2", may, not_required, HostSource::insecure_mx, no_dane, enforced_elsewhere, "may"},
        {"configured", encrypt, not_required, HostSource::secure_mx, failed_dane, enforced_elsewhere, "must"},
        {"configured", encrypt, not_required, HostSource::secure_mx, dane, std::nullopt, "must"},
        {"configured", verify, not_required, HostSource::secure_mx, no_dane, enforced_elsewhere, "pkix"},
        {"configured", verify, not_required, HostSource::secure_mx, failed_dane, std::nullopt, "pkix"},
        {"configured", verify, not_required, HostSource::secure_mx, dane, std::nullopt, "dane"},
    };
    int number = 0;
    for (const auto& c : cases) {
        const TlsSituation situation{.level = c.level,
                                     .message = c.message,
                                     .domain = "example.test",
                                     .host = "mx.example.test",
                                     .source = c.source,
                                     .tlsa = c.tlsa,
                                     .sts = c.sts};
        const HostTlsPlan plan = plan_tls(situation);
        EXPECT_EQ(shown(plan), c.plan) << "case " << number << ", " << c.section << ": " << plan.skip;
        EXPECT_FALSE(plan.why.empty());
        if (plan.authentication == HostTlsPlan::Authentication::dane) EXPECT_EQ(plan.tlsa, dane.records);
        if (plan.authentication != HostTlsPlan::Authentication::dane) EXPECT_EQ(plan.other_names, std::vector<std::string>());
        ++number;
    }
}

// RFC 7672 §3.2.2.
TEST(TlsPolicy, the_names_that_a_trust_anchor_may_vouch_for) {
    TlsSituation situation{.domain = "Example.test.", .host = "MX.example.test.", .source = HostSource::secure_mx, .tlsa = dane};
    HostTlsPlan plan = plan_tls(situation);
    EXPECT_EQ(plan.server_name, "mx.example.test");
    EXPECT_EQ(plan.other_names, (std::vector<std::string>{"example.test"}));
    situation.tlsa.base = "real.test";
    situation.domain_canonical = "moved.test";
    plan = plan_tls(situation);
    EXPECT_EQ(plan.server_name, "real.test");
    EXPECT_EQ(plan.other_names, (std::vector<std::string>{"mx.example.test", "example.test", "moved.test"}));
    situation = {.domain = "example.test", .host = "example.test", .source = HostSource::itself, .tlsa = dane};
    situation.tlsa.base = "example.test";
    EXPECT_EQ(plan_tls(situation).other_names, std::vector<std::string>());
}

TEST(TlsPolicy, without_dane_the_certificate_is_for_the_host) {
    const HostTlsPlan plan = plan_tls({.domain = "example.test", .host = "MX.example.test.", .tlsa = no_dane, .sts = enforced});
    EXPECT_EQ(plan.server_name, "mx.example.test");
    EXPECT_EQ(plan.other_names, std::vector<std::string>());
}

TEST(TlsPolicy, says_why) {
    const auto plan = [](TlsSituation situation) {
        situation.domain = "example.test";
        situation.host = "mx.example.test";
        return plan_tls(situation);
    };
    EXPECT_EQ(plan({}).why, "configured: may");
    EXPECT_EQ(plan({.tlsa = dane}).why, "DANE");
    EXPECT_EQ(plan({.tlsa = unusable_dane}).why, "DANE without a usable TLSA record");
    EXPECT_EQ(plan({.tlsa = failed_dane}).skip, failed_dane.why);
    EXPECT_EQ(plan({.sts = enforced}).why, "MTA-STS enforce");
    EXPECT_EQ(plan({.sts = enforced_elsewhere}).skip, "the MTA-STS policy of example.test does not name mx.example.test");
    EXPECT_EQ(plan({.sts = tested_elsewhere}).note, "the MTA-STS policy of example.test does not name mx.example.test");
    EXPECT_EQ(plan({.sts = tested}).note, "");
    EXPECT_EQ(plan({.message = required, .source = HostSource::itself}).why, "REQUIRETLS");
    EXPECT_EQ(plan({.message = required}).skip,
              "the message requires TLS, and neither DNSSEC nor MTA-STS vouches for mx.example.test as a host of example.test");
    EXPECT_EQ(plan({.level = none, .message = required}).skip, "the message requires TLS, and TLS is switched off for example.test");
    EXPECT_EQ(plan({.message = not_required, .tlsa = failed_dane}).note, failed_dane.why);
    EXPECT_EQ(plan({.message = not_required}).why, "configured: may, TLS-Required: No");
}

TEST(TlsPolicy, levels_are_words_in_the_configuration) {
    for (const TlsLevel level : {none, may, encrypt, verify}) EXPECT_EQ(parse_tls_level(to_string(level)), level);
    for (const char* word : {"", "May", "dane", "must"}) EXPECT_EQ(parse_tls_level(word), std::nullopt);
}

}  // namespace
}  // namespace packetboat::trust
