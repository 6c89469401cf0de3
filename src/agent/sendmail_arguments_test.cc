#include "agent/sendmail_arguments.h"

#include <gtest/gtest.h>

namespace packetboat::agent {

namespace {

using Words = std::vector<std::string>;

SendmailArguments parsed(const Words& words) {
    const Result<SendmailArguments> out = parse_sendmail_arguments(words);
    EXPECT_TRUE(out) << out.error().text;
    return out.value_or(SendmailArguments{});
}

TEST(SendmailArguments, as_cron_php_git_and_mutt_call_it) {
    const SendmailArguments cron = parsed({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
    EXPECT_EQ(cron.full_name, "CronDaemon");
    EXPECT_TRUE(cron.dot_is_text);
    EXPECT_EQ(cron.recipients, Words{"root"});
    const SendmailArguments php = parsed({"-t", "-i"});
    EXPECT_TRUE(php.recipients_from_header && php.dot_is_text);
    const SendmailArguments mutt =
        parsed({"-oem", "-oi", "-f", "a@b.test", "-N", "failure,delay", "-R", "hdrs", "--", "-x@c.test", "d@e.test"});
    EXPECT_EQ(mutt.sender, "a@b.test");
    EXPECT_TRUE(mutt.dot_is_text && mutt.notify.failure && mutt.notify.delay && !mutt.notify.success);
    EXPECT_EQ(mutt.ret, smtp::wire::Ret::headers);
    EXPECT_EQ(mutt.recipients, (Words{"-x@c.test", "d@e.test"}));
}

TEST(SendmailArguments, letters_together_and_values_in_either_place) {
    const SendmailArguments out =
        parsed({"-tiv", "-fa@b.test", "x@y.test", "-F", "Full Name", "-Venv", "-bs", "-Ofoo=bar", "-L", "tag", "-odi", "-Am"});
    EXPECT_TRUE(out.recipients_from_header && out.dot_is_text && out.verbose);
    EXPECT_EQ(out.sender, "a@b.test");
    EXPECT_EQ(out.full_name, "Full Name");
    EXPECT_EQ(out.envid, "env");
    EXPECT_EQ(out.mode, SendmailArguments::Mode::smtp);
    EXPECT_EQ(out.recipients, Words{"x@y.test"});
    EXPECT_EQ(parsed({"-f", "<>", "x"}).sender, "");
    EXPECT_EQ(parsed({"-f", "", "x"}).sender, "");
    EXPECT_FALSE(parsed({"x"}).sender);
    EXPECT_EQ(parsed({"-"}).recipients, Words{"-"});
}

TEST(SendmailArguments, what_is_ignored_and_worth_a_word) {
    EXPECT_EQ(parsed({"-q15m"}).remarks.size(), 1U);
    EXPECT_EQ(parsed({"-q", "x"}).recipients, Words{"x"});
    EXPECT_TRUE(parsed({"-om", "-oee", "-em", "-n", "-U", "-G", "-X/dev/null", "-h", "3"}).remarks.empty());
}

TEST(SendmailArguments, mistakes_are_usage) {
    for (const Words& words :
         {Words{"-f"}, Words{"-N", "sometimes"}, Words{"-N", "never,success"}, Words{"-N", ""}, Words{"-R", "some"}, Words{"-z"},
          Words{"-tz"}, Words{"-bp"}, Words{"-bi"}, Words{"-bd"}, Words{"-bx"}, Words{"-\x1b"}, Words{"--to"}})
        EXPECT_EQ(parse_sendmail_arguments(words).error().code, ErrorCode::invalid) << ::testing::PrintToString(words);
}

}  // namespace

}  // namespace packetboat::agent
