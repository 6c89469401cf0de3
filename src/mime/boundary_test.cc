#include "mime/boundary.h"

#include <gtest/gtest.h>

#include <string>

namespace packetboat::mime {

namespace {

// "part" or "part closing", or "none".
std::string match(const Boundaries& boundaries, std::string_view text) {
    const std::optional<Delimiter> delimiter = boundaries.match(text);
    if (!delimiter) return "none";
    return std::to_string(delimiter->part) + (delimiter->closing ? " closing" : "");
}

}  // namespace

TEST(Boundaries, a_boundary_begins_the_line_and_may_be_followed_by_anything) {
    Boundaries boundaries;
    EXPECT_EQ(match(boundaries, "b\n"), "none");
    boundaries.open("b", 0);
    EXPECT_EQ(match(boundaries, "b\r\n"), "0");
    EXPECT_EQ(match(boundaries, "b"), "0");
    EXPECT_EQ(match(boundaries, "b \t\r\n"), "0");
    EXPECT_EQ(match(boundaries, "bcd\n"), "0");
    EXPECT_EQ(match(boundaries, "b--\n"), "0 closing");
    EXPECT_EQ(match(boundaries, "b--"), "0 closing");
    EXPECT_EQ(match(boundaries, "b-- \n"), "0 closing");
    EXPECT_EQ(match(boundaries, "b--more"), "0 closing");
    EXPECT_EQ(match(boundaries, "b-\n"), "0");
    EXPECT_EQ(match(boundaries, "B\n"), "none");
    EXPECT_EQ(match(boundaries, " b\n"), "none");
    EXPECT_EQ(match(boundaries, ""), "none");
}

TEST(Boundaries, the_longest_is_meant_and_the_innermost_of_equal_ones) {
    Boundaries boundaries;
    boundaries.open("foo--bar", 0);
    boundaries.open("same", 1);
    boundaries.open("foo", 2);
    boundaries.open("same", 3);
    boundaries.open("foobar", 4);
    boundaries.open("fo", 5);
    EXPECT_EQ(match(boundaries, "foo\n"), "2");
    EXPECT_EQ(match(boundaries, "foo--\n"), "2 closing");
    EXPECT_EQ(match(boundaries, "foo--bar\n"), "0");
    EXPECT_EQ(match(boundaries, "foo--bar--\n"), "0 closing");
    EXPECT_EQ(match(boundaries, "foob\n"), "2");
    EXPECT_EQ(match(boundaries, "foobar\n"), "4");
    EXPECT_EQ(match(boundaries, "fo\n"), "5");
    EXPECT_EQ(match(boundaries, "same\n"), "3");
    EXPECT_EQ(match(boundaries, "sam\n"), "none");
    boundaries.close(3);
    EXPECT_EQ(match(boundaries, "same\n"), "1");
    EXPECT_EQ(match(boundaries, "fox\n"), "none");
    boundaries.close(0);
    EXPECT_TRUE(boundaries.empty());
}

// "b--" is both the end of "b" and a part of "b--": the innermost that is the whole line is meant.
TEST(Boundaries, a_whole_line_of_the_innermost_is_never_something_else) {
    Boundaries boundaries;
    boundaries.open("b--", 0);
    boundaries.open("b", 1);
    EXPECT_EQ(match(boundaries, "b--\n"), "1 closing");
    EXPECT_EQ(match(boundaries, "b----\n"), "0 closing");
}

TEST(Boundaries, of_a_long_one_the_first_bytes_are_compared) {
    const std::string common(boundary_max_bytes, 'x');
    Boundaries boundaries;
    boundaries.open(common + "inner", 7);
    EXPECT_EQ(match(boundaries, common + "other\n"), "7");
    EXPECT_EQ(match(boundaries, common.substr(1) + "\n"), "none");
}

TEST(Boundaries, many_that_share_long_prefixes_are_told_apart) {
    Boundaries boundaries;
    for (std::uint32_t i = 0; i < 1000; ++i) boundaries.open(std::string(70, 'a') + std::to_string(1000 + i), i);
    for (const std::uint32_t i : {0U, 1U, 500U, 999U}) {
        EXPECT_EQ(match(boundaries, std::string(70, 'a') + std::to_string(1000 + i) + "\n"), std::to_string(i));
    }
    EXPECT_EQ(match(boundaries, std::string(70, 'a') + "\n"), "none");
    EXPECT_EQ(match(boundaries, std::string(90, 'a') + "\n"), "none");
}

}  // namespace packetboat::mime
