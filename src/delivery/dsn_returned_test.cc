#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "delivery/dsn.h"
#include "delivery/testing/dsn_facts.h"

namespace packetboat::delivery {
namespace {

// ---- what comes back

TEST(Dsn, the_whole_message_comes_back_only_when_it_failed_and_nobody_minds) {
    const auto returned = [](Report report, std::string ret, bool whole, std::string content) {
        Facts facts;
        facts.add(report, "a@example.org");
        facts.entry.ret = std::move(ret);
        facts.whole = whole;
        facts.content = std::move(content);
        return facts.read().returned_type;
    };
    EXPECT_EQ(returned(Report::failed, "", true, dsn_letter), "message/rfc822");
    EXPECT_EQ(returned(Report::failed, "FULL", true, dsn_letter), "message/rfc822");
    EXPECT_EQ(returned(Report::failed, "HDRS", true, dsn_letter), "text/rfc822-headers");
    EXPECT_EQ(returned(Report::failed, "FULL", false, dsn_letter), "text/rfc822-headers");
    EXPECT_EQ(returned(Report::delivered, "FULL", true, dsn_letter), "text/rfc822-headers");
    EXPECT_EQ(returned(Report::relayed, "FULL", true, dsn_letter), "text/rfc822-headers");
    EXPECT_EQ(returned(Report::delayed, "FULL", true, dsn_letter), "text/rfc822-headers");
    std::string large = dsn_letter;
    while (large.size() < dsn_whole_max_bytes) large += "a line of text\r\n";
    EXPECT_EQ(returned(Report::failed, "FULL", true, large.substr(0, dsn_whole_max_bytes - 2) + "\r\n"), "message/rfc822");
    EXPECT_EQ(returned(Report::failed, "FULL", true, large + "\r\n"), "text/rfc822-headers");
    EXPECT_EQ(returned(Report::failed, "FULL", true, dsn_letter + std::string(998, 'x') + "\r\n"), "message/rfc822");
    for (const std::string& dirty : {std::string("a\nb\r\n"), std::string("a\rb\r\n"), std::string("\r"), std::string("a\0b\r\n", 5),
                                     std::string(999, 'x') + "\r\n"}) {
        EXPECT_EQ(returned(Report::failed, "FULL", true, dsn_letter + dirty), "text/rfc822-headers") << escape_control(dirty.substr(0, 9));
    }
}

TEST(Dsn, a_header_comes_back_in_lines_that_every_transport_carries) {
    Facts facts;
    facts.add(Report::delayed, "a@example.org");
    facts.content = "A: 1\rB: 2\nC: " + std::string("x\0y", 3) + "\r\nD: " + std::string(2000, 'd') + "\r\n\r\nbody\r\n";
    const std::string expected =
        "A: 1\r\nB: 2\r\nC: x?y\r\nD: " + std::string(995, 'd') + "\r\n " + std::string(997, 'd') + "\r\n " + std::string(8, 'd') + "\r\n";
    EXPECT_EQ(facts.read().returned, expected);
    facts.content = "";
    EXPECT_EQ(facts.read().returned, "");
    facts.content = "\r\nno header\r\n";
    EXPECT_EQ(facts.read().returned, "");
    facts.content = "Subject: cut off";
    EXPECT_EQ(facts.read().returned, "Subject: cut off\r\n");
}

TEST(Dsn, an_endless_header_is_cut_between_its_lines) {
    Facts facts;
    facts.add(Report::failed, "a@example.org");
    facts.whole = false;
    for (int i = 0; i < 20'000; ++i) facts.content += "X-Field: a value\r\n";
    facts.content.erase(0, dsn_letter.size());
    const ReadReport report = facts.read();
    EXPECT_LE(report.returned.size(), dsn_header_max_bytes);
    EXPECT_GT(report.returned.size(), dsn_header_max_bytes - 20);
    EXPECT_TRUE(report.returned.ends_with("X-Field: a value\r\n"));
    EXPECT_NE(one_space(report.text).find("the whole of it is too large"), std::string::npos);
}

TEST(Dsn, a_content_that_guesses_the_boundary_does_not_end_a_part) {
    Facts facts;
    facts.add(Report::failed, "a@example.org");
    const std::string stem = "=_" + Id128::derived({"dsn"}).text() + ".";
    for (int i = 0; i < 1000; ++i) facts.content += "--" + stem + std::to_string(i) + "=--\r\n";
    facts.content += "--" + stem + "x=\r\n--" + stem + "\r\n" + stem;
    facts.content += "\r\n";
    const ReadReport report = facts.read();
    EXPECT_EQ(report.returned, facts.content);
    EXPECT_NE(value_of(report.header, "Content-Type").find(stem + "1000="), std::string::npos);
}

TEST(Dsn, eight_bit_content_is_declared) {
    Facts facts;
    facts.add(Report::failed, "a@example.org");
    facts.content = dsn_letter +
                    "gr\xc3\xbc\xc3\x9f"
                    "e\r\n";
    EXPECT_TRUE(facts.write().eight_bit);
    EXPECT_FALSE(facts.write().smtputf8);
    EXPECT_EQ(facts.read().returned, facts.content);
    EXPECT_NE(facts.write().text.find("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n"), std::string::npos);
    facts.entry.ret = "HDRS";
    EXPECT_FALSE(facts.write().eight_bit);
    // Bytes of an old character set in a header, which is no UTF-8.
    facts.content =
        "Subject: gr\xfc\xdf"
        "e\r\n\r\n";
    EXPECT_TRUE(facts.write().eight_bit);
    EXPECT_EQ(facts.read().returned_type, "text/rfc822-headers");
}

// ---- addresses that are not ASCII

TEST(Dsn, who_understands_utf8_gets_the_global_types) {
    Facts facts;
    facts.entry.smtputf8 = true;
    QueuedRecipient& bob = facts.add(Report::failed,
                                     "b\xc3\xb6"
                                     "b@example.org");
    bob.orcpt = "utf-8;b\\x{F6}b@example.org";
    bob.diagnostic =
        "550 no b\xc3\xb6"
        "b";
    const DsnMessage message = facts.write();
    EXPECT_TRUE(message.smtputf8);
    EXPECT_TRUE(message.eight_bit);
    const ReadReport report = facts.read();
    EXPECT_EQ(report.status_type, "message/global-delivery-status");
    EXPECT_EQ(report.returned_type, "message/global");
    EXPECT_EQ(facts.field("Final-Recipient"),
              "utf-8; b\xc3\xb6"
              "b@example.org");
    EXPECT_EQ(facts.field("Original-Recipient"),
              "utf-8; b\xc3\xb6"
              "b@example.org");
    EXPECT_EQ(facts.field("Diagnostic-Code"),
              "smtp; 550 no b\xc3\xb6"
              "b");
    facts.entry.ret = "HDRS";
    EXPECT_EQ(facts.read().returned_type, "message/global-headers");
}

TEST(Dsn, who_may_not_understand_utf8_gets_it_in_ascii) {
    Facts facts;
    QueuedRecipient& bob = facts.add(Report::failed, "b\xc3\xb6+\xf0\x9f\x98\x80@example.org");
    bob.orcpt =
        "utf-8;b\xc3\xb6"
        "b@example.org";
    EXPECT_FALSE(facts.write().smtputf8);
    EXPECT_FALSE(facts.write().eight_bit);
    EXPECT_EQ(facts.read().status_type, "message/delivery-status");
    EXPECT_EQ(facts.field("Final-Recipient"), "utf-8; b\\x{F6}\\x{2B}\\x{1F600}@example.org");
    EXPECT_EQ(facts.field("Original-Recipient"), "utf-8; b\\x{F6}b@example.org");
}

TEST(Dsn, a_sender_whose_address_needs_utf8_understands_it) {
    Facts facts;
    facts.entry.reverse_path = "\xc3\xa4@example.test";
    facts.add(Report::failed, "bob@example.org");
    EXPECT_TRUE(facts.write().smtputf8);
    EXPECT_EQ(value_of(facts.read().header, "To"), "<\xc3\xa4@example.test>");
    // Where nothing needs it, the plain types do.
    Facts plain;
    plain.entry.smtputf8 = true;
    plain.add(Report::failed, "bob@example.org");
    EXPECT_FALSE(plain.write().smtputf8);
    EXPECT_EQ(plain.read().status_type, "message/delivery-status");
    plain.content =
        "Subject: gr\xc3\xbc\xc3\x9f"
        "e\r\n\r\n";
    EXPECT_TRUE(plain.write().smtputf8);
    EXPECT_EQ(plain.read().returned_type, "message/global");
}

}  // namespace
}  // namespace packetboat::delivery
