#include "trust/mta_sts.h"

#include <gtest/gtest.h>

namespace packetboat::trust {
namespace {

using Texts = std::vector<std::string>;

std::string id_of(const Texts& texts) {
    const Result<std::string> id = parse_sts_records(texts);
    if (id) return *id;
    return std::string(to_string(id.error().code)) + ": " + id.error().text;
}

std::string shown(std::string_view file) {
    const Result<StsPolicy> policy = parse_sts_policy(file);
    if (!policy) return std::string(to_string(policy.error().code)) + ": " + policy.error().text;
    std::string out = std::string(to_string(policy->mode)) + " " + std::to_string(policy->max_age.count());
    for (const std::string& mx : policy->mx) out += " " + mx;
    return out;
}

// RFC 8461 §3.1.
TEST(MtaSts, the_id_of_the_one_record) {
    EXPECT_EQ(id_of({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");
    EXPECT_EQ(id_of({"v=STSv1;id=1"}), "1");
    EXPECT_EQ(id_of({"v=STSv1; \t id=1 \t ; "}), "1");
    EXPECT_EQ(id_of({"v=STSv1; x-y.z=a:b; id=1; more=2"}), "1");
    EXPECT_EQ(id_of({"v=STSv1; id=1; id=2"}), "1");
    EXPECT_EQ(id_of({"v=STSv1; id=" + std::string(32, 'a')}), std::string(32, 'a'));
    EXPECT_EQ(id_of({"v=spf1 -all", "v=STSv1; id=1", "v=STSv2; id=2", ""}), "1");
}

TEST(MtaSts, no_record_is_no_policy) {
    const std::string none = "not_found: the domain has no MTA-STS";
    for (const Texts& texts : {Texts{}, Texts{""}, Texts{"v=spf1 -all"}, Texts{"v=STSv1"}, Texts{"v=STSv1 ; id=1"}, Texts{" v=STSv1; id=1"},
                               Texts{"V=STSv1; id=1"}, Texts{"v=stsv1; id=1"}})
        EXPECT_EQ(id_of(texts), none);
}

TEST(MtaSts, two_records_and_broken_ones_are_no_policy_either) {
    EXPECT_EQ(id_of({"v=STSv1; id=1", "v=STSv1; id=1"}), "invalid: there is more than one TXT record of MTA-STS");
    for (const char* text : {"v=STSv1;", "v=STSv1; ", "v=STSv1; ID=1", "v=STSv1; x=1"})
        EXPECT_EQ(id_of({text}), "invalid: the TXT record of MTA-STS has no id") << text;
    for (const char* text : {"v=STSv1; id", "v=STSv1; id=", "v=STSv1; id=;", "v=STSv1; id=1 id=2", "v=STSv1;; id=1", "v=STSv1; =1",
                             "v=STSv1; id=1=2", "v=STSv1; -x=1; id=1", "v=STSv1; id= 1", "v=STSv1; id=1\n"})
        EXPECT_EQ(id_of({text}), "invalid: the TXT record of MTA-STS is broken") << text;
    const std::string bad_id = "invalid: the id in the TXT record of MTA-STS is not of 1 to 32 letters and digits";
    EXPECT_EQ(id_of({"v=STSv1; id=" + std::string(33, 'a')}), bad_id);
    EXPECT_EQ(id_of({"v=STSv1; id=a-b"}), bad_id);
    EXPECT_EQ(id_of({"v=STSv1; " + std::string(33, 'x') + "=1; id=1"}), "invalid: the TXT record of MTA-STS is broken");
}

// RFC 8461 §3.2; the first is the RFC's own.
TEST(MtaSts, policies) {
    EXPECT_EQ(shown("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\n"
                    "max_age: 604800\r\n"),
              "enforce 604800 mail.example.com *.example.net backupmx.example.com");
    EXPECT_EQ(shown("version:STSv1\nmode:testing\nmx:A.Example.\x43om\nmax_age:0"), "testing 0 a.example.com");
    EXPECT_EQ(shown("version: STSv1\nmode: none\nmax_age: 86400\n"), "none 86400");
    EXPECT_EQ(shown("\nversion: \t STSv1 \t \n\nmode: enforce \r\nmx: a.test\nmax_age: 1\n\r\n"), "enforce 1 a.test");
    EXPECT_EQ(shown("max_age: 1\nmx: a.test\nmode: enforce\nversion: STSv1"), "enforce 1 a.test");
}

TEST(MtaSts, the_first_of_a_field_counts_and_unknown_ones_do_not) {
    EXPECT_EQ(shown("version: STSv1\nversion: STSv9\nmode: enforce\nmode: what\nmax_age: 5\nmax_age: x\nmx: a.test\nmx: a.test\n"),
              "enforce 5 a.test a.test");
    EXPECT_EQ(shown("version: STSv1\nfuture.x_y-z: any thing: with \xc3\xbc\nMode: none\nmode: enforce\nmax_age: 5\nmx: a.test\n"),
              "enforce 5 a.test");
}

TEST(MtaSts, a_year_is_the_longest_age) {
    EXPECT_EQ(shown("version: STSv1\nmode: none\nmax_age: 31557600"), "none 31557600");
    EXPECT_EQ(shown("version: STSv1\nmode: none\nmax_age: 31557601"), "none 31557600");
    EXPECT_EQ(shown("version: STSv1\nmode: none\nmax_age: 9999999999"), "none 31557600");
}

TEST(MtaSts, broken_policies_are_refused) {
    const struct {
        std::string file, problem;
    } cases[] = {
        {"", "no version"},
        {"mode: none\nmax_age: 1\n", "no version"},
        {"version: STSv1\nmax_age: 1\n", "no mode"},
        {"version: STSv1\nmode: none\n", "no max_age"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\n", "no mx"},
        {"version: STSv1\nmode: testing\nmax_age: 1\n", "no mx"},
        {"version: STSv2\n", "a version that is not STSv1 in line 1"},
        {"version: STSv1\nmode: Enforce\n", "an unknown mode in line 2"},
        {"version: STSv1\nmax_age: -1\n", "a max_age that is no number in line 2"},
        {"version: STSv1\nmax_age: 12345678901\n", "a max_age that is no number in line 2"},
        {"version: STSv1\nmx: *\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: *.\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: a.*.test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: *a.test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: a..test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: .a.test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: a.test b.test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nmx: " + std::string(64, 'a') + ".test\n", "an mx that is no host name in line 2"},
        {"version: STSv1\nhello\n", "no \"name: value\" in line 2"},
        {"version: STSv1\n: x\n", "no \"name: value\" in line 2"},
        {"version: STSv1\nx:\n", "no \"name: value\" in line 2"},
        {"version: STSv1\nx: a\rb\n", "no \"name: value\" in line 2"},
        {"version: STSv1\nx: \xff\n", "no \"name: value\" in line 2"},
        {"version: STSv1\nx y: z\n", "no \"name: value\" in line 2"},
        {"<html>404</html>", "no \"name: value\" in line 1"},
    };
    for (const auto& c : cases) EXPECT_EQ(shown(c.file), "invalid: the MTA-STS policy has " + c.problem) << c.file;
}

TEST(MtaSts, the_size_of_a_policy_is_limited) {
    std::string file = "version: STSv1\nmode: none\nmax_age: 1\n";
    file += std::string(sts_policy_max_bytes - file.size(), '\n');
    EXPECT_EQ(shown(file), "none 1");
    EXPECT_EQ(shown(file + "\n"), "too_large: the MTA-STS policy is larger than 64 KiB");
    std::string many = "version: STSv1\nmode: enforce\nmax_age: 1\n";
    for (std::size_t i = 0; i <= sts_mx_max; ++i) many += "mx: a.test\n";
    EXPECT_EQ(shown(many), "invalid: the MTA-STS policy has too many mx in line 132");
}

// RFC 8461 §4.1.
TEST(MtaSts, a_pattern_matches_its_host) {
    const StsPolicy policy{StsMode::enforce, {}, {"mail.example.com", "*.example.net"}};
    for (const char* host : {"mail.example.com", "MAIL.Example.com.", "mx1.example.net", "MX.EXAMPLE.NET."})
        EXPECT_TRUE(matches(policy, host)) << host;
    for (const char* host : {"", ".", "example.com", "example.net", ".example.net", "a.b.example.net", "xexample.net", "mail.example.co",
                             "a.mail.example.com", "mail.example.com..", "*"})
        EXPECT_FALSE(matches(policy, host)) << host;
    EXPECT_FALSE(matches({}, "mail.example.com"));
}

TEST(MtaSts, a_policy_survives_being_written) {
    const StsPolicy policy{StsMode::testing, std::chrono::seconds(86'400), {"mail.example.com", "*.example.net"}};
    EXPECT_EQ(parse_sts_policy(encode_sts_policy(policy)).value(), policy);
}

}  // namespace
}  // namespace packetboat::trust
