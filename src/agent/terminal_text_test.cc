#include "agent/terminal_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/table.h"

namespace packetboat::agent {
namespace {

using namespace std::string_literals;

TEST(TerminalText, nothing_that_a_terminal_obeys_gets_through) {
    EXPECT_EQ(printable("\x1b[2J\x1b]0;title\x07"), "␛[2J␛]0;title␇");
    EXPECT_EQ(printable("a\0b"s), "a␀b");
    EXPECT_EQ(printable("\x7f"), "␡");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\xef\xbf\xbd"
              "31m");  // CSI as one C1 character
    EXPECT_EQ(printable("\x9b"
                        "31m"),
              "\xef\xbf\xbd"
              "31m");  // and as a byte that is not UTF-8
    EXPECT_EQ(printable("invoice\u202Efdp.exe"), "invoicefdp.exe");
    EXPECT_EQ(printable("\u2066a\u2069\u200E\u200F\u061C\u200B\uFEFF\u00AD"), "a");
    EXPECT_EQ(printable("x\U000E0041\U000E007Fy"), "xy");
    for (char32_t c = 0; c < 0x20; ++c) {
        const std::string shown = printable(std::string(1, static_cast<char>(c)));
        EXPECT_TRUE(shown == " " || shown.size() == 3) << static_cast<int>(c);
    }
}

TEST(TerminalText, text_of_every_script_gets_through) {
    for (const char* text :
         {"Grüße", "日本語", "नमस्ते", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", "👩\u200D👩\u200D👧", "❤\uFE0F", "e\u0301"})
        EXPECT_EQ(printable(text), text);
}

TEST(TerminalText, a_tower_of_combining_marks_is_cut) {
    std::string tower = "a";
    for (int i = 0; i < 100; ++i) tower += "\u0301";
    EXPECT_EQ(printable(tower).size(), 1 + 2 * marks_max);
    EXPECT_EQ(columns_of(printable(tower)), 1U);
}

TEST(TerminalText, line_ends_of_all_kinds) {
    const std::string text = "a\r\nb\rc\nd\u2028e\u0085f";
    EXPECT_EQ(printable(text, Lines::many), "a\nb\nc\nd\ne\nf");
    EXPECT_EQ(printable(text, Lines::one), "a b c d e f");
    EXPECT_EQ(printable("a\tb", Lines::many), "a       b");
    EXPECT_EQ(printable("日本\tb", Lines::many), "日本    b");
}

TEST(TerminalText, columns) {
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("日本語"), 6U);
    EXPECT_EQ(columns_of("ｈ"), 2U);
    EXPECT_EQ(columns_of("e\u0301"), 1U);
    EXPECT_EQ(columns_of("🙂"), 2U);
    EXPECT_EQ(columns_of("\u1112\u1161\u11AB"), 2U);
    EXPECT_EQ(columns_of(""), 0U);
}

TEST(TerminalText, shorten_never_takes_more_than_it_may) {
    EXPECT_EQ(shorten("abcdef", 6), "abcdef");
    EXPECT_EQ(shorten("abcdef", 4), "abc…");
    EXPECT_EQ(shorten("日本語", 6), "日本語");
    EXPECT_EQ(shorten("日本語", 5), "日本…");
    EXPECT_EQ(shorten("日本語", 4), "日…");
    EXPECT_EQ(shorten("日本語", 1), "…");
    EXPECT_EQ(shorten("abc", 0), "");
    for (std::size_t columns = 0; columns < 12; ++columns) EXPECT_LE(columns_of(shorten("a日e\u0301本🙂x", columns)), columns);
}

TEST(TerminalText, wrap_breaks_at_spaces_and_beside_wide_characters) {
    EXPECT_EQ(wrap("the quick brown fox jumps", 15), "the quick brown\nfox jumps");
    EXPECT_EQ(wrap("the quick brown  fox\n\njumps\n", 15), "the quick brown\nfox\n\njumps\n");
    EXPECT_EQ(wrap("> the quick brown fox", 15), "> the quick\n> brown fox");
    EXPECT_EQ(wrap("  the quick brown fox", 15), "  the quick\n  brown fox");
    EXPECT_EQ(wrap("日本語日本語日本語", 12), "日本語日本語\n日本語");
    EXPECT_EQ(wrap("see https://example.test/a/very/long/address here", 15), "see\nhttps://example.test/a/very/long/address\nhere");
    EXPECT_EQ(wrap("short", 15), "short");
}

TEST(TerminalText, json_stays_the_same_json) {
    EXPECT_EQ(json_for_terminal("{\"a\":\"\u202E\xc2\x9b\x7fü\"}"), "{\"a\":\"\\u202e\\u009b\\u007fü\"}");
    EXPECT_EQ(json_for_terminal("\"\U000E0041\""), "\"\\udb40\\udc41\"");
}

TEST(Table, fits_and_lines_up) {
    const Column head[] = {
        {.title = "N", .to_the_right = true}, {.title = "FROM", .shrinks_to = 4}, {.title = "SUBJECT", .shrinks_to = 8}, {.title = "SIZE"}};
    const std::vector<std::vector<std::string>> rows = {{"1", "日本語の名前", "A subject that is much too long for a terminal", "1 KB"},
                                                        {"12", "Bob\x1b[31m", "e\u0301", "20 KB"}};
    const std::string wide = table(head, rows, 0);
    EXPECT_NE(wide.find("much too long for a terminal"), std::string::npos);
    EXPECT_EQ(wide.find('\x1b'), std::string::npos);
    for (const std::size_t columns : {40U, 60U, 80U}) {
        const std::string text = table(head, rows, columns);
        std::size_t at = 0;
        for (int line = 0; line < 3; ++line) {
            const std::size_t end = text.find('\n', at);
            EXPECT_LE(columns_of(std::string_view(text).substr(at, end - at)), columns);
            at = end + 1;
        }
        EXPECT_EQ(at, text.size());
    }
    EXPECT_EQ(table(head, {}, 0), "N  FROM  SUBJECT  SIZE\n");
}

TEST(Table, sizes) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(999), "999 B");
    EXPECT_EQ(size_text(1'000), "1.0 KB");
    EXPECT_EQ(size_text(12'345), "12 KB");
    EXPECT_EQ(size_text(999'999), "999 KB");
    EXPECT_EQ(size_text(1'250'000), "1.2 MB");
    EXPECT_EQ(size_text(UINT64_MAX), "18 EB");
}

}  // namespace
}  // namespace packetboat::agent
