#include "mime/preview.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace packetboat::mime {

namespace {

std::string preview_of(std::string_view type, std::string_view text, std::size_t characters = 256) {
    const std::string message = "Content-Type: " + std::string(type) + "\r\n\r\n" + std::string(text);
    return preview(email_body(index(message), message), message, characters);
}

}  // namespace

TEST(Preview, is_the_beginning_of_the_text_with_single_spaces) {
    EXPECT_EQ(preview_of("text/plain", "  Hello\r\n\r\n  dear\tWorld  \r\n"), "Hello dear World");
    EXPECT_EQ(preview_of("text/plain; charset=utf-8",
                         "a\xc2\xa0\xe2\x80\x8b b\xc2\xad"
                         "c"),
              "a bc");
    EXPECT_EQ(preview_of("text/plain", ""), "");
}

TEST(Preview, counts_characters_not_bytes) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "\xc3\xa4";
    EXPECT_EQ(preview_of("text/plain; charset=utf-8", text).size(), 512U);
    EXPECT_EQ(preview_of("text/plain", "ab cd", 3), "ab");
    EXPECT_EQ(preview_of("text/plain", "ab cd", 4), "ab c");
}

TEST(Preview, quotes_and_signatures_are_skipped) {
    EXPECT_EQ(preview_of("text/plain", "On Monday, John wrote:\r\n> old\r\n> text\r\n\r\nNew text\r\n-- \r\nJohn\r\n"), "New text");
    EXPECT_EQ(preview_of("text/plain", "On Monday, John wrote:\r\n\r\n> old\r\n\r\nNew\r\n"), "New");
    EXPECT_EQ(preview_of("text/plain", "Yes\r\n-----Original Message-----\r\nFrom: x\r\n"), "Yes");
    EXPECT_EQ(preview_of("text/plain", "Two:\r\n\r\nlines\r\n"), "Two: lines");
}

TEST(Preview, of_a_message_that_is_all_quote_is_the_quote) {
    EXPECT_EQ(preview_of("text/plain", "> only\r\n> quoted\r\n"), "> only > quoted");
}

TEST(Preview, flowed_text_is_joined) { EXPECT_EQ(preview_of("text/plain; format=flowed; delsp=yes", "Hel \r\nlo\r\n"), "Hello"); }

TEST(Preview, html_is_read_as_text) {
    EXPECT_EQ(preview_of("text/html", "<style>x{}</style><p>Hello <b>World</b></p><p>&amp; all</p>"), "Hello World & all");
}

TEST(Preview, of_an_alternative_is_of_its_plain_text) {
    constexpr std::string_view parts = "--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b--\r\n";
    EXPECT_EQ(preview_of("multipart/alternative; boundary=b", parts), "plain");
    constexpr std::string_view empty = "--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b--\r\n";
    EXPECT_EQ(preview_of("multipart/alternative; boundary=b", empty), "html");
}

}  // namespace packetboat::mime
