#include "smtp/wire/command.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "smtp/wire/date_time.h"

namespace packetboat::smtp::wire {
namespace {

Command parsed(std::string_view line, Syntax syntax = {}) {
    Parsed result = parse_command(line, syntax);
    EXPECT_TRUE(result.has_value()) << line << ": " << result.error().bytes();
    return result ? *result : Command(Noop{});
}
template <class C>
C as(std::string_view line) {
    const Command command = parsed(line);
    EXPECT_TRUE(std::holds_alternative<C>(command)) << line;
    return std::holds_alternative<C>(command) ? std::get<C>(command) : C{};
}
// "501 5.1.7" for the reply a mistake gets; with "close" behind it when the connection ends.
std::string refusal(std::string_view line, Syntax syntax = {}) {
    const Parsed result = parse_command(line, syntax);
    if (result) return "accepted";
    const Reply& reply = result.error();
    return std::to_string(reply.code) + " " + std::string(reply.enhanced) + (reply.close ? " close" : "");
}
Mailbox box(std::string local, std::string domain) { return {.local_part = std::move(local), .domain = std::move(domain)}; }

TEST(smtp_command, every_row_of_the_table_parses_to_its_own_alternative) {
    const std::vector<std::string> lines = {"HELO a", "EHLO a", "LHLO a", "STARTTLS", "AUTH PLAIN", "MAIL FROM:<>", "RCPT TO:<a@b>", "DATA",
                                            "BDAT 0", "RSET",   "VRFY a", "EXPN a",   "HELP",       "NOOP",         "QUIT"};
    ASSERT_EQ(lines.size(), verbs().size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Command command = parsed(lines[i]);
        EXPECT_EQ(command.index(), i) << lines[i];
        EXPECT_TRUE(lines[i].starts_with(verb_of(command).name)) << lines[i];
        EXPECT_EQ(encode(command), lines[i]);
    }
}

TEST(smtp_command, verbs_are_read_in_any_case) {
    EXPECT_EQ(parsed("eHlO client.example"), Command(Ehlo{"client.example"}));
    EXPECT_EQ(parsed("quit"), Command(Quit{}));
    EXPECT_EQ(parsed("mail from:<a@b.example> size=5 body=8bitmime"),
              Command(Mail{.reverse_path = box("a", "b.example"), .size_bytes = 5, .body = Body::eight_bit_mime, .auth = {}, .envid = {}}));
}

TEST(smtp_command, greetings_take_what_real_clients_call_themselves) {
    for (const char* name : {"client.example", "[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost", "my_host", "192.0.2.1", "fe80::1", "host.",
                             "-a-", "DESKTOP-1~2", "a/b"}) {
        EXPECT_EQ(as<Ehlo>(std::string("EHLO ") + name).domain, name);
        EXPECT_EQ(as<Helo>(std::string("HELO  ") + name + "  ").domain, name);
        EXPECT_EQ(as<Lhlo>(std::string("LHLO ") + name).domain, name);
    }
    for (const char* line : {"EHLO", "EHLO ", "EHLO a b", "EHLO (a)", "EHLO <a>", "EHLO a;b", "EHLO [a", "EHLO [(a)]", "EHLO a@b",
                             "EHLO \xC3\xA4", "HELO", "LHLO"}) {
        EXPECT_EQ(refusal(line), "501 5.5.4") << line;
    }
    EXPECT_EQ(refusal("EHLO " + std::string(255, 'a')), "accepted");
    EXPECT_EQ(refusal("EHLO " + std::string(256, 'a')), "501 5.5.4");
}

TEST(smtp_command, paths_are_those_of_the_rfc) {
    const std::vector<std::pair<std::string, Mailbox>> cases = {
        {"<a@b.example>", box("a", "b.example")},
        {"<A.B@b.example>", box("A.B", "b.example")},
        {"<!#$%&'*+-/=?^_`{|}~@b>", box("!#$%&'*+-/=?^_`{|}~", "b")},
        {"<\"a b\"@b.example>", box("a b", "b.example")},
        {"<\"a\\\"b\\\\c\"@b.example>", box("a\"b\\c", "b.example")},
        {"<\"\"@b.example>", box("", "b.example")},
        {"<\"a@b>\"@b.example>", box("a@b>", "b.example")},
        {"<a@[192.0.2.1]>", box("a", "[192.0.2.1]")},
        {"<a@[IPv6:2001:db8::1]>", box("a", "[IPv6:2001:db8::1]")},
        {"<a@[x-tag:some.thing]>", box("a", "[x-tag:some.thing]")},
        {"<@relay.example:a@b.example>", box("a", "b.example")},
        {"<@one.example,@two.example:a@b.example>", box("a", "b.example")},
        {"<a@under_score.example>", box("a", "under_score.example")},
        {"<a@1.2.3>", box("a", "1.2.3")},
        {"<a..b@mobile.example>", box("a..b", "mobile.example")},
        {"<a.@mobile.example>", box("a.", "mobile.example")},
        {"a@b.example", box("a", "b.example")},
        {" <a@b.example>", box("a", "b.example")},
    };
    for (const auto& [text, mailbox] : cases) {
        EXPECT_EQ(as<Mail>("MAIL FROM:" + text).reverse_path, mailbox) << text;
        EXPECT_EQ(as<Rcpt>("RCPT TO:" + text).forward_path, mailbox) << text;
        // What is written back is understood by anybody, strict or not.
        EXPECT_EQ(parsed(encode(Rcpt{.forward_path = mailbox, .notify = {}, .orcpt = {}}), {.strict = true}),
                  Command(Rcpt{.forward_path = mailbox, .notify = {}, .orcpt = {}}));
    }
}

TEST(smtp_command, what_is_no_path_gets_the_code_of_its_side) {
    const std::vector<std::string> cases = {
        "<a>",
        "<a@>",
        "<@b>",
        "<a@b",
        "a@b>",
        "<a@b>x",
        "<a b@c>",
        "<a@b c>",
        "<\"a@b>",
        "<\"a\"b@c>",
        "<a@.b>",
        "<a@b.>",
        "<a@b..c>",
        "<a@-b>",
        "<a@b->",
        "<a@[]>",
        "<a@[1.2.3]>",
        "<a@[1.2.3.4>",
        "<a@[::1]>",
        "<a@[IPv6:x]>",
        "<a@[IPv6:1.2.3.4]>",
        "<@a:@b:c@d>",
        "<@a,b:c@d>",
        "<@a c@d>",
        "<a@b@c>",
        "<a,b@c>",
        "<a@b;c>",
        "<<a@b>>",
        "x <a@b>",
        "<a(c)@b>",
        "<a@b!c>",
        "<:a@b>",
        "<a@[tag:]>",
        "<a@[-:x]>",
        "<\\a@b>",
        "<" + std::string(256, 'a') + "@b>",
        "<a@" + std::string(64, 'b') + ">",
        "<a@" + std::string(256, 'b') + ">",
    };
    for (const std::string& text : cases) {
        const std::string sender = refusal("MAIL FROM:" + text);
        EXPECT_TRUE(sender == "501 5.1.7" || sender == "501 5.5.4") << text << " " << sender;
        const std::string recipient = refusal("RCPT TO:" + text);
        EXPECT_TRUE(recipient == "501 5.1.3" || recipient == "501 5.5.4") << text << " " << recipient;
    }
    EXPECT_EQ(refusal("MAIL FROM:<a@>"), "501 5.1.7");
    EXPECT_EQ(refusal("RCPT TO:<a@>"), "501 5.1.3");
    EXPECT_EQ(refusal("RCPT TO:<>"), "501 5.1.3");
    EXPECT_EQ(refusal("MAIL FROM:<postmaster>"), "501 5.1.7");
}

TEST(smtp_command, only_rcpt_knows_a_postmaster_without_a_domain) {
    EXPECT_EQ(as<Rcpt>("RCPT TO:<PostMaster>").forward_path, box("postmaster", ""));
    EXPECT_EQ(encode(parsed("RCPT TO:<Postmaster>")), "RCPT TO:<postmaster>");
}

TEST(smtp_command, the_empty_reverse_path_is_none) {
    EXPECT_FALSE(as<Mail>("MAIL FROM:<>").reverse_path);
    EXPECT_FALSE(as<Mail>("MAIL FROM: <> SIZE=3").reverse_path);
}

TEST(smtp_command, strict_syntax_refuses_what_the_field_gets_wrong) {
    const Syntax strict{.strict = true};
    EXPECT_EQ(refusal("MAIL FROM: <a@b>", strict), "501 5.1.7");
    EXPECT_EQ(refusal("MAIL FROM:a@b", strict), "501 5.1.7");
    EXPECT_EQ(refusal("RCPT TO:<a..b@c>", strict), "501 5.1.3");
    EXPECT_EQ(refusal("MAIL FROM:<" + std::string(65, 'a') + "@b>", strict), "501 5.1.7");
    EXPECT_EQ(refusal("MAIL FROM:<a@b>  SIZE=1", strict), "501 5.5.4");
    EXPECT_EQ(refusal("MAIL FROM:<a@b> SIZE=1", strict), "accepted");
}

TEST(smtp_command, mail_parameters_are_read) {
    const Mail mail = as<Mail>("MAIL FROM:<a@b> SIZE=1000 BODY=BINARYMIME SMTPUTF8 AUTH=e+3Dmc2@example.com RET=HDRS ENVID=QQ314159+2B");
    EXPECT_EQ(mail.size_bytes, 1000);
    EXPECT_EQ(mail.body, Body::binary_mime);
    EXPECT_TRUE(mail.smtputf8);
    EXPECT_EQ(mail.auth, "e=mc2@example.com");
    EXPECT_EQ(mail.ret, Ret::headers);
    EXPECT_EQ(mail.envid, "QQ314159+2B");
    EXPECT_EQ(as<Mail>("MAIL FROM:<a@b> AUTH=<>").auth, "<>");
    EXPECT_EQ(as<Mail>("MAIL FROM:<a@b>   SIZE=1  RET=full  ").ret, Ret::full);
    EXPECT_EQ(as<Mail>("MAIL FROM:<a@b> BODY=7BIT").body, Body::seven_bit);
    EXPECT_EQ(as<Mail>("MAIL FROM:<a@b> SIZE=99999999999999999999").size_bytes, std::numeric_limits<std::uint64_t>::max());
}

TEST(smtp_command, a_message_may_demand_tls_and_a_time) {
    const Mail mail = as<Mail>("MAIL FROM:<a@b> REQUIRETLS HOLDFOR=999999999");
    EXPECT_TRUE(mail.require_tls);
    EXPECT_EQ(mail.hold_for, std::chrono::seconds(999'999'999));
    EXPECT_EQ(mail.hold_until, std::nullopt);
    const Mail until = as<Mail>("MAIL FROM:<a@b> requiretls holduntil=2026-11-24T08:00:00Z");
    EXPECT_EQ(until.hold_until, Time{1'795'507'200'000'000});
    EXPECT_EQ(encode(until), "MAIL FROM:<a@b> REQUIRETLS HOLDUNTIL=2026-11-24T08:00:00Z");
    EXPECT_EQ(encode(mail), "MAIL FROM:<a@b> REQUIRETLS HOLDFOR=999999999");
    EXPECT_FALSE(as<Mail>("MAIL FROM:<a@b>").require_tls);
    for (const char* bad : {"REQUIRETLS=", "REQUIRETLS=1", "HOLDFOR", "HOLDFOR=", "HOLDFOR=0", "HOLDFOR=01", "HOLDFOR=1000000000",
                            "HOLDFOR=-1", "HOLDFOR=1s", "HOLDUNTIL", "HOLDUNTIL=", "HOLDUNTIL=60", "HOLDFOR=1 HOLDFOR=1",
                            "HOLDFOR=1 HOLDUNTIL=2026-11-24T08:00:00Z", "HOLDUNTIL=2026-11-24T08:00:00Z HOLDFOR=1"}) {
        EXPECT_EQ(refusal(std::string("MAIL FROM:<a@b> ") + bad), "501 5.5.4") << bad;
    }
}

TEST(smtp_date_time, is_that_of_rfc_3339_in_utc) {
    const auto micros = [](std::string_view text) { return parse_date_time(text).value_or(Time{-1}).micros; };
    EXPECT_EQ(micros("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(micros("2026-11-24T08:00:00Z"), 1'795'507'200'000'000);
    EXPECT_EQ(micros("2026-11-24t08:00:00z"), 1'795'507'200'000'000);
    EXPECT_EQ(micros("2026-11-24T08:00:00.5Z"), 1'795'507'200'500'000);
    EXPECT_EQ(micros("2026-11-24T08:00:00.1234567890123456789012Z"), 1'795'507'200'123'456);
    EXPECT_EQ(micros("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
    EXPECT_EQ(micros("2016-12-31T23:59:60Z"), 1'483'228'800'000'000);
    EXPECT_EQ(micros("9999-12-31T23:59:59Z"), 253'402'300'799'000'000);
    for (const char* bad : {"",
                            "Z",
                            "2026-11-24",
                            "2026-11-24T08:00Z",
                            "2026-11-24T08:00:00",
                            "2026-11-24T08:00:00+00:00",
                            "2026-11-24 08:00:00Z",
                            "2026-11-24T08:00:00.Z",
                            "2026-11-24T08:00:00ZZ",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2025-02-29T00:00:00Z",
                            "2026-11-31T00:00:00Z",
                            "2026-11-24T24:00:00Z",
                            "2026-11-24T08:60:00Z",
                            "2026-11-24T08:00:61Z",
                            "1969-12-31T23:59:59Z",
                            "+026-11-24T08:00:00Z",
                            "2026-1-024T08:00:00Z",
                            "12026-11-24T08:00:00Z"}) {
        EXPECT_EQ(parse_date_time(bad), std::nullopt) << bad;
    }
    for (const char* text : {"2026-11-24T08:00:00Z", "2026-11-24T08:00:00.500000Z", "1970-01-01T00:00:00.000001Z"})
        EXPECT_EQ(format_date_time(parse_date_time(text).value()), text);
}

TEST(smtp_command, rcpt_parameters_are_read) {
    const Rcpt rcpt = as<Rcpt>("RCPT TO:<a@b> NOTIFY=success,DELAY ORCPT=rfc822;Bob+2Bx@ex.example");
    EXPECT_EQ(rcpt.notify, (Notify{.success = true, .delay = true}));
    EXPECT_EQ(rcpt.orcpt, "rfc822;Bob+2Bx@ex.example");
    EXPECT_EQ(as<Rcpt>("RCPT TO:<a@b> NOTIFY=NEVER").notify, (Notify{.never = true}));
    EXPECT_FALSE(as<Rcpt>("RCPT TO:<a@b>").notify.given());
    EXPECT_EQ(as<Rcpt>("RCPT TO:<a@b> ORCPT=utf-8;\xC3\xA4@b").orcpt, "utf-8;\xC3\xA4@b");
}

TEST(smtp_command, parameters_that_are_unknown_wrong_or_repeated_have_their_codes) {
    EXPECT_EQ(refusal("MAIL FROM:<a@b> FOO=1"), "555 5.5.4");
    EXPECT_EQ(refusal("RCPT TO:<a@b> SIZE=1"), "555 5.5.4");
    EXPECT_EQ(refusal("RCPT TO:<a@b> foo"), "555 5.5.4");
    for (const char* bad : {"SIZE",       "SIZE=",     "SIZE=x",      "SIZE=-1",    "SIZE=123456789012345678901",
                            "SIZE=1=2",   "BODY=9BIT", "BODY",        "SMTPUTF8=1", "AUTH=a",
                            "AUTH=a=b@c", "AUTH=",     "AUTH=a+0A@b", "RET=ALL",    "ENVID=",
                            "ENVID=a=b",  "ENVID=a+",  "ENVID=a+4",   "ENVID=a+4g", "SIZE=1 SIZE=1",
                            "=1",         "SIZE =1",   "SIZE= 1",     "-"}) {
        const std::string code = refusal(std::string("MAIL FROM:<a@b> ") + bad);
        EXPECT_TRUE(code == "501 5.5.4" || (std::string(bad) == "-" && code == "555 5.5.4")) << bad << " " << code;
    }
    EXPECT_EQ(refusal("MAIL FROM:<a@b> ENVID=" + std::string(101, 'a')), "501 5.5.4");
    for (const char* bad : {"NOTIFY=", "NOTIFY=SOMETIMES", "NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS,", "NOTIFY=,DELAY", "ORCPT=rfc822",
                            "ORCPT=;a", "ORCPT=rfc822;", "ORCPT=rfc822;a=b", "ORCPT=r c;a"}) {
        EXPECT_EQ(refusal(std::string("RCPT TO:<a@b> ") + bad), "501 5.5.4") << bad;
    }
    EXPECT_EQ(refusal("RCPT TO:<a@b> ORCPT=rfc822;" + std::string(500, 'a')), "501 5.5.4");
    EXPECT_EQ(refusal("MAIL FROM:<a@b>SIZE=1"), "501 5.5.4");
}

TEST(smtp_command, non_ascii_senders_need_smtputf8) {
    EXPECT_EQ(refusal("MAIL FROM:<\xC3\xA4@b>"), "553 5.6.7");
    EXPECT_EQ(refusal("MAIL FROM:<a@\xC3\xA4.example>"), "553 5.6.7");
    EXPECT_EQ(as<Mail>("MAIL FROM:<\xC3\xA4@\xC3\xB6.example> SMTPUTF8").reverse_path, box("\xC3\xA4", "\xC3\xB6.example"));
    EXPECT_EQ(as<Rcpt>("RCPT TO:<\"\xC3\xA4 b\"@c>").forward_path, box("\xC3\xA4 b", "c"));
    EXPECT_EQ(refusal("MAIL FROM:<\xC3@b> SMTPUTF8"), "500 5.5.2");
}

TEST(smtp_command, bdat_knows_its_octets_or_ends_the_connection) {
    EXPECT_EQ(parsed("BDAT 86"), Command(Bdat{.octets = 86, .last = false}));
    EXPECT_EQ(parsed("BDAT 0 LAST"), Command(Bdat{.octets = 0, .last = true}));
    EXPECT_EQ(parsed("bdat 18446744073709551615 last "), Command(Bdat{.octets = 18446744073709551615U, .last = true}));
    for (const char* line :
         {"BDAT", "BDAT ", "BDAT x", "BDAT -1", "BDAT 1x", "BDAT 1 FIRST", "BDAT 1 LAST x", "BDAT 18446744073709551616", "BDAT LAST"})
        EXPECT_EQ(refusal(line), "501 5.5.4 close") << line;
}

TEST(smtp_command, auth_carries_an_initial_response_as_it_is) {
    EXPECT_EQ(parsed("AUTH plain"), Command(Auth{.mechanism = "PLAIN", .initial_response = {}}));
    EXPECT_EQ(parsed("AUTH PLAIN AGEAYg=="), Command(Auth{.mechanism = "PLAIN", .initial_response = "AGEAYg=="}));
    EXPECT_EQ(parsed("AUTH SCRAM-SHA-256-PLUS ="), Command(Auth{.mechanism = "SCRAM-SHA-256-PLUS", .initial_response = "="}));
    EXPECT_EQ(parsed("AUTH LOGIN "), Command(Auth{.mechanism = "LOGIN", .initial_response = {}}));
    for (const char* line : {"AUTH", "AUTH ", "AUTH PL.AIN", "AUTH PLAIN a b", "AUTH AAAAAAAAAAAAAAAAAAAAA"})
        EXPECT_EQ(refusal(line), "501 5.5.4") << line;
}

TEST(smtp_command, the_other_verbs_take_their_arguments) {
    EXPECT_EQ(parsed("VRFY  Smith SMTPUTF8"), Command(Vrfy{.who = "Smith", .smtputf8 = true}));
    EXPECT_EQ(parsed("EXPN Example People"), Command(Expn{.list = "Example People", .smtputf8 = false}));
    EXPECT_EQ(parsed("HELP mail"), Command(Help{"MAIL"}));
    EXPECT_EQ(parsed("HELP"), Command(Help{}));
    EXPECT_EQ(parsed("NOOP anything at all"), Command(Noop{}));
    EXPECT_EQ(parsed("DATA  "), Command(Data{}));
    for (const char* line :
         {"VRFY", "VRFY ", "EXPN", "DATA x", "RSET x", "QUIT x", "STARTTLS x", "MAIL", "MAIL ", "MAIL FROM",
          "MAIL FROM:", "MAIL FROM <a@b>", "MAIL TO:<a@b>", "MAIL <a@b>", "RCPT", "RCPT TO", "RCPT TO: ", "RCPT FROM:<a@b>"})
        EXPECT_EQ(refusal(line), "501 5.5.4") << line;
}

TEST(smtp_command, what_is_no_command_has_its_code) {
    EXPECT_EQ(refusal("FOO"), "500 5.5.1");
    EXPECT_EQ(refusal(""), "500 5.5.1");
    EXPECT_EQ(refusal(" NOOP"), "500 5.5.1");
    EXPECT_EQ(refusal("NOOPE"), "500 5.5.1");
    EXPECT_EQ(refusal("ETRN example.com"), "502 5.5.1");
    EXPECT_EQ(refusal("saml from:<a@b>"), "502 5.5.1");
    EXPECT_EQ(refusal("GET / HTTP/1.1"), "421 4.7.0 close");
    EXPECT_EQ(refusal("post / HTTP/1.0"), "421 4.7.0 close");
    EXPECT_EQ(refusal(std::string("NOOP \0", 6)), "500 5.5.2");
    EXPECT_EQ(refusal("MAIL\tFROM:<a@b>"), "500 5.5.2");
    EXPECT_EQ(refusal("NOOP \x7f"), "500 5.5.2");
    EXPECT_EQ(refusal("NOOP a\rb"), "500 5.5.2");
    EXPECT_EQ(refusal("NOOP \xff"), "500 5.5.2");
}

TEST(smtp_command, xtext_goes_there_and_back) {
    EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
    EXPECT_EQ(xtext_decode("a+2Bb+3Dc+20d"), "a+b=c d");
    for (const char* bad : {"a b", "a=b", "+", "+2", "+2b", "+GG", "\xC3\xA4"}) EXPECT_FALSE(xtext_decode(bad)) << bad;
}

TEST(smtp_reply, lines_are_joined_as_the_rfc_has_them) {
    EXPECT_EQ((Reply{.code = 250, .enhanced = "2.0.0", .text = "Ok"}).bytes(), "250 2.0.0 Ok\r\n");
    EXPECT_EQ((Reply{.code = 250, .enhanced = {}, .text = "host\nPIPELINING\nHELP"}).bytes(), "250-host\r\n250-PIPELINING\r\n250 HELP\r\n");
    EXPECT_EQ((Reply{.code = 214, .enhanced = "2.0.0", .text = "a\nb"}).bytes(), "214-2.0.0 a\r\n214 2.0.0 b\r\n");
    EXPECT_EQ((Reply{.code = 334, .enhanced = {}, .text = ""}).bytes(), "334 \r\n");
    EXPECT_EQ(Reply{}.bytes(), "");
}

TEST(smtp_reply, a_line_is_printable_and_bounded) {
    EXPECT_EQ((Reply{.code = 550, .enhanced = "5.0.0", .text = "a\rb\x01\xC3\xA4"}).bytes(), "550 5.0.0 a?b???\r\n");
    EXPECT_EQ((Reply{.code = 550, .enhanced = {}, .text = std::string(1000, 'x')}).bytes().size(), reply_line_max_bytes);
}

}  // namespace
}  // namespace packetboat::smtp::wire
