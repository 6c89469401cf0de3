#include "smtp/wire/stuffer.h"

#include <gtest/gtest.h>

#include <string>

#include "smtp/wire/unstuff.h"

namespace packetboat::smtp::wire {
namespace {

std::string stuffed(std::string_view text, std::size_t piece, Transfer transfer = Transfer::data) {
    Stuffer stuffer(transfer);
    std::string out;
    while (!text.empty()) {
        std::string_view part = text.substr(0, piece);
        text.remove_prefix(part.size());
        while (!part.empty()) out += stuffer.next(part);
    }
    return out += stuffer.finish();
}

// The same however it is cut.
void expect_stuffed(std::string_view text, std::string_view expected, Transfer transfer = Transfer::data) {
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) EXPECT_EQ(stuffed(text, piece, transfer), expected) << piece;
}

TEST(stuffer, ends_a_message) {
    expect_stuffed("", ".\r\n");
    expect_stuffed("a\r\n", "a\r\n.\r\n");
    expect_stuffed("a", "a\r\n.\r\n");
    expect_stuffed("\r\n", "\r\n.\r\n");
}

TEST(stuffer, doubles_dots_that_begin_a_line_and_no_others) {
    expect_stuffed(".", "..\r\n.\r\n");
    expect_stuffed("..", "...\r\n.\r\n");
    expect_stuffed(".\r\n.\r\na.b\r\n", "..\r\n..\r\na.b\r\n.\r\n");
    expect_stuffed("a\r\n.\r\nRCPT TO:<x>\r\n", "a\r\n..\r\nRCPT TO:<x>\r\n.\r\n");
}

TEST(stuffer, gives_every_line_its_crlf) {
    expect_stuffed("a\nb\n", "a\r\nb\r\n.\r\n");
    expect_stuffed("a\rb\r", "a\r\nb\r\n.\r\n");
    expect_stuffed("a\n.\nb\r.\r", "a\r\n..\r\nb\r\n..\r\n.\r\n");
    expect_stuffed("\r\r\n\n\r", "\r\n\r\n\r\n\r\n.\r\n");
    expect_stuffed("a\r\n.\n.\r", "a\r\n..\r\n..\r\n.\r\n");
}

TEST(stuffer, leaves_dots_alone_in_chunks) {
    expect_stuffed("", "", Transfer::chunks);
    expect_stuffed(".\n.\ra", ".\r\n.\r\na\r\n", Transfer::chunks);
    expect_stuffed("a\r", "a\r\n", Transfer::chunks);
}

TEST(stuffer, copies_nothing_that_needs_no_change) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + " with a dot.\r\n";
    Stuffer stuffer(Transfer::data);
    std::string_view rest = text;
    const std::string_view piece = stuffer.next(rest);
    EXPECT_EQ(piece.data(), text.data());
    EXPECT_EQ(piece.size(), text.size());
    EXPECT_TRUE(rest.empty());
}

TEST(stuffer, takes_linear_time_whatever_the_bytes) {
    for (const std::string pattern : {"\r", "\n", ".\n", "\r\n.", "x"}) {
        std::string text;
        while (text.size() < 1'000'000) text += pattern;
        EXPECT_GE(stuffed(text, text.size()).size(), text.size());
    }
}

TEST(stuffer, does_what_the_other_way_of_writing_it_does) {
    const std::string text = "a\r\n..b\r\n.\r\n\r\nc.\r\n";
    EXPECT_EQ(stuffed(text, 3), stuff(text));
}

}  // namespace
}  // namespace packetboat::smtp::wire
