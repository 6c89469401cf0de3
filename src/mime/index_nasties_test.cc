#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "mime/index.h"
#include "mime/testing/generator.h"
#include "mime/testing/plain_index.h"

namespace packetboat::mime {

namespace {

std::string multipart(std::string_view boundary) { return "Content-Type: multipart/mixed; boundary=\"" + std::string(boundary) + "\"\n\n"; }

}  // namespace

// Each of these takes hours where some step looks at the rest of the message, or at all that is open, for every line.
TEST(IndexNasties, ten_thousand_nested_parts) {
    std::string message;
    for (int i = 0; i < 10'000; ++i) message += multipart("b" + std::to_string(i) + ".") + "--b" + std::to_string(i) + ".\n";
    const Index found = index(message);
    EXPECT_TRUE(found.truncated);
    EXPECT_EQ(found.parts.size(), 102U);
    EXPECT_EQ(found.parts.back().depth, 101U);
    EXPECT_EQ(found.parts.back().body.end, message.size());
    EXPECT_EQ(testing::difference(found, message), "");

    std::string messages;
    for (int i = 0; i < 10'000; ++i) messages += "Content-Type: message/rfc822\n\n";
    EXPECT_EQ(index(messages).parts.size(), 102U);
    const Index unlimited = index(messages, {.parts_max = 100'000, .nesting_max = 100'000});
    EXPECT_EQ(unlimited.parts.size(), 10'001U);
    EXPECT_FALSE(unlimited.truncated);
}

TEST(IndexNasties, a_hundred_thousand_sibling_parts) {
    std::string message = multipart("b");
    for (int i = 0; i < 100'000; ++i) message += "--b\n\nx\n";
    const Index found = index(message);
    EXPECT_EQ(found.parts.size(), 10'000U);
    EXPECT_TRUE(found.truncated);
    EXPECT_EQ(found.parts.back().body.end, message.size());
}

TEST(IndexNasties, headers_of_megabytes) {
    std::string folds = "Subject: x";
    for (int i = 0; i < 500'000; ++i) folds += "\n y";
    EXPECT_EQ(index(folds).fields.size(), 1U);
    EXPECT_EQ(index(folds + "\n\nbody").parts[0].body.size(), 4U);
    std::string fields;
    for (int i = 0; i < 300'000; ++i) fields += "A: 1\n";
    const Index found = index(fields + "\nbody");
    EXPECT_EQ(found.fields.size(), 100'000U);
    EXPECT_TRUE(found.truncated);
    EXPECT_EQ(found.parts[0].body.size(), 4U);
    EXPECT_EQ(index(std::string(4'000'000, 'n')).fields.size(), 0U);
    EXPECT_EQ(index("A" + std::string(4'000'000, ' ')).fields.size(), 0U);
    EXPECT_EQ(index("Content-Type: multipart/mixed; boundary=\"" + std::string(4'000'000, 'b') + "\"\n\n").parts[0].kind, Kind::multipart);
}

TEST(IndexNasties, many_boundaries_that_share_long_prefixes_and_many_lines_that_nearly_match) {
    const std::string prefix(66, 'a');
    std::string message;
    for (int i = 0; i < 100; ++i) message += multipart(prefix + std::to_string(100 + i)) + "--" + prefix + std::to_string(100 + i) + "\n";
    message += "\n";
    const std::size_t begin = message.size();
    for (int i = 0; i < 50'000; ++i) message += "--" + prefix + "x\n--\n--a\n";
    const Index found = index(message);
    EXPECT_EQ(found.parts.size(), 101U);
    EXPECT_EQ(found.parts.back().body, (Range{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(message.size())}));
    EXPECT_EQ(found.parts.back().body_lines, 150'000U);
}

TEST(IndexNasties, lines_of_dashes_and_nothing) {
    std::string message = multipart("b") + "--b\n\n";
    for (int i = 0; i < 1'000'000; ++i) message += "--\n";
    EXPECT_EQ(index(message).parts[1].body_lines, 1'000'000U);
    EXPECT_EQ(index(multipart("b") + std::string(3'000'000, '-')).parts.size(), 1U);
    EXPECT_EQ(index(multipart("b") + "--b" + std::string(3'000'000, ' ')).parts.size(), 2U);
}

TEST(IndexNasties, nothing_but_nul_cr_or_lf) {
    for (const char c : {'\0', '\r', '\n', '-', ':', ' ', '\xff'}) {
        const std::string message(10'000, c);
        const Index found = index(message);
        EXPECT_EQ(testing::difference(found, message), "") << int{c};
        EXPECT_EQ(found.has_nul, c == '\0');
    }
}

TEST(IndexGenerated, realistic_messages_are_read_as_a_plain_reader_reads_them) {
    for (const auto line_end : {testing::Generator::LineEnd::lf, testing::Generator::LineEnd::crlf}) {
        testing::Generator generator(7, line_end);
        std::size_t bytes = 0;
        std::size_t parts = 0;
        for (int i = 0; i < 200; ++i) {
            const std::string_view message = generator.next();
            const Index found = index(message);
            ASSERT_EQ(testing::difference(found, message), "") << message.substr(0, 4000);
            EXPECT_FALSE(found.truncated);
            EXPECT_EQ(found.has_bare_cr_or_lf, line_end == testing::Generator::LineEnd::lf);
            for (const Part& part : found.parts) EXPECT_TRUE(part.kind != Kind::multipart || part.boundary_closed);
            EXPECT_GT(found.parts[0].header.size(), 1000U);
            bytes += message.size();
            parts += found.parts.size();
        }
        EXPECT_GT(bytes / 200, 15'000U);
        EXPECT_LT(bytes / 200, 60'000U);
        EXPECT_GT(parts, 400U);
    }
}

// Bytes of real messages, cut, doubled and overwritten.
TEST(IndexGenerated, damaged_messages_are_read_as_a_plain_reader_reads_them) {
    testing::Random random(3);
    testing::Generator generator(9);
    const std::vector<std::string> pieces = {
        "\n", "\r", "\r\n", "--", "\n--", "\r\n\r\n", ":", " ", "--\r\n", "From ", std::string(1, '\0'), "\xe4"};
    for (int i = 0; i < 150; ++i) {
        std::string message(generator.next().substr(0, 20'000));
        for (std::size_t damage = random.below(30); damage > 0; --damage) {
            const std::size_t at = random.below(message.size());
            switch (random.below(3)) {
                case 0: message.erase(at, random.below(80)); break;
                case 1: message.insert(at, pieces[random.below(pieces.size())]); break;
                default: message.insert(at, message.substr(random.below(message.size()), random.below(300)));
            }
            if (message.empty()) message = "x";
        }
        ASSERT_EQ(testing::difference(index(message), message), "") << message;
    }
}

}  // namespace packetboat::mime
