#include "pop3/wire/head.h"

#include <gtest/gtest.h>

#include <string>

namespace packetboat::pop3::wire {
namespace {

std::string top(std::string_view message, std::uint64_t lines, std::size_t piece) {
    Head head(lines);
    std::string out;
    for (; !message.empty() && !head.done(); message.remove_prefix(std::min(piece, message.size())))
        out += head.take(message.substr(0, piece));
    return out;
}

struct Case {
    std::string message;
    std::uint64_t lines;
    std::string shown;
};

TEST(pop3_head, is_the_header_and_so_many_lines) {
    const std::string message = "A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n";
    const Case cases[] = {
        {message, 0, "A: 1\r\nB: 2\r\n\r\n"},
        {message, 1, "A: 1\r\nB: 2\r\n\r\none\r\n"},
        {message, 2, "A: 1\r\nB: 2\r\n\r\none\r\n\r\n"},
        {message, 3, message},
        {message, ~0ULL, message},
        {"A: 1\r\n", 0, "A: 1\r\n"},
        {"A: 1\r\n", 9, "A: 1\r\n"},
        {"", 1, ""},
        {"\r\nbody\r\nmore", 0, "\r\n"},
        {"\r\nbody\r\nmore", 2, "\r\nbody\r\nmore"},
        {"A: 1\n\nbody\n", 0, "A: 1\n\n"},
        {"A: 1\r\n\r\r\nB: 2\r\n\r\nbody\r\n", 0, "A: 1\r\n\r\r\nB: 2\r\n\r\n"},
        {"A: 1\r\n \r\nB: 2\r\n\r\nbody\r\n", 0, "A: 1\r\n \r\nB: 2\r\n\r\n"},
    };
    for (const Case& c : cases) {
        for (std::size_t piece = 1; piece <= c.message.size() + 1; ++piece)
            EXPECT_EQ(top(c.message, c.lines, piece), c.shown) << c.lines << " lines in pieces of " << piece;
    }
}

TEST(pop3_head, says_when_no_more_needs_to_be_read) {
    Head head(1);
    EXPECT_EQ(head.take("A: 1\r\n\r\none"), "A: 1\r\n\r\none");
    EXPECT_FALSE(head.done());
    EXPECT_EQ(head.take("\r\ntwo\r\n"), "\r\n");
    EXPECT_TRUE(head.done());
    EXPECT_EQ(head.take("three"), "");
}

}  // namespace
}  // namespace packetboat::pop3::wire
