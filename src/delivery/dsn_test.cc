#include "delivery/dsn.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "delivery/testing/dsn_facts.h"

namespace packetboat::delivery {
namespace {

std::string replaced(std::string text, std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
    return text;
}

TEST(Dsn, of_a_message_that_failed_is_this) {
    Facts facts;
    facts.entry.envid = "QQ+2B314159";
    QueuedRecipient& bob = facts.add(Report::failed, "bob@example.org");
    bob.orcpt = "rfc822;Bob+2Bx@example.org";
    bob.status = "5.1.1";
    bob.last_error = "there is no such mailbox";
    bob.diagnostic = "550 5.1.1 No such user";
    bob.remote = "mx1.example.org";
    const DsnMessage message = facts.write();
    EXPECT_FALSE(message.smtputf8);
    EXPECT_FALSE(message.eight_bit);
    const std::string boundary = "=_" + Id128::derived({"dsn"}).text() + ".0=";
    const std::string expected =
        "From: Mail Delivery System <MAILER-DAEMON@mail.example.test>\r\n"
        "To: <alice@example.test>\r\n"
        "Subject: Your message could not be delivered\r\n"
        "Date: {now}\r\n"
        "Message-ID: <{id}@mail.example.test>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;\r\n"
        " boundary=\"{boundary}\"\r\n"
        "\r\n"
        "--{boundary}\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n"
        "\r\n"
        "This is the mail system at mail.example.test. It tells what became of a\r\n"
        "message that came here from you on {arrived}.\r\n"
        "\r\n"
        "<bob@example.org>: your message could not be delivered: there is no such\r\n"
        "mailbox. The host mx1.example.org said: \"550 5.1.1 No such user\". It will not\r\n"
        "be tried again.\r\n"
        "\r\n"
        "Your message comes with this one.\r\n"
        "\r\n"
        "--{boundary}\r\n"
        "Content-Type: message/delivery-status\r\n"
        "\r\n"
        "Original-Envelope-Id: QQ+314159\r\n"
        "Reporting-MTA: dns; mail.example.test\r\n"
        "Arrival-Date: {arrived}\r\n"
        "\r\n"
        "Original-Recipient: rfc822; Bob+x@example.org\r\n"
        "Final-Recipient: rfc822; bob@example.org\r\n"
        "Action: failed\r\n"
        "Status: 5.1.1\r\n"
        "Remote-MTA: dns; mx1.example.org\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
        "Last-Attempt-Date: {attempt}\r\n"
        "\r\n"
        "--{boundary}\r\n"
        "Content-Type: message/rfc822\r\n"
        "\r\n" +
        dsn_letter +
        "\r\n"
        "--{boundary}--\r\n";
    const Time arrived = facts.entry.arrived;
    std::string filled = replaced(expected, "{boundary}", boundary);
    filled = replaced(filled, "{id}", Id128::derived({"dsn"}).text());
    filled = replaced(filled, "{now}", (arrived + 2 * Facts::hour).rfc5322());
    filled = replaced(filled, "{attempt}", (arrived + Facts::hour).rfc5322());
    filled = replaced(filled, "{arrived}", arrived.rfc5322());
    EXPECT_EQ(message.text, filled);
    EXPECT_EQ(facts.read().returned, dsn_letter);
}

TEST(Dsn, a_delayed_message_is_told_until_when_it_is_tried) {
    Facts facts;
    facts.retry_until = facts.entry.arrived + std::chrono::hours(120);
    QueuedRecipient& bob = facts.add(Report::delayed, "bob@example.org");
    bob.status = "4.4.1";
    bob.last_error = "mx1.example.org does not answer";
    const ReadReport report = facts.read();
    EXPECT_EQ(value_of(report.header, "Subject"), "Your message has not been delivered yet");
    EXPECT_NE(one_space(report.text)
                  .find("has not been delivered yet: mx1.example.org does not answer. It will be tried again until " +
                        facts.retry_until->rfc5322() + ". You need not send it again."),
              std::string::npos)
        << report.text;
    EXPECT_EQ(facts.field("Action"), "delayed");
    EXPECT_EQ(facts.field("Status"), "4.4.1");
    EXPECT_EQ(facts.field("Will-Retry-Until"), facts.retry_until->rfc5322());
    EXPECT_EQ(facts.field("Diagnostic-Code"), "x-packetboat; mx1.example.org does not answer");
    // Only the next attempt's time is known.
    EXPECT_EQ(facts.field("Last-Attempt-Date"), "(none)");
    EXPECT_EQ(report.returned_type, "text/rfc822-headers");
    EXPECT_EQ(report.returned, "Subject: hi\r\nFrom: alice@example.test\r\n");
}

TEST(Dsn, reports_of_all_kinds_share_one) {
    Facts facts;
    facts.add(Report::failed, "a@example.org");
    facts.add(Report::delayed, "b@example.org");
    facts.add(Report::delivered, "c@example.test").local = true;
    facts.add(Report::relayed, "d@example.org").remote = "mx.example.org";
    facts.add(Report::delivered, "team@example.test");
    const ReadReport report = facts.read();
    EXPECT_EQ(value_of(report.header, "Subject"), "What became of your message");
    ASSERT_EQ(report.groups.size(), 6U);
    std::string actions;
    for (std::size_t i = 1; i < 6; ++i) actions += value_of(report.groups[i], "Action") + " " + value_of(report.groups[i], "Status") + ", ";
    EXPECT_EQ(actions, "failed 5.0.0, delayed 4.0.0, delivered 2.0.0, relayed 2.0.0, delivered 2.0.0, ");
    EXPECT_EQ(value_of(report.groups[2], "Will-Retry-Until"), "(none)");
    const std::string text = one_space(report.text);
    for (const char* said :
         {"<a@example.org>: your message could not be delivered. It will not be tried again.",
          "<b@example.org>: your message has not been delivered yet. It will be tried again. You need not send it again.",
          "<c@example.test>: your message was delivered.",
          "<d@example.org>: your message was passed on to the host mx.example.org. That host does not tell of deliveries",
          "<team@example.test>: your message was taken, for all whom this address stands for."}) {
        EXPECT_NE(text.find(said), std::string::npos) << said << "\n" << report.text;
    }
    EXPECT_EQ(report.returned_type, "message/rfc822");
}

TEST(Dsn, subjects_are_plain) {
    const std::vector<std::pair<Report, std::string>> cases = {{Report::failed, "Your message could not be delivered"},
                                                               {Report::delayed, "Your message has not been delivered yet"},
                                                               {Report::delivered, "Your message was delivered"},
                                                               {Report::relayed, "Your message was passed on"}};
    for (const auto& [kind, subject] : cases) {
        Facts facts;
        facts.add(kind, "a@example.org");
        EXPECT_EQ(value_of(facts.read().header, "Subject"), subject);
    }
}

TEST(Dsn, a_status_goes_with_the_report) {
    const std::vector<std::tuple<Report, std::string, std::string>> cases = {
        {Report::failed, "5.2.2", "5.2.2"},    {Report::failed, "4.4.1", "4.4.1"},    {Report::failed, "2.0.0", "5.0.0"},
        {Report::failed, "", "5.0.0"},         {Report::failed, "5.1", "5.0.0"},      {Report::failed, "5.1.1.1", "5.0.0"},
        {Report::failed, "5..1", "5.0.0"},     {Report::failed, "5.1.", "5.0.0"},     {Report::failed, "55.1.1", "5.0.0"},
        {Report::failed, "5.1234.1", "5.0.0"}, {Report::failed, "5.1.x", "5.0.0"},    {Report::delayed, "5.1.1", "4.0.0"},
        {Report::delayed, "4.2.2", "4.2.2"},   {Report::delivered, "4.3.0", "2.0.0"}, {Report::delivered, "2.1.5", "2.1.5"},
    };
    for (const auto& [report, given, told] : cases) {
        Facts facts;
        facts.add(report, "a@example.org").status = given;
        EXPECT_EQ(facts.field("Status"), told) << given;
    }
}

TEST(Dsn, a_diagnostic_is_smtp_only_when_an_smtp_server_said_it) {
    Facts facts;
    QueuedRecipient& bob = facts.add(Report::failed, "bob@example.org");
    bob.last_error = "no";
    bob.diagnostic = "garbage";
    EXPECT_EQ(facts.field("Diagnostic-Code"), "x-unknown; garbage");
    bob.diagnostic = "550-5.1.1 No";
    EXPECT_EQ(facts.field("Diagnostic-Code"), "smtp; 550-5.1.1 No");
    bob.diagnostic = "";
    EXPECT_EQ(facts.field("Diagnostic-Code"), "x-packetboat; no");
    bob.report = Report::delivered;
    EXPECT_EQ(facts.field("Diagnostic-Code"), "(none)");
}

TEST(Dsn, what_others_say_cannot_forge_a_field_or_a_part) {
    Facts facts;
    facts.entry.envid = "a+0D+0AAction: delivered";
    facts.entry.reverse_path = "alice@example.test\r\nBcc: mallory@example.org";
    QueuedRecipient& bob = facts.add(Report::failed, "bob@example.org");
    bob.diagnostic = "550 no\r\n\r\nFinal-Recipient: rfc822; x\r\n--=_" + Id128::derived({"dsn"}).text() + ".0=\r\n" +
                     std::string(1, '\0') + "\xff\xc3\xa4";
    bob.last_error = std::string(5000, 'x');
    bob.remote = "evil\nStatus: 2.0.0";
    bob.orcpt = "rfc822;a+0D+0Ab";
    const ReadReport report = facts.read();
    ASSERT_EQ(report.groups.size(), 2U);
    EXPECT_EQ(value_of(report.header, "Bcc"), "(none)");
    EXPECT_EQ(report.groups[0].size(), 3U);
    EXPECT_EQ(report.groups[1].size(), 7U);
    EXPECT_EQ(facts.field("Status"), "5.0.0");
    EXPECT_EQ(facts.field("Original-Recipient"), "rfc822; a  b");
    EXPECT_TRUE(facts.field("Diagnostic-Code").ends_with("???"));
}

TEST(Dsn, an_orcpt_that_is_none_is_left_out) {
    for (const char* orcpt : {"", "rfc822", ";a@b", "rfc822;", "r c;a@b"}) {
        Facts facts;
        facts.add(Report::failed, "a@example.org").orcpt = orcpt;
        EXPECT_EQ(facts.field("Original-Recipient"), "(none)") << orcpt;
    }
    Facts facts;
    facts.add(Report::failed, "a@example.org").orcpt = "x400;a+2";
    EXPECT_EQ(facts.field("Original-Recipient"), "x400; a+2");
}

// ---- who is named

TEST(Dsn, an_alias_here_is_named_and_not_whom_it_leads_to) {
    Facts facts;
    QueuedRecipient& bob = facts.add(Report::failed, "bob@example.test");
    bob.local = true;
    bob.original = "info@example.test";
    EXPECT_EQ(facts.field("Final-Recipient"), "rfc822; info@example.test");
    EXPECT_EQ(facts.write().text.find("bob"), std::string::npos);
    // Elsewhere it is, for the other host will speak of it.
    QueuedRecipient& carol = facts.add(Report::failed, "carol@example.org");
    carol.original = "info@example.test";
    EXPECT_NE(one_space(facts.read().text).find("<carol@example.org> (to which mail for <info@example.test> goes on): your message"),
              std::string::npos);
    carol.original = "carol@Example.org";
    EXPECT_EQ(facts.read().text.find("goes on"), std::string::npos);
}

TEST(Dsn, the_same_is_said_once) {
    Facts facts;
    for (const char* account : {"a@example.test", "b@example.test"}) {
        QueuedRecipient& one = facts.add(Report::failed, account);
        one.local = true;
        one.original = "team@example.test";
        one.last_error = "the mailbox is full";
    }
    EXPECT_EQ(facts.read().groups.size(), 2U);
    facts.entry.recipients[1].last_error = "the account has been removed";
    EXPECT_EQ(facts.read().groups.size(), 3U);
}

// ---- anything

TEST(Dsn, any_facts_make_a_report_of_three_parts) {
    std::mt19937 random(42);  // NOLINT: the same facts each time
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const std::string stem = "--=_" + Id128::derived({"dsn"}).text() + ".0=";
    const std::vector<std::string> pieces = {"\r\n",
                                             "\r",
                                             "\n",
                                             std::string(1, '\0'),
                                             "a",
                                             " ",
                                             ":",
                                             "\t",
                                             "\xff",
                                             "\xc3\xa4",
                                             "--",
                                             stem,
                                             "x@",
                                             "example.org",
                                             "=",
                                             "\\x{",
                                             "}",
                                             "+",
                                             ";",
                                             "550 5.1.1 ",
                                             "\"",
                                             "\xed\xa0\x80",
                                             "<",
                                             ">",
                                             "Content-Type: multipart/mixed; boundary=x\r\n",
                                             std::string(1200, 'y'),
                                             std::string(1200, '\x80')};
    const auto text = [&](std::size_t most) {
        std::string out;
        for (std::size_t i = below(most); i > 0; --i) out += pieces[below(pieces.size())];
        return out;
    };
    for (int round = 0; round < 500; ++round) {
        Facts facts;
        facts.entry.reverse_path = text(4);
        facts.entry.envid = text(4);
        facts.entry.ret = below(3) == 0 ? "HDRS" : "";
        facts.entry.smtputf8 = below(2) == 0;
        facts.content = text(40);
        facts.whole = below(2) == 0;
        for (std::size_t i = 1 + below(3); i > 0; --i) {
            QueuedRecipient& one = facts.add(static_cast<Report>(1 + below(4)), text(4));
            one.original = text(3);
            one.local = below(2) == 0;
            one.orcpt = text(6);
            one.status = text(3);
            one.last_error = text(6);
            one.diagnostic = text(6);
            one.remote = text(3);
        }
        const DsnMessage message = facts.write();
        const Result<ReadReport> report = read_report(message.text);
        ASSERT_TRUE(report) << round << ": " << report.error().text << "\n" << escape_control(message.text);
        ASSERT_GE(report->groups.size(), 2U);
        ASSERT_TRUE(message.smtputf8 || is_ascii(message.text.substr(0, message.text.find("\r\n\r\n"))));
    }
}

}  // namespace
}  // namespace packetboat::delivery
