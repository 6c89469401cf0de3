#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "mime/lines.h"
#include "mime/reading.h"

namespace packetboat::mime {
namespace {

TEST(Flowed, paragraphs_are_joined) {
    constexpr std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"one \r\ntwo\r\nthree", "one two\nthree\n"},
        {"one \ntwo \nthree \n", "one two three \n"},
        {"one\n\ntwo\n", "one\n\ntwo\n"},
        {" one\n  two\n From me\n >no quote\n", "one\n two\nFrom me\n>no quote\n"},
        {"> one \n> two\n", "> one two\n"},
        {">> one \n>> two\n> three\n", "> > one two\n> three\n"},
        {"> one \ntwo\n", "> one \ntwo\n"},  // §4.5: another depth ends the paragraph
        {">\n", ">\n"},
        {">one\n", "> one\n"},
        {"text \n-- \nBob\n", "text \n-- \nBob\n"},
        {"> -- \n> Bob\n", "> -- \n> Bob\n"},
        {" \n", "\n"},
    };
    for (const auto& [flowed, text] : cases) EXPECT_EQ(unflow(flowed, false), text) << escape_control(flowed);
}

TEST(Flowed, delsp_takes_the_space_away) {
    EXPECT_EQ(unflow("\u65E5\u672C \n\u8A9E\n", true), "\u65E5\u672C\u8A9E\n");
    EXPECT_EQ(unflow("one  \ntwo\n", true), "one two\n");
    EXPECT_EQ(unflow("-- \nBob\n", true), "-- \nBob\n");
}

TEST(Flowed, long_lines_are_broken_at_spaces) {
    const std::string words = "word word word word word word word word word word word word word word word word word word";
    const std::string flowed = flow(words + "\nnext\n");
    EXPECT_EQ(unflow(flowed, false), words + "\nnext\n");
    EXPECT_GT(std::ranges::count(flowed, '\n'), 2);
    for (Lines lines(flowed); !lines.at_end();) EXPECT_LE(lines.take().size(), 78U);
    // A character is one, however many bytes it has; a word is never broken.
    EXPECT_EQ(flow(std::string(100, 'x')), std::string(100, 'x') + "\n");
    std::string umlauts;
    for (int i = 0; i < 38; ++i) umlauts += "\u00FC ";
    EXPECT_EQ(flow(umlauts + "\u00FC"), umlauts + "\u00FC\n");
}

TEST(Flowed, what_would_be_misread_is_stuffed) {
    EXPECT_EQ(flow("From me\n two\n"), " From me\n  two\n");
    EXPECT_EQ(flow("> quoted\n>> deep\n> > deep\n>\n"), "> quoted\n>> deep\n>> deep\n>\n");
    EXPECT_EQ(flow("space at the end  \n-- \nBob"), "space at the end\n-- \nBob\n");
}

TEST(Flowed, what_flows_is_read_as_it_was) {
    std::minstd_rand random(17);  // NOLINT: the same every time
    constexpr std::string_view pieces[] = {" ", "  ", "\n", "word", "a-longer-word-than-that", "\u00FC", "From ", ">", "> ", "-- ", "--"};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 60; ++i) text += pieces[random() % std::size(pieces)];
        // Once through, the marks are in one form and no line ends with a space.
        const std::string once = unflow(flow(text), false);
        ASSERT_EQ(unflow(flow(once), false), once) << escape_control(text);
    }
}

}  // namespace
}  // namespace packetboat::mime
