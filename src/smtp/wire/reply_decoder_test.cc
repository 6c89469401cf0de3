#include "smtp/wire/reply_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "smtp/wire/reply.h"

namespace packetboat::smtp::wire {
namespace {

std::string describe(const ReplyEvent& event) {
    if (const auto* bad = std::get_if<BadReply>(&event)) return "bad: " + bad->why;
    const auto* reply = std::get_if<ServerReply>(&event);
    if (!reply) return "news";
    std::string out = std::to_string(reply->code) + (reply->enhanced ? " (" + reply->enhanced->text() + ")" : "");
    for (const std::string& line : reply->lines) out += "|" + line;
    return out;
}

// What becomes of `bytes` that arrive in pieces; a bad answer is the last that is looked at.
std::vector<std::string> events(std::string_view bytes, std::size_t piece) {
    ReplyDecoder decoder;
    std::vector<std::string> out;
    std::string buffer;
    while (!bytes.empty()) {
        buffer += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<ReplyEvent> event = decoder.next(ReplyMode::reply, buffer, consumed);
            buffer.erase(0, consumed);
            if (!event) break;
            out.push_back(describe(*event));
            if (std::holds_alternative<BadReply>(*event)) return out;
        }
    }
    return out;
}

void expect_events(std::string_view bytes, const std::vector<std::string>& expected) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(events(bytes, piece), expected) << "pieces of " << piece;
}

TEST(reply_decoder, reads_replies_of_one_line_and_of_many) {
    expect_events("250 Ok\r\n", {"250|Ok"});
    expect_events("250-mail.example.test\r\n250-SIZE 1000\r\n250 HELP\r\n221 Bye\r\n", {"250|mail.example.test|SIZE 1000|HELP", "221|Bye"});
    expect_events("250-half\r\n", {});
}

TEST(reply_decoder, is_as_tolerant_as_a_client_must_be) {
    expect_events("250\r\n", {"250|"});
    expect_events("250 \r\n", {"250|"});
    expect_events("250-\r\n250\r\n", {"250||"});
    expect_events("250 Ok\n354 Go\n", {"250|Ok", "354|Go"});
    expect_events("250 Ok\r\r\n", {"250|Ok"});
    expect_events("250\tOk\r\n", {"250|Ok"});
    expect_events("299 A digit of our own\r\n", {"299|A digit of our own"});
}

TEST(reply_decoder, parts_enhanced_codes_from_the_text) {
    expect_events("250 2.1.5 Ok\r\n", {"250 (2.1.5)|Ok"});
    expect_events("550 5.1.1\r\n", {"550 (5.1.1)|"});
    expect_events("550-5.7.1 One\r\n550-5.7.1 Two\r\n550 Three\r\n", {"550 (5.7.1)|One|Two|Three"});
    expect_events("550-One\r\n550 5.7.999 Two\r\n", {"550 (5.7.999)|One|Two"});
}

TEST(reply_decoder, takes_no_other_number_for_an_enhanced_code) {
    expect_events("250 5.1.1 of another class\r\n", {"250|5.1.1 of another class"});
    expect_events("354 2.0.0 Go\r\n", {"354|2.0.0 Go"});
    for (const char* text : {"5.1", "5.1.", "5.1.1x", "5.1.1.1", "5.1234.1", "3.1.1", "5..1"})
        expect_events("550 " + std::string(text) + "\r\n", {"550|" + std::string(text)});
}

TEST(reply_decoder, refuses_what_is_no_reply) {
    for (const char* text : {"", "25", "abc def", "199 no", "600 no", "25x Ok", "250Ok", "250_Ok", "<html>", " 250 Ok"})
        expect_events(std::string(text) + "\r\n250 Ok\r\n", {"bad: an answer that is no SMTP reply: \"" + std::string(text) + "\""});
    expect_events("250-Ok\r\n550 no\r\n", {"bad: one answer with two codes: \"550 no\""});
    expect_events("250-Ok\r\nmore\r\n", {"bad: an answer that is no SMTP reply: \"more\""});
}

TEST(reply_decoder, says_nothing_more_after_a_bad_answer) {
    ReplyDecoder decoder;
    std::size_t consumed = 0;
    std::string_view input = "no\r\n250 Ok\r\n";
    ASSERT_TRUE(std::holds_alternative<BadReply>(*decoder.next(ReplyMode::reply, input, consumed)));
    input.remove_prefix(consumed);
    EXPECT_TRUE(std::holds_alternative<BadReply>(*decoder.next(ReplyMode::reply, input, consumed)));
    EXPECT_EQ(consumed, input.size());
    decoder.reset();
    EXPECT_EQ(describe(*decoder.next(ReplyMode::reply, "250 Ok\r\n", consumed)), "250|Ok");
}

TEST(reply_decoder, text_is_fit_to_be_shown) {
    expect_events("250 a\tb\x1b[2J\x7f\r\n", {"250|a?b?[2J?"});
    expect_events("250 b\xc3\xbcro\r\n", {"250|b\xc3\xbcro"});
    expect_events("250 b\xfcro\r\n", {"250|b?ro"});
    expect_events(
        "250 a\xc2\x9b"
        "2J\r\n",
        {"250|a??2J"});
    expect_events(std::string_view("250 a\0b\r\n", 9), {"250|a?b"});
}

TEST(reply_decoder, holds_no_more_than_its_limits) {
    const std::string challenge = "334 " + std::string(12'288, 'A') + "\r\n";
    EXPECT_EQ(events(challenge, 4096).front().size(), 4 + 12'288U);
    EXPECT_TRUE(events("250 " + std::string(1'000'000, 'x'), 16'000).front().starts_with("bad: an answer without an end: \"250 xxx"));
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += "250-\r\n";
    EXPECT_EQ(events(many, 16'000), std::vector<std::string>{"bad: an answer that is too long"});
    std::string wide;
    for (int i = 0; i < 100; ++i) wide += "250-" + std::string(1000, 'x') + "\r\n";
    EXPECT_EQ(events(wide, 16'000), std::vector<std::string>{"bad: an answer that is too long"});
}

TEST(reply_decoder, reads_what_our_server_writes) {
    const Reply said{.code = 550, .enhanced = "5.1.1", .text = "One\nTwo"};
    expect_events(said.bytes(), {"550 (5.1.1)|One|Two"});
}

TEST(server_reply, is_one_line_for_people) {
    const ServerReply reply{.code = 550, .enhanced = EnhancedStatus{5, 1, 1}, .lines = {"No such", "", "user"}};
    EXPECT_EQ(reply.text(), "550 5.1.1 No such user");
    EXPECT_EQ((ServerReply{.code = 250, .lines = {""}}.text()), "250");
}

TEST(server_reply, has_a_status_from_its_code_where_it_says_none) {
    EXPECT_EQ((ServerReply{.code = 550, .enhanced = EnhancedStatus{5, 1, 1}}.status().text()), "5.1.1");
    EXPECT_EQ(ServerReply{.code = 451}.status().text(), "4.0.0");
    EXPECT_EQ(ServerReply{.code = 554}.status().text(), "5.0.0");
    EXPECT_EQ(ServerReply{.code = 250}.status().text(), "2.0.0");
    EXPECT_EQ(ServerReply{.code = 354}.status().text(), "2.0.0");
}

}  // namespace
}  // namespace packetboat::smtp::wire
