#include "pop3/wire/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace packetboat::pop3::wire {
namespace {

std::string describe(const Event& event) {
    if (const Command* command = std::get_if<Command>(&event)) return "<" + encode(*command) + ">";
    if (const Line* line = std::get_if<Line>(&event)) return "'" + line->text + "'";
    if (const Error* error = std::get_if<Error>(&event)) return "!" + error->text + (error->fatal() ? "!" : "");
    return "?";
}

// Feeds the bytes in pieces as a peer does, and answers the events one after another.
std::string decoded(std::string_view bytes, std::size_t piece = std::string::npos, Mode mode = Mode::command, std::size_t max = 40) {
    Decoder decoder(max);
    std::string waiting;
    std::string out;
    while (!bytes.empty()) {
        waiting += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<Event> event = decoder.next(mode, waiting, consumed);
            EXPECT_LE(consumed, waiting.size());
            waiting.erase(0, consumed);
            if (!event) break;
            out += describe(*event);
        }
        EXPECT_LE(waiting.size(), Decoder::auth_line_max_bytes);
    }
    return out;
}

void expect_in_any_pieces(std::string_view bytes, std::string_view events, Mode mode = Mode::command) {
    EXPECT_EQ(decoded(bytes, std::string::npos, mode), events);
    for (std::size_t piece = 1; piece < std::min<std::size_t>(bytes.size(), 100); ++piece)
        EXPECT_EQ(decoded(bytes, piece, mode), events) << "in pieces of " << piece;
}

TEST(pop3_decoder, cuts_lines) {
    expect_in_any_pieces("STAT\r\nretr 1\r\nQUI", "<STAT\r\n><RETR 1\r\n>");
    expect_in_any_pieces("\r\nSTAT\r\n", "!no such command<STAT\r\n>");
}

TEST(pop3_decoder, refuses_bytes_that_no_line_has) {
    expect_in_any_pieces(std::string_view("ST\0AT\r\nNOOP\r\n", 13), "!NUL or bare CR in the line<NOOP\r\n>");
    expect_in_any_pieces("ST\rAT\r\nNOOP\r\n", "!NUL or bare CR in the line<NOOP\r\n>");
    expect_in_any_pieces("STAT\r\r\nNOOP\r\n", "!NUL or bare CR in the line<NOOP\r\n>");
}

TEST(pop3_decoder, a_bare_lf_ends_the_conversation) {
    expect_in_any_pieces("STAT\nNOOP\r\n", "!lines end with CRLF, not with LF alone!<NOOP\r\n>");
    expect_in_any_pieces("\n", "!lines end with CRLF, not with LF alone!");
    expect_in_any_pieces(std::string(100, 'x') + "\n", "!lines end with CRLF, not with LF alone!");
}

TEST(pop3_decoder, a_line_may_be_as_long_as_the_limit_and_no_longer) {
    const std::string fits = "USER " + std::string(33, 'x') + "\r\n";  // 40 bytes
    expect_in_any_pieces(fits + "STAT\r\n", "<" + fits + "><STAT\r\n>");
    expect_in_any_pieces("x" + fits + "STAT\r\n", "!line too long<STAT\r\n>");
    expect_in_any_pieces(std::string(1000, 'x') + "\r\r\nSTAT\r\n", "!line too long<STAT\r\n>");
    expect_in_any_pieces(std::string(1000, '\r') + "\nSTAT\r\n", "!line too long<STAT\r\n>");
}

TEST(pop3_decoder, reads_the_lines_of_a_sasl_exchange) {
    expect_in_any_pieces("AGEAYg==\r\n*\r\n\r\n", "'AGEAYg==''*'''", Mode::auth);
    const std::string fits(Decoder::auth_line_max_bytes - 2, 'A');
    EXPECT_EQ(decoded(fits + "\r\n", 1000, Mode::auth), "'" + fits + "'");
    EXPECT_EQ(decoded(fits + "A\r\nB\r\n", 1000, Mode::auth), "!line too long'B'");
    EXPECT_EQ(decoded(std::string(100'000, 'A') + "\r\nB\r\n", 1000, Mode::auth), "!line too long'B'");
}

TEST(pop3_decoder, is_as_new_after_a_reset) {
    Decoder decoder(10);
    std::size_t consumed = 0;
    EXPECT_FALSE(decoder.next(Mode::command, "a line that is too long", consumed));
    EXPECT_EQ(consumed, 23U);
    decoder.reset();
    const std::optional<Event> event = decoder.next(Mode::command, "STAT\r\n", consumed);
    ASSERT_TRUE(event);
    EXPECT_EQ(describe(*event), "<STAT\r\n>");
}

}  // namespace
}  // namespace packetboat::pop3::wire
