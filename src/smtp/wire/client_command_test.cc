#include "smtp/wire/client_command.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/text.h"

namespace packetboat::smtp::wire {
namespace {

std::string text(const Result<std::string>& line) {
    return line ? *line : std::string(to_string(line.error().code)) + ": " + line.error().text;
}

TEST(client_command, greets) {
    EXPECT_EQ(text(ehlo_line("client.example")), "EHLO client.example\r\n");
    EXPECT_EQ(text(helo_line("[192.0.2.1]")), "HELO [192.0.2.1]\r\n");
    EXPECT_EQ(text(lhlo_line("[IPv6:2001:db8::1]")), "LHLO [IPv6:2001:db8::1]\r\n");
    EXPECT_EQ(text(ehlo_line("a b")), "invalid: \"a b\" is no host name to introduce ourselves with");
}

TEST(client_command, says_mail_with_its_parameters) {
    EXPECT_EQ(text(mail_line({})), "MAIL FROM:<>\r\n");
    EXPECT_EQ(text(mail_line({.reverse_path = "alice@example.test"})), "MAIL FROM:<alice@example.test>\r\n");
    EXPECT_EQ(text(mail_line({.reverse_path = "alice@example.test",
                              .size_bytes = 1000,
                              .body = Body::eight_bit_mime,
                              .smtputf8 = true,
                              .ret = Ret::headers,
                              .envid = "a+20b",
                              .require_tls = true,
                              .hold_for_s = 60,
                              .hold_until = "2026-11-24T08:00:00Z"})),
              "MAIL FROM:<alice@example.test> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+20b REQUIRETLS HOLDFOR=60 "
              "HOLDUNTIL=2026-11-24T08:00:00Z\r\n");
    EXPECT_EQ(text(mail_line({.reverse_path = "\"a b\"@example.test"})), "MAIL FROM:<\"a b\"@example.test>\r\n");
}

TEST(client_command, says_rcpt_with_its_parameters) {
    EXPECT_EQ(text(rcpt_line({.forward_path = "bob@example.test"})), "RCPT TO:<bob@example.test>\r\n");
    EXPECT_EQ(text(rcpt_line({.forward_path = "Postmaster"})), "RCPT TO:<Postmaster>\r\n");
    EXPECT_EQ(
        text(rcpt_line(
            {.forward_path = "bob@example.test", .notify = {.success = true, .failure = true}, .orcpt = "rfc822;bob+2Bx@example.test"})),
        "RCPT TO:<bob@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob+2Bx@example.test\r\n");
    EXPECT_EQ(text(rcpt_line({.forward_path = "bob@example.test", .notify = {.never = true}})),
              "RCPT TO:<bob@example.test> NOTIFY=NEVER\r\n");
}

TEST(client_command, utf8_needs_smtputf8) {
    const std::string address = "b\xc3\xbc@example.test";
    EXPECT_EQ(text(mail_line({.reverse_path = address, .smtputf8 = true})), "MAIL FROM:<" + address + "> SMTPUTF8\r\n");
    EXPECT_EQ(text(mail_line({.reverse_path = address})).substr(0, 8), "invalid:");
    EXPECT_EQ(text(rcpt_line({.forward_path = address})).substr(0, 8), "invalid:");
    EXPECT_EQ(text(rcpt_line({.forward_path = address, .smtputf8 = true, .orcpt = orcpt_of(address)})),
              "RCPT TO:<" + address + "> ORCPT=utf-8;" + address + "\r\n");
    // The original recipient may have been one although the present one is not.
    EXPECT_EQ(text(rcpt_line({.forward_path = "bob@example.test", .orcpt = orcpt_of(address)})),
              "RCPT TO:<bob@example.test> ORCPT=utf-8;b\\x{FC}@example.test\r\n");
    EXPECT_EQ(text(rcpt_line({.forward_path = "bob@example.test", .orcpt = "utf-8;\xf0\x9f\x9a\xa2@example.test"})),
              "RCPT TO:<bob@example.test> ORCPT=utf-8;\\x{1F6A2}@example.test\r\n");
}

TEST(client_command, makes_an_original_recipient_of_an_address) {
    EXPECT_EQ(orcpt_of("bob@example.test"), "rfc822;bob@example.test");
    EXPECT_EQ(orcpt_of("b+ob@example.test"), "rfc822;b+2Bob@example.test");
    EXPECT_EQ(orcpt_of("\xc3\xbc+ b@example.test"), "utf-8;\xc3\xbc\\x{2B}\\x{20}b@example.test");
}

TEST(client_command, says_auth) {
    EXPECT_EQ(text(auth_line("PLAIN", std::nullopt)), "AUTH PLAIN\r\n");
    EXPECT_EQ(text(auth_line("PLAIN", "")), "AUTH PLAIN =\r\n");
    EXPECT_EQ(text(auth_line("PLAIN", std::string_view("\0a\0b", 4))), "AUTH PLAIN AGEAYg==\r\n");
    EXPECT_EQ(text(auth_answer_line("")), "\r\n");
    EXPECT_EQ(text(auth_answer_line("a\r\nb")), "YQ0KYg==\r\n");
    EXPECT_EQ(text(auth_line("PLAIN x", std::nullopt)).substr(0, 8), "invalid:");
    EXPECT_EQ(text(auth_answer_line(std::string(10'000, 'x'))).substr(0, 10), "too_large:");
}

TEST(client_command, says_bdat) {
    EXPECT_EQ(bdat_line(17, false), "BDAT 17\r\n");
    EXPECT_EQ(bdat_line(0, true), "BDAT 0 LAST\r\n");
}

TEST(client_command, nothing_gets_into_a_line_through_an_argument) {
    const std::vector<std::string> evil = {
        "a@b.test>\r\nRCPT TO:<evil@b.test",
        "a@b.test\r\nDATA",
        "a@b.test\nDATA",
        "a@b.test\r",
        std::string("a@b.test\0", 9),
        "\"a\r\nDATA\"@b.test",
        "a@b.test> SIZE=1",
        "a@b.test\x7f",
        " a@b.test",
        "a b@c.test",
        "a@[127.0.0.1\r\n]",
        "<a@b.test>",
        "@c.test:a@b.test",
    };
    const std::vector<std::function<Result<std::string>(const std::string&)>> lines = {
        [](const std::string& argument) { return ehlo_line(argument); },
        [](const std::string& argument) { return mail_line({.reverse_path = argument, .smtputf8 = true}); },
        [](const std::string& argument) { return mail_line({.envid = "x\r\n" + argument}); },
        [](const std::string& argument) { return mail_line({.hold_until = argument}); },
        [](const std::string& argument) { return rcpt_line({.forward_path = argument, .smtputf8 = true}); },
        [](const std::string& argument) { return rcpt_line({.forward_path = "a@b.test", .orcpt = "rfc822;" + argument + " "}); },
        [](const std::string& argument) { return auth_line(argument, std::nullopt); },
    };
    for (const std::string& argument : evil) {
        for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_FALSE(lines[i](argument)) << i << ": " << escape_control(argument);
    }
    EXPECT_FALSE(rcpt_line({.forward_path = "a@b.test", .orcpt = "rfc822;a NOTIFY=NEVER"}));
}

TEST(client_command, our_server_understands_every_line) {
    const auto parses = [](const Result<std::string>& line) {
        return line && parse_command(std::string_view(*line).substr(0, line->size() - 2), {.strict = true}).has_value();
    };
    EXPECT_TRUE(parses(ehlo_line("client.example")));
    EXPECT_TRUE(parses(mail_line({.reverse_path = "\"a\\\"b\"@example.test", .size_bytes = 5, .envid = "x"})));
    EXPECT_TRUE(parses(rcpt_line({.forward_path = "b@[IPv6:::1]", .notify = {.delay = true}, .orcpt = orcpt_of("b c@d.test")})));
    EXPECT_TRUE(parses(auth_line("SCRAM-SHA-256-PLUS", "n,,")));
    EXPECT_TRUE(parses(bdat_line(3, true)));
    for (const std::string_view line : {starttls_line, data_line, rset_line, noop_line, quit_line}) EXPECT_TRUE(parses(std::string(line)));
}

}  // namespace
}  // namespace packetboat::smtp::wire
