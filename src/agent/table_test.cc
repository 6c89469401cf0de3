#include "agent/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "agent/letter.h"
#include "agent/show.h"
#include "agent/summary.h"
#include "agent/terminal_text.h"

namespace packetboat::agent {
namespace {

std::size_t widest(std::string_view text) {
    std::size_t most = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        most = std::max(most, columns_of(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return most;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::vector<Summary> long_rows() {
    const Summary row = {.item = {.number = 123'456, .uid = "u", .size_bytes = 999'000'000},
                         .date = "2026-11-24 09:01",
                         .from = "Somebody with a Name that is long",
                         .address = {},
                         .subject = "日本語の件名 and a subject that goes on and on, longer than any terminal is wide",
                         .attachment = true};
    return {row, row};
}

TEST(Table, of_the_inbox_fits_any_terminal) {
    const std::vector<Summary> rows = long_rows();
    for (std::size_t columns = 9; columns <= 120; ++columns) {
        const std::string text = summary_table(rows, columns);
        EXPECT_LE(widest(text), columns) << text;
        EXPECT_NE(text.find("123456"), std::string::npos) << text;
    }
    const auto head = [&](std::size_t columns) {
        std::string out;
        const std::string text = summary_table(rows, columns);
        for (const char c : first_line(text)) {
            if (c != ' ' || !out.ends_with(' ')) out += c;
        }
        return out;
    };
    EXPECT_EQ(head(80), "NUMBER DATE FROM SUBJECT SIZE +");
    EXPECT_EQ(head(49), "NUMBER DATE FROM SUBJECT SIZE +");
    EXPECT_EQ(head(40), "NUMBER DATE FROM SUBJECT");
    EXPECT_EQ(head(30), "NUMBER FROM SUBJECT");
    EXPECT_EQ(head(20), "NUMBER SUBJECT");
    EXPECT_GT(widest(summary_table(rows, 0)), 120U);
}

TEST(Table, of_the_attachments_fits_any_terminal) {
    const Letter letter(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
        "Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document\r\n"
        "Content-Disposition: attachment; filename=\"the minutes of the meeting that nobody will ever want to read again.docx\"\r\n\r\n"
        "xyz\r\n--b--\r\n");
    for (const std::size_t columns : {20U, 30U, 40U, 80U}) EXPECT_LE(widest(show(letter, {.columns = columns})), columns);
    const std::string wide = show(letter, {.columns = 80});
    EXPECT_NE(wide.find("TYPE"), std::string::npos) << wide;
    EXPECT_NE(wide.find("SIZE"), std::string::npos) << wide;
    const std::string narrow = show(letter, {.columns = 30});
    EXPECT_EQ(narrow.find("TYPE"), std::string::npos) << narrow;
    EXPECT_NE(narrow.find("SIZE"), std::string::npos) << narrow;
    const std::string narrowest = show(letter, {.columns = 20});
    EXPECT_EQ(narrowest.find("SIZE"), std::string::npos) << narrowest;
    EXPECT_NE(narrowest.find("NAME"), std::string::npos) << narrowest;
    EXPECT_NE(show(letter, {.columns = 0}).find("read again.docx"), std::string::npos);
}

TEST(Table, what_never_shrinks_is_shown_whole) {
    const Column head[] = {{.title = "NUMBER", .to_the_right = true}, {.title = "TEXT", .shrinks_to = 4}};
    const std::vector<std::string> rows[] = {{"1", "a long text"}};
    EXPECT_EQ(table(head, rows, 12), "NUMBER  TEXT\n     1  a l…\n");
    EXPECT_EQ(table(head, rows, 9), "NUMBER  …\n     1  …\n");
    EXPECT_EQ(table(head, rows, 1), "NUMBER  …\n     1  …\n");
    EXPECT_EQ(table(head, {}, 80), "NUMBER  TEXT\n");
}

}  // namespace
}  // namespace packetboat::agent
