#include "pop3/wire/command.h"

#include <gtest/gtest.h>

#include <string>

namespace packetboat::pop3::wire {
namespace {

// The command as our own client would write it, or the error's kind.
std::string parsed(std::string_view line) {
    const std::variant<Command, Error> result = parse_command(line);
    if (const Command* command = std::get_if<Command>(&result)) {
        std::string text = encode(*command);
        text.resize(text.size() - 2);
        return text;
    }
    switch (std::get<Error>(result).kind) {
        case Error::Kind::unknown: return "unknown";
        case Error::Kind::syntax: return "syntax";
        case Error::Kind::too_long: return "too_long";
        case Error::Kind::bad_byte: return "bad_byte";
        case Error::Kind::bare_lf: return "bare_lf";
        case Error::Kind::other_protocol: return "other_protocol";
    }
    return "";
}

struct Case {
    std::string line;
    std::string result;
};

TEST(pop3_command, parses_what_the_grammar_has_and_refuses_the_rest) {
    const Case cases[] = {
        {"USER alice", "USER alice"},
        {"user alice@example.test", "USER alice@example.test"},
        {"USER alice smith", "USER alice smith"},
        {"USER j\xc3\xbcrgen", "USER j\xc3\xbcrgen"},
        {"USER", "syntax"},
        {"USER ", "syntax"},
        {"PASS secret", "PASS secret"},
        {"PASS  with  blanks ", "PASS  with  blanks "},
        {"PASS ", "PASS "},
        {"PASS", "syntax"},
        {"PASS\tsecret", "syntax"},
        {"APOP alice c4c9334bac560ecc979e58001b3e22fb", "APOP alice c4c9334bac560ecc979e58001b3e22fb"},
        {"APOP alice", "syntax"},
        {"AUTH", "AUTH"},
        {"AUTH ", "AUTH"},
        {"AUTH plain", "AUTH plain"},
        {"AUTH PLAIN =", "AUTH PLAIN ="},
        {"AUTH PLAIN AGEAYg==", "AUTH PLAIN AGEAYg=="},
        {"AUTH PLAIN AGEAYg== ", "AUTH PLAIN AGEAYg=="},
        {"AUTH PLAIN AGEAYg", "syntax"},
        {"AUTH PLAIN ==", "syntax"},
        {"AUTH PLAIN a b", "syntax"},
        {"AUTH PLAIN !", "syntax"},
        {"STLS", "STLS"},
        {"STLS now", "syntax"},
        {"UTF8", "UTF8"},
        {"CAPA", "CAPA"},
        {"capa \t", "CAPA"},
        {"LANG", "LANG"},
        {"LANG en-GB", "LANG en-GB"},
        {"LANG *", "LANG *"},
        {"LANG en de", "syntax"},
        {"STAT", "STAT"},
        {"STATUS", "unknown"},
        {"LIST", "LIST"},
        {"LIST ", "LIST"},
        {"LIST 7", "LIST 7"},
        {"LIST 007", "LIST 7"},
        {"LIST  7", "syntax"},
        {"LIST -1", "syntax"},
        {"LIST 1 2", "syntax"},
        {"LIST 99999999999999999999", "syntax"},
        {"RETR 18446744073709551615", "RETR 18446744073709551615"},
        {"RETR 18446744073709551616", "syntax"},
        {"RETR 0", "RETR 0"},
        {"RETR", "syntax"},
        {"RETR ", "syntax"},
        {"RETR one", "syntax"},
        {"RETR 1 ", "RETR 1"},
        {"DELE 3", "DELE 3"},
        {"DELE 3x", "syntax"},
        {"NOOP", "NOOP"},
        {"RSET", "RSET"},
        {"TOP 1 10", "TOP 1 10"},
        {"TOP 1 0", "TOP 1 0"},
        {"TOP 1", "syntax"},
        {"TOP", "syntax"},
        {"TOP 1 -1", "syntax"},
        {"UIDL", "UIDL"},
        {"UIDL 2", "UIDL 2"},
        {"QUIT", "QUIT"},
        {"QUIT.", "unknown"},
        {"", "unknown"},
        {" ", "unknown"},
        {" STAT", "unknown"},
        {"XTND XMIT", "unknown"},
        {"GET / HTTP/1.1", "other_protocol"},
        {"post / HTTP/1.1", "other_protocol"},
        {"PRI * HTTP/2.0", "other_protocol"},
    };
    for (const Case& c : cases) EXPECT_EQ(parsed(c.line), c.result) << "«" << c.line << "»";
}

TEST(pop3_command, decodes_the_initial_response) {
    const auto initial = [](std::string_view line) { return std::get<Auth>(std::get<Command>(parse_command(line))).initial_response; };
    EXPECT_EQ(initial("AUTH PLAIN"), std::nullopt);
    EXPECT_EQ(initial("AUTH PLAIN ="), "");
    EXPECT_EQ(initial("AUTH PLAIN AGEAYg=="), std::string("\0a\0b", 4));
}

TEST(pop3_command, the_table_is_in_the_order_of_the_variant) {
    for (std::size_t i = 0; i < verbs.size(); ++i) {
        for (const std::string arguments : {"", " 1", " 1 1"}) {
            const std::variant<Command, Error> result = parse_command(std::string(verbs[i].name) + arguments);
            const Command* command = std::get_if<Command>(&result);
            if (!command) continue;
            EXPECT_EQ(command->index(), i) << verbs[i].name;
            EXPECT_EQ(&verb_of(*command), &verbs[i]);
        }
        EXPECT_TRUE(verbs[i].syntax.starts_with(verbs[i].name));
    }
}

TEST(pop3_command, has_its_states) {
    const auto states = [](const Command& command) {
        return std::string(allowed(command, State::authorization) ? "a" : "") + (allowed(command, State::transaction) ? "t" : "");
    };
    EXPECT_EQ(states(User{}), "a");
    EXPECT_EQ(states(Stls{}), "a");
    EXPECT_EQ(states(Utf8{}), "a");
    EXPECT_EQ(states(Capa{}), "at");
    EXPECT_EQ(states(Lang{}), "at");
    EXPECT_EQ(states(Quit{}), "at");
    EXPECT_EQ(states(Noop{}), "t");
    EXPECT_EQ(states(Retr{}), "t");
}

TEST(pop3_command, a_syntax_error_says_what_was_expected) {
    const std::variant<Command, Error> result = parse_command("TOP 1");
    EXPECT_EQ(std::get<Error>(result).text, "expected: TOP message lines");
}

}  // namespace
}  // namespace packetboat::pop3::wire
