#include "agent/local_text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace packetboat::agent {

namespace {

struct Taken {
    std::string text;
    std::string rest;
    bool ended = false;
    friend bool operator==(const Taken&, const Taken&) = default;
};

Taken taken(std::string_view input, LocalLines lines, bool dot_ends, std::size_t piece_bytes = 1'000'000) {
    LocalText text(lines, dot_ends);
    Taken out;
    while (!input.empty()) {
        std::string_view piece = input.substr(0, piece_bytes);
        input.remove_prefix(piece.size());
        text.take(piece, out.text);
        if (text.ended()) {
            out.rest = std::string(piece) + std::string(input);
            break;
        }
    }
    out.ended = text.ended();
    text.finish(out.text);
    return out;
}

TEST(LocalText, each_form) {
    struct Case {
        std::string_view input;
        LocalLines lines;
        bool dot_ends;
        Taken expected;
    };
    using enum LocalLines;
    const Case cases[] = {
        {"a\nb\n", any, true, {"a\r\nb\r\n", "", false}},
        {"a\r\nb", any, true, {"a\r\nb\r\n", "", false}},
        {"", any, true, {"", "", false}},
        {"a\n.\nrest\n", any, true, {"a\r\n", "rest\n", true}},
        {"a\r\n.\r\nrest", any, true, {"a\r\n", "rest", true}},
        {".\n", any, true, {"", "", true}},
        {"a\n.\nb\n", any, false, {"a\r\n.\r\nb\r\n", "", false}},
        {"..\n.a\n", any, true, {"..\r\n.a\r\n", "", false}},
        {"a\n.", any, true, {"a\r\n.\r\n", "", false}},
        {"a\rb\n", any, true, {"a\r\nb\r\n", "", false}},
        {"a\r.\rb\n", any, true, {"a\r\n.\r\nb\r\n", "", false}},
        {"a\n.\rb\n", any, true, {"a\r\n.\r\nb\r\n", "", false}},
        {"a\r.\nb\n", any, true, {"a\r\n.\r\nb\r\n", "", false}},
        {"a\r", any, true, {"a\r\n", "", false}},
        {"a\n.\nb\r\n.\r\nrest", crlf, true, {"a\n.\nb\r\n", "rest", true}},
        {"a\r\n.\nb\r\n", crlf, true, {"a\r\n.\nb\r\n", "", false}},
        {"a\r.\r\r\n.\r\n", crlf, true, {"a\r.\r\r\n", "", true}},
        {"a\n.\r\nb\r\n.\r\n", crlf, true, {"a\n.\r\nb\r\n", "", true}},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(taken(one.input, one.lines, one.dot_ends).text, one.expected.text) << ::testing::PrintToString(one.input);
        for (std::size_t piece = 1; piece <= one.input.size() + 1; ++piece)
            EXPECT_EQ(taken(one.input, one.lines, one.dot_ends, piece), one.expected) << ::testing::PrintToString(one.input) << piece;
    }
}

}  // namespace

}  // namespace packetboat::agent
