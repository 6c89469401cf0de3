#include "pop3/session/capabilities.h"

#include <gtest/gtest.h>

namespace packetboat::pop3 {
namespace {

bool has(const Options& options, bool tls, wire::State state, std::string_view line) {
    const std::string lines = "\r\n" + capabilities(options, tls, state);
    return lines.find("\r\n" + std::string(line)) != std::string::npos;
}

TEST(pop3_capabilities, show_no_way_to_give_a_password_away) {
    Options options{.stls = true};
    for (const wire::State state : {wire::State::authorization, wire::State::transaction}) {
        EXPECT_FALSE(has(options, false, state, "USER\r\n"));
        EXPECT_TRUE(has(options, false, state, "SASL SCRAM-SHA-256\r\n"));
        EXPECT_TRUE(has(options, true, state, "USER\r\n"));
        EXPECT_TRUE(has(options, true, state, "SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n"));
    }
    options.plain_text_login_without_tls = true;
    EXPECT_TRUE(has(options, false, wire::State::authorization, "USER\r\n"));
}

TEST(pop3_capabilities, show_stls_only_where_it_can_be_given) {
    const Options options{.stls = true};
    EXPECT_TRUE(has(options, false, wire::State::authorization, "STLS\r\n"));
    EXPECT_FALSE(has(options, true, wire::State::authorization, "STLS\r\n"));
    EXPECT_FALSE(has(options, false, wire::State::transaction, "STLS\r\n"));
    EXPECT_FALSE(has({}, false, wire::State::authorization, "STLS\r\n"));
}

TEST(pop3_capabilities, show_the_implementation_after_login) {
    const Options options{.implementation = "Packetboat 1.2"};
    EXPECT_FALSE(has(options, true, wire::State::authorization, "IMPLEMENTATION"));
    EXPECT_TRUE(has(options, true, wire::State::transaction, "IMPLEMENTATION Packetboat 1.2\r\n"));
}

}  // namespace
}  // namespace packetboat::pop3
