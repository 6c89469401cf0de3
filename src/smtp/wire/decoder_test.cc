#include "smtp/wire/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace packetboat::smtp::wire {
namespace {

std::string describe(const Event& event) {
    struct Visitor {
        std::string operator()(const Command& command) const { return encode(command); }
        std::string operator()(const Reply& reply) const { return std::to_string(reply.code) + (reply.close ? " close" : ""); }
        std::string operator()(const Chunk& chunk) const { return "chunk " + std::string(chunk.bytes); }
        std::string operator()(const End&) const { return "end"; }
        std::string operator()(const Line& line) const { return "line " + std::string(line.text); }
        std::string operator()(const TimedOut&) const { return "timed out"; }
        std::string operator()(const ShuttingDown&) const { return "shutting down"; }
    };
    return std::visit(Visitor{}, event);
}

// The events of `bytes` that arrive in pieces; chunks that follow each other are one.
std::vector<std::string> events(Mode mode, std::string_view bytes, std::size_t piece, DecoderOptions options = {}) {
    Decoder decoder(options);
    std::vector<std::string> out;
    std::string buffer;
    while (!bytes.empty()) {
        buffer += bytes.substr(0, piece);
        bytes.remove_prefix(std::min(piece, bytes.size()));
        for (;;) {
            std::size_t consumed = 0;
            const std::optional<Event> event = decoder.next(mode, buffer, consumed);
            const std::string what = event ? describe(*event) : "";
            buffer.erase(0, consumed);
            if (!event) break;
            if (what.starts_with("chunk ") && !out.empty() && out.back().starts_with("chunk ")) {
                out.back() += what.substr(6);
            } else {
                out.push_back(what);
            }
        }
    }
    return out;
}

// The same however they are cut.
void expect_events(Mode mode, std::string_view bytes, const std::vector<std::string>& expected, DecoderOptions options = {}) {
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
        EXPECT_EQ(events(mode, bytes, piece, options), expected) << "pieces of " << piece;
}

TEST(smtp_decoder, lines_become_commands) {
    expect_events(command_mode, "EHLO a\r\nNOOP\r\nFOO\r\nQUIT\r\n", {"EHLO a", "NOOP", "500", "QUIT"});
    expect_events(command_mode, "NOOP\r\n\r\nNO", {"NOOP", "500"});
}

TEST(smtp_decoder, a_bare_lf_ends_the_connection_and_a_bare_cr_is_a_mistake) {
    expect_events(command_mode, "NOOP\nQUIT\r\n", {"500 close", "QUIT"});
    expect_events(command_mode, "\nQUIT\r\n", {"500 close", "QUIT"});
    expect_events(command_mode, "NOOP\rQUIT\r\nRSET\r\n", {"500", "RSET"});
    expect_events(command_mode, "NOOP\r\r\nRSET\r\n", {"500", "RSET"});
}

TEST(smtp_decoder, a_line_that_is_too_long_is_one_mistake) {
    const DecoderOptions small{.command_line_max_bytes = 16, .auth_line_max_bytes = 24, .syntax = {}};
    expect_events(command_mode, "NOOP 890123456\r\nQUIT\r\n", {"NOOP", "QUIT"}, small);
    expect_events(command_mode, "NOOP 8901234567\r\nQUIT\r\n", {"500", "QUIT"}, small);
    expect_events(command_mode, "NOOP " + std::string(100, 'x') + "\r\nQUIT\r\n", {"500", "QUIT"}, small);
    expect_events(command_mode, "NOOP " + std::string(100, 'x') + "\nQUIT\r\n", {"500 close", "QUIT"}, small);
    expect_events(auth_mode, std::string(22, 'x') + "\r\n", {"line " + std::string(22, 'x')}, small);
    expect_events(auth_mode, std::string(23, 'x') + "\r\nabc\r\n", {"500", "line abc"}, small);
}

TEST(smtp_decoder, a_line_without_an_end_ends_the_connection) {
    const std::vector<std::string> got = events(command_mode, std::string(70'000, 'x'), 1000);
    ASSERT_FALSE(got.empty());
    EXPECT_EQ(got.front(), "500 close");
}

TEST(smtp_decoder, tls_where_none_is_spoken_is_told_at_once) {
    expect_events(command_mode, "\x16", {"500 close"});
    EXPECT_EQ(events(command_mode, std::string("\x16\x03\x01\x02\0\x01", 6), 6), std::vector<std::string>{"500 close"});
}

TEST(smtp_decoder, bdat_takes_octets_and_no_more) {
    Decoder decoder;
    std::size_t consumed = 0;
    const std::optional<Event> event = decoder.next(bdat_mode(5), "abcdeQUIT\r\n", consumed);
    ASSERT_TRUE(event);
    EXPECT_EQ(describe(*event), "chunk abcde");
    EXPECT_EQ(consumed, 5);
    EXPECT_EQ(describe(*decoder.next(bdat_mode(5), ".\r\n", consumed)), "chunk .\r\n");
    EXPECT_FALSE(decoder.next(bdat_mode(5), "", consumed));
    EXPECT_EQ(describe(*decoder.next(bdat_mode(1'000'000'000'000), "x", consumed)), "chunk x");
}

TEST(smtp_decoder, data_ends_with_its_own_line_and_loses_its_dots) {
    expect_events(data_mode, ".\r\n", {"end"});
    expect_events(data_mode, "Hi\r\n.\r\n", {"chunk Hi\r\n", "end"});
    expect_events(data_mode, "..\r\n...x\r\n.y\r\n.\r\n", {"chunk .\r\n..x\r\ny\r\n", "end"});
    expect_events(data_mode, "\r\n\r\n.\r\n.\r\n", {"chunk \r\n\r\n", "end", "end"});
    expect_events(data_mode, "a.\r\nb\r\n.\r\n", {"chunk a.\r\nb\r\n", "end"});
}

// Every end of data that some server has ever believed in, and none of which is one.
TEST(smtp_decoder, only_crlf_dot_crlf_ends_data) {
    for (const std::string& false_end : std::vector<std::string>{"\n.\n",
                                                                 "\n.\r\n",
                                                                 "\r.\r",
                                                                 "\r.\r\n",
                                                                 "\r\n.\n",
                                                                 "\r\n.\r",
                                                                 "\r.\n",
                                                                 "\n.\r",
                                                                 "\r\n.\r\r\n",
                                                                 "\r\r\n.\r\r\n",
                                                                 "\n\n.\r\n",
                                                                 std::string("\r\n\0.\r\n", 6),
                                                                 std::string("\r\n.\0\r\n", 6),
                                                                 "\r\n .\r\n",
                                                                 "\r\n. \r\n",
                                                                 "\r\n.\t\r\n",
                                                                 "\r\n.\x0b\r\n",
                                                                 "\r\n.\x85\r\n",
                                                                 "\r\n\x0b.\r\n",
                                                                 "\r\n..\r\n",
                                                                 "\n.\n\r\n"}) {
        const std::string message = "a" + false_end + "MAIL FROM:<evil@example>\r\n.\r\nQUIT\r\n";
        for (std::size_t piece = 1; piece <= message.size(); ++piece) {
            const std::vector<std::string> got = events(data_mode, message, piece);
            ASSERT_EQ(got.size(), 3) << escape_control(false_end) << " in pieces of " << piece;
            EXPECT_TRUE(got[0].starts_with("chunk a"));
            EXPECT_TRUE(got[0].ends_with("MAIL FROM:<evil@example>\r\n")) << escape_control(got[0]);
            EXPECT_EQ(got[1], "end");
            EXPECT_EQ(got[2], "chunk QUIT\r\n");
        }
    }
}

TEST(smtp_decoder, a_chunk_is_as_long_as_the_input_allows) {
    Decoder decoder;
    std::size_t consumed = 0;
    const std::string text = "one\r\ntwo\r\nthree\r\nfour";
    const std::optional<Event> event = decoder.next(data_mode, text, consumed);
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<Chunk>(*event).bytes.data(), text.data());
    EXPECT_EQ(std::get<Chunk>(*event).bytes.size(), text.size());
}

TEST(smtp_decoder, stuffing_and_unstuffing_are_inverse) {
    for (const std::string& message :
         std::vector<std::string>{"", ".\r\n", "..\r\n.\r\n", "a\r\n", "\r\n.\r\n.\r\n", ".a\r\n.b\r\n", "\n.\n\r\n", "\r.\r\r\n"}) {
        const std::string sent = stuff(message);
        std::string got;
        for (const std::string& event : events(data_mode, sent, 3)) got += event == "end" ? "" : event.substr(6);
        EXPECT_EQ(got, message) << escape_control(message);
    }
    EXPECT_EQ(stuff("no end"), "no end\r\n.\r\n");
}

struct Looked {
    std::string kept;
    Flaws flaws;
};
Looked look(BareNewlines policy, std::string_view text, std::size_t piece, std::uint64_t line_max = 0) {
    LineEnds ends(policy, line_max);
    Looked out;
    while (!text.empty()) {
        std::string_view chunk = text.substr(0, piece);
        text.remove_prefix(chunk.size());
        while (!chunk.empty()) out.kept += ends.next(chunk);
    }
    out.kept += ends.finish();
    out.flaws = ends.flaws();
    return out;
}

TEST(smtp_line_ends, bare_ones_are_seen_and_normalised_wherever_the_text_is_cut) {
    struct Case {
        std::string text;
        std::string normal;
        bool cr, lf, nul;
    };
    std::string long_text;
    for (int i = 0; i < 100; ++i) long_text += "a line of text\r\n";
    const std::vector<Case> cases = {
        {"a\r\nb\r\n", "a\r\nb\r\n", false, false, false},
        {"a\nb\r\n", "a\r\nb\r\n", false, true, false},
        {"a\rb\r\n", "a\r\nb\r\n", true, false, false},
        {"\r\r\n", "\r\n\r\n", true, false, false},
        {"\n\r\n", "\r\n\r\n", false, true, false},
        {"\n.\n", "\r\n.\r\n", false, true, false},
        {"\r.\r", "\r\n.\r\n", true, false, false},
        {"\n\r", "\r\n\r\n", true, true, false},
        {"\r", "\r\n", true, false, false},
        {"\n", "\r\n", false, true, false},
        {std::string("a\0b\r\n", 5), std::string("a\0b\r\n", 5), false, false, true},
        {"", "", false, false, false},
        {"no end", "no end", false, false, false},
        {long_text + "\n" + long_text, long_text + "\r\n" + long_text, false, true, false},
        {long_text + "\r" + long_text, long_text + "\r\n" + long_text, true, false, false},
        {long_text, long_text, false, false, false},
    };
    for (const Case& one : cases) {
        for (std::size_t piece = 1; piece <= one.text.size() + 1; ++piece) {
            const Looked normal = look(BareNewlines::normalise, one.text, piece);
            const Looked strict = look(BareNewlines::refuse, one.text, piece);
            ASSERT_EQ(normal.kept, one.normal) << escape_control(one.text) << " in pieces of " << piece;
            ASSERT_EQ(strict.kept, one.text);
            for (const Flaws& flaws : {normal.flaws, strict.flaws}) {
                ASSERT_EQ(flaws.bare_cr, one.cr) << escape_control(one.text) << " in pieces of " << piece;
                ASSERT_EQ(flaws.bare_lf, one.lf) << escape_control(one.text) << " in pieces of " << piece;
                ASSERT_EQ(flaws.nul, one.nul);
            }
        }
    }
}

TEST(smtp_line_ends, lines_are_measured_with_their_crlf) {
    for (std::size_t piece = 1; piece < 8; ++piece) {
        EXPECT_FALSE(look(BareNewlines::refuse, "12345\r\n12345\r\n", piece, 7).flaws.long_line);
        EXPECT_TRUE(look(BareNewlines::refuse, "12345\r\n123456\r\n", piece, 7).flaws.long_line);
        EXPECT_TRUE(look(BareNewlines::normalise, "123456\n", piece, 7).flaws.long_line);
        EXPECT_FALSE(look(BareNewlines::normalise, "12345\n1\r1", piece, 7).flaws.long_line);
    }
}

}  // namespace
}  // namespace packetboat::smtp::wire
