#include <gtest/gtest.h>

#include "net/testing/certificates.h"
#include "net/testing/line_server.h"
#include "relay/testing/world.h"

// TLS that is there, is not there, or is not good enough.
namespace packetboat::relay {
namespace {

using testing::Script;
using testing::World;
using Strings = std::vector<std::string>;

struct Tls : ::testing::Test, World {
    Tls() {
        options.ca_file = authority.certificate();
        good = must_load({"mx1.example.org"});
        wrong = must_load({"other.example.org"});
    }
    std::unique_ptr<net::TlsContext> must_load(Strings names) {
        return std::move(*net::TlsContext::load(authority.issue({.names = std::move(names)})));
    }
    static Script offering(const net::TlsContext* tls) {
        Script script;
        script.smtp.extensions.push_back("STARTTLS");
        script.tls = tls;
        return script;
    }
    void level(TlsLevel level) { routes = {{.domains = {"*"}, .tls = level}}; }

    net::testing::TemporaryFolder folder;
    net::testing::Authority authority{folder.path(), "authority"};
    std::unique_ptr<net::TlsContext> good;
    std::unique_ptr<net::TlsContext> wrong;
};

const Strings by_first = {"passed on by mx1.example.org: 250 2.0.0 Stored"};

TEST_F(Tls, is_used_where_it_is_offered_whatever_the_certificate) {
    one_host(offering(wrong.get()));
    EXPECT_EQ(deliver(), by_first);
    EXPECT_TRUE(dialogue.contains("(TLSv1.3 with ")) << dialogue;
}

TEST_F(Tls, is_never_used_where_the_level_says_so) {
    level(TlsLevel::none);
    one_host(offering(good.get()));
    EXPECT_EQ(deliver(), by_first);
    EXPECT_FALSE(dialogue.contains("STARTTLS\n(")) << dialogue;
}

TEST_F(Tls, what_fails_is_tried_without_it_once) {
    one_host(offering(nullptr));
    EXPECT_EQ(deliver(), by_first);
    EXPECT_EQ(servers.seen(1).size(), 2U);
    EXPECT_TRUE(failed_attempts.contains("the other side does not speak TLS here")) << failed_attempts;
}

TEST_F(Tls, a_server_that_takes_its_offer_back_gets_the_message_on_the_same_connection) {
    Script script = offering(good.get());
    script.smtp.answers["STARTTLS"] = {"454 4.7.0 Not now\r\n"};
    one_host(std::move(script));
    EXPECT_EQ(deliver(), by_first);
    EXPECT_EQ(servers.seen(1).size(), 1U);
}

TEST_F(Tls, required_and_not_there) {
    level(TlsLevel::encrypt);
    one_host({});
    EXPECT_EQ(deliver(), Strings{"4.7.4: mx1.example.org does not offer encryption (STARTTLS), and it is required: configured: encrypt"});
}

TEST_F(Tls, required_and_failing_is_not_tried_without) {
    level(TlsLevel::encrypt);
    one_host(offering(nullptr));
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.5: mx1.example.org: TLS handshake: ")) << failure.reason;
    EXPECT_EQ(servers.seen(1).size(), 1U);
    EXPECT_TRUE(servers.messages(1).empty());
}

TEST_F(Tls, required_and_refused) {
    level(TlsLevel::encrypt);
    Script script = offering(good.get());
    script.smtp.answers["STARTTLS"] = {"502 5.5.1 Never\r\n"};
    one_host(std::move(script));
    EXPECT_EQ(deliver(), Strings{"4.5.1: mx1.example.org says to STARTTLS: 502 5.5.1 Never"});
}

TEST_F(Tls, required_on_the_next_host) {
    level(TlsLevel::encrypt);
    resolver.mx("example.org", {"5 mx0.example.org", "10 mx1.example.org"});
    resolver.addresses("mx0.example.org", {"127.0.0.2"});
    resolver.addresses("mx1.example.org", {"127.0.0.1"});
    servers.at(2, {Script{}});
    servers.at(1, {offering(good.get())});
    EXPECT_EQ(deliver(), by_first);
    EXPECT_TRUE(failed_attempts.contains("mx0.example.org does not offer encryption")) << failed_attempts;
}

TEST_F(Tls, verified) {
    level(TlsLevel::verify);
    one_host(offering(good.get()));
    EXPECT_EQ(deliver(), by_first);
}

TEST_F(Tls, a_certificate_for_somebody_else) {
    level(TlsLevel::verify);
    one_host(offering(wrong.get()));
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.5: mx1.example.org: the certificate of mx1.example.org is not to be trusted: "))
        << failure.reason;
    EXPECT_TRUE(servers.messages(1).empty());
}

TEST_F(Tls, from_the_first_byte_with_a_login) {
    Script script = offering(good.get());
    script.implicit_tls = true;
    script.smtp.extensions = {"AUTH PLAIN"};
    script.smtp.auth = [](const std::string&) { return std::string("235 2.7.0 Welcome\r\n"); };
    servers.at(1, {std::move(script)});
    resolver.addresses("mx1.example.org", {"127.0.0.1"});
    routes = {{.domains = {"*"}, .host = "mx1.example.org", .port = servers.port(), .implicit_tls = true, .user = "u", .password = "p"}};
    EXPECT_EQ(deliver().at(0), "relayed by mx1.example.org: 250 2.0.0 Stored");
    EXPECT_FALSE(dialogue.contains("AHUAcA")) << dialogue;
}

TEST_F(Tls, a_login_that_is_refused_bounces_nothing) {
    Script script = offering(good.get());
    script.smtp.extensions.push_back("AUTH PLAIN");
    script.smtp.auth = [](const std::string&) { return std::string("535 5.7.8 Wrong\r\n"); };
    servers.at(1, {std::move(script)});
    resolver.addresses("mx1.example.org", {"127.0.0.1"});
    routes = {{.domains = {"*"}, .host = "mx1.example.org", .port = servers.port(), .user = "u", .password = "p"}};
    EXPECT_EQ(deliver(), Strings{"4.7.8 slow: mx1.example.org does not accept our login: 535 5.7.8 Wrong"});
}

TEST_F(Tls, a_password_does_not_go_without_it) {
    Script script;
    script.smtp.extensions.push_back("AUTH PLAIN");
    script.smtp.auth = [](const std::string&) { return std::string("235 2.7.0 Welcome\r\n"); };
    servers.at(1, {std::move(script)});
    resolver.addresses("mx1.example.org", {"127.0.0.1"});
    routes = {{.domains = {"*"}, .host = "mx1.example.org", .port = servers.port(), .tls = TlsLevel::may, .user = "u", .password = "p"}};
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.")) << failure.reason;
    for (const std::string& command : servers.commands(1)) EXPECT_FALSE(command.starts_with("AUTH")) << command;
}

TEST_F(Tls, requiretls_goes_to_hosts_that_have_it_all) {
    Script script = offering(good.get());
    script.smtp.extensions.push_back("REQUIRETLS");
    one_host(std::move(script));
    resolver.all_secure();
    demands.require_tls = entry.require_tls = true;
    EXPECT_EQ(deliver(), by_first);
    EXPECT_TRUE(dialogue.contains(" REQUIRETLS\n")) << dialogue;
}

TEST_F(Tls, requiretls_is_refused_where_something_is_missing) {
    demands.require_tls = entry.require_tls = true;
    one_host(offering(good.get()));
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.5: the message requires TLS, and neither DNSSEC nor MTA-STS vouches for mx1.example.org"))
        << failure.reason;
    resolver.all_secure();
    EXPECT_EQ(deliver(), Strings{"5.7.30 for good: mx1.example.org does not offer REQUIRETLS, which the message demands"});
    // A connection that was made for others is none for it.
    demands = {};
    EXPECT_EQ(deliver(), Strings{"4.7.5: the connection with mx1.example.org is not as safe as the message demands"});
}

// RFC 8689 §5: what recipients publish gives way; what is configured here does not.
TEST_F(Tls, tls_required_no_does_not_override_the_configuration) {
    level(TlsLevel::verify);
    demands.tls_optional = true;
    one_host({});
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.4: ")) << failure.reason;
}

// What MTA-STS or DANE would say.
class FixedSecurity final : public HostSecurity {
public:
    explicit FixedSecurity(HostPlan plan) : plan_(std::move(plan)) {}
    Task<HostPlan> plan(PlanQuestion question) override {
        questions.push_back(std::move(question));
        co_return plan_;
    }
    Task<std::string> policy_of(std::string domain) override { co_return "policy of " + domain; }
    std::vector<PlanQuestion> questions;

private:
    HostPlan plan_;
};

TEST_F(Tls, a_plan_may_pass_over_a_host) {
    FixedSecurity fixed(HostPlan::skipped("4.7.5", "mx1.example.org is not in the policy of example.org"));
    security = &fixed;
    one_host({});
    EXPECT_EQ(deliver(), Strings{"4.7.5: mx1.example.org is not in the policy of example.org"});
    EXPECT_TRUE(servers.seen(1).empty());
    ASSERT_EQ(fixed.questions.size(), 1U);
    EXPECT_EQ(fixed.questions[0].domain, "example.org");
    EXPECT_EQ(fixed.questions[0].host, "mx1.example.org");
}

TEST_F(Tls, plans_are_for_the_next_hop_and_not_for_the_recipients) {
    FixedSecurity fixed({.tls = HostPlan::Tls::wanted});
    security = &fixed;
    one_host({});
    resolver.mx("hub.example", {"10 mx1.example.org"});
    for (const bool by_mx : {false, true}) {
        SCOPED_TRACE(by_mx);
        routes = {{.domains = {"*"}, .host = by_mx ? "hub.example" : "mx1.example.org", .mx = by_mx, .password_without_tls = true}};
        transport().set_routes(*RouteTable::make(routes));
        (void)deliver("example.com");
        ASSERT_FALSE(fixed.questions.empty());
        EXPECT_EQ(fixed.questions.back().domain, by_mx ? "hub.example" : "mx1.example.org");
        EXPECT_EQ(fixed.questions.back().host, "mx1.example.org");
        EXPECT_EQ(fixed.questions.back().by_mx, by_mx);
    }
}

TEST_F(Tls, a_plan_names_the_certificate) {
    FixedSecurity fixed({.tls = HostPlan::Tls::required, .certificate = HostPlan::Certificate::pkix, .names = {"other.example.org"}});
    security = &fixed;
    one_host(offering(wrong.get()));
    EXPECT_EQ(deliver(), by_first);
}

TEST_F(Tls, a_certificate_must_match_its_tlsa_records) {
    FixedSecurity fixed({.tls = HostPlan::Tls::required,
                         .certificate = HostPlan::Certificate::tlsa,
                         .names = {"mx1.example.org"},
                         .tlsa = {{3, 1, 1, std::string(32, 'x')}}});
    security = &fixed;
    one_host(offering(good.get()));
    EXPECT_TRUE(deliver().at(0).starts_with("4.7.5: ")) << failure.reason;
}

}  // namespace
}  // namespace packetboat::relay
