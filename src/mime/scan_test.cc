#include "mime/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "mime/testing/generator.h"

namespace packetboat::mime {

namespace {

// Byte by byte, as scan.h says it.
Tally tally_of(std::string_view text, std::size_t begin, std::size_t end) {
    Tally tally;
    for (std::size_t i = begin; i < end; ++i) {
        const char next = i + 1 < text.size() ? text[i + 1] : 'x';
        if (text[i] == '\n' || (text[i] == '\r' && next != '\n')) ++tally.lines;
        if (text[i] == '\0') tally.nul = true;
        if ((text[i] == '\r') != (next == '\n')) tally.bare = true;
    }
    return tally;
}

std::size_t next_dashes(std::string_view text, std::size_t begin) {
    const std::size_t found = text.find("\n--", begin);
    return found == std::string_view::npos ? text.size() : found + 1;
}

std::size_t line_end(std::string_view text, std::size_t begin) {
    const std::size_t lf = text.find('\n', begin);
    return lf == std::string_view::npos ? text.size() : lf + 1;
}

std::size_t field_end(std::string_view text, std::size_t begin) {
    std::size_t end = line_end(text, begin);
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) end = line_end(text, end);
    return end;
}

std::size_t name_end(std::string_view text, std::size_t begin) {
    while (begin < text.size() && text[begin] > ' ' && text[begin] <= '~' && text[begin] != ':') ++begin;
    return begin;
}

bool has_8bit(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c & 0x80) != 0; });
}

void expect_as_said(const Scanner& scanner, std::string_view text, std::size_t begin) {
    SCOPED_TRACE(std::string(scanner.name) + " from " + std::to_string(begin) + " of " + std::to_string(text.size()));
    Tally tally;
    const std::size_t dashes = scanner.to_dashes(text, begin, tally);
    EXPECT_EQ(dashes, next_dashes(text, begin));
    EXPECT_EQ(tally.lines, tally_of(text, begin, dashes).lines);
    if (dashes == text.size()) {
        EXPECT_EQ(tally, tally_of(text, begin, dashes));
    }
    EXPECT_GE(tally.nul, tally_of(text, begin, dashes).nul);
    EXPECT_GE(tally.bare, tally_of(text, begin, dashes).bare);

    tally = {};
    const std::size_t line = scanner.line(text, begin, tally);
    EXPECT_EQ(line, line_end(text, begin));
    EXPECT_EQ(tally, tally_of(text, begin, line));

    tally = {};
    const FieldScan field = scanner.field(text, begin, tally);
    EXPECT_EQ(field.end, field_end(text, begin));
    EXPECT_EQ(field.name_end, name_end(text, begin));
    EXPECT_EQ(field.has_8bit, has_8bit(text.substr(begin, field.end - begin)));
    EXPECT_EQ(tally, tally_of(text, begin, field.end));
}

}  // namespace

TEST(Scan, all_processors_see_what_a_byte_by_byte_reader_sees) {
    testing::Random random(1);
    constexpr std::string_view alphabet("\r\n\n-- \t:ab\0\xe4zzzzzzzzzzzzzzzzzzzzzzzzzzzz", 40);
    for (int round = 0; round < 300; ++round) {
        // Some texts are dense with what matters, some nearly without.
        const std::size_t letters = 1 + random.below(alphabet.size());
        std::string text(random.below(200), 'y');
        for (char& c : text) c = random.one_in(2) ? 'y' : alphabet[random.below(letters)];
        for (const Scanner& scanner : scanners()) {
            for (std::size_t begin = 0; begin <= text.size(); begin += 1 + random.below(7)) expect_as_said(scanner, text, begin);
        }
    }
}

TEST(Scan, never_looks_past_the_text_wherever_a_candidate_stands) {
    for (const Scanner& scanner : scanners()) {
        for (std::size_t size = 0; size < 140; ++size) {
            for (const std::string_view end : {"", "\n", "\n-", "\n--", "\r", "\r\n--", "\n ", "\n\n"}) {
                // In memory of its own, so that the address sanitizer sees a byte too many.
                const std::string text = std::string(size, 'x') + std::string(end);
                const std::vector<char> exact(text.begin(), text.end());
                expect_as_said(scanner, std::string_view(exact.data(), exact.size()), 0);
            }
        }
    }
}

TEST(Scan, counts_more_lines_than_a_lane_can_hold) {
    const std::string text(100'000, '\n');
    for (const Scanner& scanner : scanners()) {
        Tally tally;
        EXPECT_EQ(scanner.to_dashes(text, 0, tally), text.size());
        EXPECT_EQ(tally.lines, text.size()) << scanner.name;
    }
}

}  // namespace packetboat::mime
