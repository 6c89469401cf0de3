#include "relay/security.h"

#include <gtest/gtest.h>

#include "base/executor.h"

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

}  // namespace
}  // namespace packetboat::relay
