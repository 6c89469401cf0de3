#include "relay/security.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "store/memory.h"
#include "trust/testing/fake_resolver.h"

namespace packetboat::relay {
namespace {

std::string show(const HostPlan& plan) {
    if (plan.skip) return "skip " + plan.skip_status;
    constexpr const char* tls[] = {"never", "wanted", "required"};
    constexpr const char* certificate[] = {"any", "pkix", "tlsa"};
    std::string out = std::string(tls[static_cast<int>(plan.tls)]) + " " + certificate[static_cast<int>(plan.certificate)];
    for (const std::string& name : plan.names) out += " " + name;
    return out;
}

TEST(PolicySecurity, plans_by_level_and_demands) {
    struct Case {
        TlsLevel level;
        bool require_tls;
        bool name_secure;
        const char* plan;
    };
    for (const auto& [level, require_tls, name_secure, plan] : {
             Case{TlsLevel::none, false, false, "never any"},
             Case{TlsLevel::may, false, false, "wanted any"},
             Case{TlsLevel::encrypt, false, false, "required any"},
             Case{TlsLevel::verify, false, false, "required pkix mx.example"},
             Case{TlsLevel::none, true, true, "skip 5.7.30"},
             Case{TlsLevel::may, true, true, "required pkix mx.example"},
             Case{TlsLevel::verify, true, false, "skip 4.7.5"},
         }) {
        const PlanQuestion question{.domain = "example.org",
                                    .host = "mx.example",
                                    .name_secure = name_secure,
                                    .demands = {.require_tls = require_tls},
                                    .level = level};
        PolicySecurity security;
        EXPECT_EQ(show(run_to_end(security.plan(question))), plan) << to_string(level);
    }
}

class NeverAsked final : public dns::Resolver {
public:
    Task<dns::Answer> query(std::string name, dns::Type) override {
        ADD_FAILURE() << name;
        co_return dns::Answer{};
    }
};

TEST(PolicySecurity, asks_for_no_tlsa_records_of_an_address) {
    NeverAsked dns;
    PolicySecurity security(&dns);
    const PlanQuestion question{.domain = "example.org", .host = "192.0.2.1", .name_secure = true, .addresses_secure = true};
    EXPECT_EQ(show(run_to_end(security.plan(question))), "wanted any");
}

// A domain whose policy names one host.
struct Published {
    explicit Published(std::string mode) {
        dns::Answer& text = dns.at("_mta-sts.example.org", dns::Type::txt);
        text.outcome = dns::Outcome::found;
        text.texts = {"v=STSv1; id=1;"};
        dns::Answer& address = dns.at("mta-sts.example.org", dns::Type::a);
        address.outcome = dns::Outcome::found;
        address.addresses = {*IpAddress::parse("192.0.2.1")};
        policy = "version: STSv1\r\nmode: " + mode + "\r\nmx: mx.example\r\nmax_age: 86400\r\n";
    }

    trust::testing::FakeResolver dns;
    std::unique_ptr<store::Store> store = store::make_memory_store();
    std::string policy;
    int fetched = 0;
    trust::MtaSts sts{dns, *store, [this](trust::PolicyRequest) -> Task<Result<std::string>> {
                          ++fetched;
                          co_return policy;
                      }};
    PolicySecurity security{nullptr, &sts};
};

TEST(PolicySecurity, holds_the_hosts_of_a_domain_against_its_policy) {
    Published enforced("enforce");
    PlanQuestion question{.domain = "example.org", .by_mx = true, .host = "mx.example"};
    EXPECT_EQ(show(run_to_end(enforced.security.plan(question))), "required pkix mx.example");
    question.host = "mx.elsewhere.example";
    EXPECT_EQ(show(run_to_end(enforced.security.plan(question))), "skip 4.7.5");
    EXPECT_EQ(run_to_end(enforced.security.policy_of("example.org")), "enforce mx.example");
    EXPECT_EQ(enforced.fetched, 1);

    Published testing("testing");
    EXPECT_EQ(show(run_to_end(testing.security.plan(question))), "wanted any");
    EXPECT_EQ(run_to_end(testing.security.policy_of("example.org")), "testing mx.example");
    EXPECT_EQ(run_to_end(testing.security.policy_of("example.com")), "");
}

// RFC 8461 §3.4 is about the hosts that MX records name: a smart host is the operator's own choice.
TEST(PolicySecurity, asks_for_no_policy_where_the_host_was_configured) {
    Published enforced("enforce");
    const PlanQuestion question{.domain = "example.org", .by_mx = false, .host = "smart.example", .name_secure = true};
    EXPECT_EQ(show(run_to_end(enforced.security.plan(question))), "wanted any");
    EXPECT_EQ(enforced.fetched, 0);
}

}  // namespace
}  // namespace packetboat::relay
