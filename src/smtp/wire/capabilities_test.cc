#include "smtp/wire/capabilities.h"

#include <gtest/gtest.h>

namespace packetboat::smtp::wire {
namespace {

Capabilities of(std::vector<std::string> lines) {
    lines.insert(lines.begin(), "mail.example.test SIZE 1");  // the first line is a greeting, whatever it says
    return parse_capabilities({.code = 250, .lines = std::move(lines)});
}
using Strings = std::vector<std::string>;

TEST(capabilities, are_none_without_lines) { EXPECT_EQ(of({}), Capabilities{}); }

TEST(capabilities, are_read_in_any_case) {
    const Capabilities all =
        of({"PIPELINING", "8bitmime", "BinaryMIME", "CHUNKING", "SMTPUTF8", "STARTTLS", "ENHANCEDSTATUSCODES", "DSN", "REQUIRETLS"});
    EXPECT_TRUE(all.pipelining && all.eight_bit_mime && all.binary_mime && all.chunking && all.smtputf8 && all.starttls);
    EXPECT_TRUE(all.enhanced_status && all.dsn && all.require_tls);
    EXPECT_TRUE(all.others.empty());
}

TEST(capabilities, have_a_size) {
    EXPECT_EQ(of({"SIZE 1000"}).size_max_bytes, 1000U);
    for (const char* unlimited : {"SIZE", "SIZE 0", "SIZE "}) {
        EXPECT_TRUE(of({unlimited}).size);
        EXPECT_EQ(of({unlimited}).size_max_bytes, std::nullopt);
    }
    EXPECT_EQ(of({"SIZE many"}).others, Strings{"SIZE many"});
}

TEST(capabilities, list_each_mechanism_once) {
    EXPECT_EQ(of({"AUTH plain LOGIN", "AUTH=LOGIN  CRAM-MD5", "AUTH"}).auth, (Strings{"PLAIN", "LOGIN", "CRAM-MD5"}));
    std::string many = "AUTH";
    for (int i = 0; i < 1000; ++i) many += " M" + std::to_string(i);
    EXPECT_EQ(of({many}).auth.size(), auth_mechanisms_max);
}

TEST(capabilities, have_limits) {
    const Capabilities some = of({"LIMITS MAILMAX=50 RCPTMAX=100 X=1 RCPTDOMAINMAX=0 RCPTMAX MAILMAX=x"});
    EXPECT_EQ(some.limits, (Capabilities::Limits{.mail_max = 50, .rcpt_max = 100, .rcpt_domain_max = std::nullopt}));
}

TEST(capabilities, have_a_longest_future_release) {
    EXPECT_EQ(of({"FUTURERELEASE 3600 2026-11-24T08:00:00Z"}).future_release,
              (Capabilities::FutureRelease{.interval_max_s = 3600, .until_max = "2026-11-24T08:00:00Z"}));
    EXPECT_EQ(of({"FUTURERELEASE"}).future_release, std::nullopt);
}

TEST(capabilities, keep_what_they_do_not_know) {
    EXPECT_EQ(of({"XCLIENT NAME ADDR", "", "HELP"}).others, (Strings{"XCLIENT NAME ADDR", "", "HELP"}));
}

}  // namespace
}  // namespace packetboat::smtp::wire
