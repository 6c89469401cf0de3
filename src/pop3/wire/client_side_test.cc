#include <gtest/gtest.h>

#include "pop3/wire/capabilities.h"
#include "pop3/wire/client_command.h"
#include "pop3/wire/command.h"

namespace packetboat::pop3::wire {
namespace {

using Strings = std::vector<std::string>;

TEST(capabilities, are_read_line_by_line) {
    Capabilities out;
    EXPECT_FALSE(out.known);
    for (const char* line : {"TOP", "user", "SASL plain SCRAM-SHA-256 PLAIN !x", "RESP-CODES", "LOGIN-DELAY 900 USER", "PIPELINING",
                             "EXPIRE 60", "UIDL", "STLS", "AUTH-RESP-CODE", "UTF8 USER", "LANG", "IMPLEMENTATION Shlemazle \x1b Plotz"})
        out.add(line);
    EXPECT_TRUE(out.known && out.top && out.user && out.resp_codes && out.pipelining && out.uidl && out.stls && out.auth_resp_code);
    EXPECT_TRUE(out.utf8 && out.utf8_user && out.lang && !out.expire_never);
    EXPECT_EQ(out.sasl, (Strings{"PLAIN", "SCRAM-SHA-256"}));
    EXPECT_TRUE(out.offers_sasl("scram-sha-256") && !out.offers_sasl("LOGIN"));
    EXPECT_EQ(out.login_delay_s, 900U);
    EXPECT_EQ(out.expire_days, 60U);
    EXPECT_EQ(out.implementation, "Shlemazle \\x1b Plotz");
    EXPECT_TRUE(out.others.empty());
}

TEST(capabilities, what_makes_no_sense_is_kept_and_bounded) {
    Capabilities out;
    for (const char* line : {"EXPIRE NEVER", "EXPIRE soon", "LOGIN-DELAY x", "X-NEW\x07 thing", "", "UTF8"}) out.add(line);
    EXPECT_TRUE(out.expire_never && !out.expire_days && !out.login_delay_s && out.utf8 && !out.utf8_user);
    EXPECT_EQ(out.others, (Strings{"EXPIRE soon", "LOGIN-DELAY x", "X-NEW\\x07 thing"}));
    std::string many = "SASL";
    for (int i = 0; i < 1000; ++i) many += " M" + std::to_string(i);
    for (int i = 0; i < 1000; ++i) out.add(i == 500 ? many : "X" + std::string(5000, 'x'));
    EXPECT_EQ(out.sasl.size(), sasl_mechanisms_max);
    EXPECT_EQ(out.others.size(), other_capabilities_max);
    EXPECT_LE(out.others.back().size(), 512U);
}

TEST(client_command, is_what_our_own_server_understands) {
    EXPECT_EQ(*user_line("gr\xc3\xbc\xc3\x9f e"), "USER gr\xc3\xbc\xc3\x9f e\r\n");
    EXPECT_EQ(*pass_line(" a b "), "PASS  a b \r\n");
    EXPECT_EQ(*auth_line("PLAIN", std::nullopt), "AUTH PLAIN\r\n");
    EXPECT_EQ(*auth_line("PLAIN", ""), "AUTH PLAIN =\r\n");
    EXPECT_EQ(*auth_line("X", "abc"), "AUTH X YWJj\r\n");
    EXPECT_EQ(*auth_answer_line(""), "\r\n");
    EXPECT_EQ(*auth_answer_line("abc"), "YWJj\r\n");
    const std::string lines[] = {
        *user_line("a"),        *pass_line("b c"),      *auth_line("X", "abc"),     uidl_line(7),           top_line(7, 0),
        retr_line(1),           dele_line(2),           std::string(capa_line),     std::string(stls_line), std::string(utf8_line),
        std::string(stat_line), std::string(list_line), std::string(uidl_all_line), std::string(rset_line), std::string(noop_line),
        std::string(quit_line)};
    for (const std::string& line : lines) {
        const std::variant<Command, Error> parsed = parse_command(std::string_view(line).substr(0, line.size() - 2));
        ASSERT_TRUE(std::holds_alternative<Command>(parsed)) << line;
        EXPECT_EQ(encode(std::get<Command>(parsed)), line);
    }
}

TEST(client_command, is_one_line_whatever_is_in_it) {
    for (const std::string& evil :
         {std::string("a\r\nDELE 1"), std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3), std::string("\x7f")}) {
        EXPECT_EQ(user_line(evil).error().code, ErrorCode::invalid);
        EXPECT_EQ(pass_line(evil).error().code, ErrorCode::invalid);
        EXPECT_EQ(pass_line(evil).error().text, "there is a control character in the password");
        EXPECT_EQ(auth_line(evil, std::nullopt).error().code, ErrorCode::invalid);
        EXPECT_EQ(auth_answer_line(evil)->find_first_of("\r\n"), auth_answer_line(evil)->size() - 2);
    }
    EXPECT_EQ(auth_line("", std::nullopt).error().code, ErrorCode::invalid);
    EXPECT_EQ(auth_line("A B", std::nullopt).error().code, ErrorCode::invalid);
    EXPECT_EQ(user_line(" ").error().code, ErrorCode::invalid);
    EXPECT_TRUE(pass_line(std::string(client_line_max_bytes - 7, 'x')));
    EXPECT_EQ(pass_line(std::string(client_line_max_bytes - 6, 'x')).error().code, ErrorCode::too_large);
    EXPECT_EQ(auth_line("PLAIN", std::string(200, 'x')).error().code, ErrorCode::too_large);
    EXPECT_EQ(auth_answer_line(std::string(10'000, 'x')).error().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace packetboat::pop3::wire
