#include "pop3/wire/stuffing.h"

#include <gtest/gtest.h>

#include <string>

namespace packetboat::pop3::wire {
namespace {

std::string stuffed(std::string_view message, std::size_t piece = std::string::npos) {
    Stuffer stuffer;
    std::string out;
    for (; !message.empty(); message.remove_prefix(std::min(piece, message.size()))) stuffer.append(message.substr(0, piece), out);
    stuffer.finish(out);
    return out;
}

std::string unstuffed(std::string_view bytes, std::size_t piece = std::string::npos) {
    Unstuffer unstuffer;
    std::string out;
    while (!unstuffer.at_end() && !bytes.empty()) bytes.remove_prefix(unstuffer.append(bytes.substr(0, piece), out));
    return unstuffer.at_end() ? out + "|" + std::string(bytes) : out;
}

struct Case {
    std::string message;
    std::string bytes;
};

TEST(pop3_stuffing, stuffs_and_unstuffs_in_any_pieces) {
    const Case cases[] = {
        {"", ".\r\n"},
        {"\r\n", "\r\n.\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"..\r\n", "...\r\n.\r\n"},
        {"a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"},
        {"a.b\r\n.c.\r\n", "a.b\r\n..c.\r\n.\r\n"},
        {".\r\n.\r\n.\r\n", "..\r\n..\r\n..\r\n.\r\n"},
        {"a\n.\nb\r\n", "a\n..\nb\r\n.\r\n"},
        {".\rx\r\n", "..\rx\r\n.\r\n"},
        {std::string("\0.\0\r\n.\0\r\n", 9), std::string("\0.\0\r\n..\0\r\n.\r\n", 13)},
    };
    for (const Case& c : cases) {
        for (std::size_t piece = 1; piece <= 12; ++piece) {
            EXPECT_EQ(stuffed(c.message, piece), c.bytes);
            EXPECT_EQ(unstuffed(c.bytes + "more", piece), c.message + "|more");
        }
    }
}

TEST(pop3_stuffing, ends_a_last_line_that_has_no_end) {
    for (std::size_t piece = 1; piece <= 4; ++piece) {
        EXPECT_EQ(stuffed("a", piece), "a\r\n.\r\n");
        EXPECT_EQ(stuffed("a\r", piece), "a\r\r\n.\r\n");
        EXPECT_EQ(stuffed("a\n", piece), "a\n\r\n.\r\n");
        EXPECT_EQ(stuffed("\n", piece), "\n\r\n.\r\n");
        EXPECT_EQ(stuffed("a\r\n.", piece), "a\r\n..\r\n.\r\n");
    }
}

TEST(pop3_stuffing, an_unfinished_answer_has_no_end) { EXPECT_EQ(unstuffed("a\r\n.\r"), "a\r\n"); }

}  // namespace
}  // namespace packetboat::pop3::wire
