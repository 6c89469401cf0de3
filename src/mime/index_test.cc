#include "mime/index.h"

#include <gtest/gtest.h>

#include <string>

#include "mime/testing/plain_index.h"

namespace packetboat::mime {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') {
            out += "\\r";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else {
            out += c;
        }
    }
    return out;
}

void outline(const Index& index, std::string_view message, std::uint32_t number, std::string& out) {
    const Part& part = index.parts[number];
    if (part.kind == Kind::leaf) {
        out += "'" + escaped(part.body.of(message)) + "'";
        return;
    }
    out += part.kind == Kind::message ? "message(" : part.boundary_closed ? "multipart(" : "open multipart(";
    for (std::uint32_t child = part.first_child; child != Part::none; child = index.parts[child].next) {
        if (child != part.first_child) out += ' ';
        outline(index, message, child, out);
    }
    out += ')';
}

// The part tree: leaves as their bodies in quotes.
std::string outline(std::string_view message, const Limits& limits = {}) {
    const Index found = index(message, limits);
    EXPECT_EQ(testing::difference(found, message, limits), "");
    std::string out;
    outline(found, message, 0, out);
    return out;
}

std::string crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

// The fields of the first part: "Name=value|".
std::string fields(std::string_view message) {
    const Index found = index(message);
    EXPECT_EQ(testing::difference(found, message), "");
    std::string out;
    for (const Field& field : found.of(found.parts[0])) {
        ((out += field.name.of(message)) += '=') += escaped(field.value.of(message)) + "|";
    }
    return out;
}

std::string multipart(std::string_view boundary, std::string_view subtype = "mixed") {
    return "Content-Type: multipart/" + std::string(subtype) + "; boundary=\"" + std::string(boundary) + "\"\n\n";
}

constexpr std::string_view two_parts =
    "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\nX: y\n\ntwo\n--b--\nepilogue\n";

}  // namespace

TEST(Index, a_message_has_a_header_an_empty_line_and_a_body) {
    const std::string_view message = "From: a@example.com\r\nSubject: one\r\n two\r\n\r\nHello,\r\nworld\r\n";
    const Index found = index(message);
    ASSERT_EQ(found.parts.size(), 1U);
    const Part& part = found.parts[0];
    EXPECT_TRUE(part.header_ended);
    EXPECT_EQ(part.header, (Range{0, 43}));
    EXPECT_EQ(part.body.of(message), "Hello,\r\nworld\r\n");
    EXPECT_EQ(part.body_lines, 2U);
    ASSERT_EQ(part.field_count, 2U);
    const Field* subject = found.find(part, FieldName::subject);
    ASSERT_NE(subject, nullptr);
    EXPECT_EQ(subject->value.of(message), " one\r\n two");
    EXPECT_EQ(subject->whole().of(message), "Subject: one\r\n two");
    EXPECT_EQ(found.find(part, message, "subject"), subject);
    EXPECT_EQ(found.find(part, FieldName::to), nullptr);
    EXPECT_EQ(found.find(part, message, "X-None"), nullptr);
    EXPECT_FALSE(found.has_nul || found.has_8bit_header || found.has_bare_cr_or_lf || found.truncated);
}

TEST(Index, the_smallest_messages) {
    EXPECT_EQ(outline(""), "''");
    EXPECT_EQ(outline("\n"), "''");
    EXPECT_EQ(outline("\r\n"), "''");
    EXPECT_EQ(outline("\r"), "'\\r'");
    EXPECT_EQ(outline("x"), "'x'");
    EXPECT_EQ(outline("A:"), "''");
    EXPECT_EQ(outline("A:\n"), "''");
    EXPECT_EQ(outline("\n\n"), "'\\n'");
    EXPECT_EQ(outline("\xef\xbb\xbf"), "'\xef\xbb\xbf'");
    EXPECT_EQ(outline("\xef\xbb\xbfx"), "'\xef\xbb\xbfx'");
    EXPECT_EQ(outline("\xef\xbb\xbf\nx"), "'x'");
}

TEST(Index, header_fields_as_they_are_found_in_the_wild) {
    EXPECT_EQ(fields("A: 1\nB:2\n\nC: 3\n"), "A= 1|B=2|");
    EXPECT_EQ(fields("A : 1\nB\t:2\n"), "A= 1|B=2|");                           // white space before the colon
    EXPECT_EQ(fields("A: 1\n \n\t\nB: 2\n\n"), "A= 1\\n \\n\\t|B= 2|");         // folds of nothing but white space
    EXPECT_EQ(fields("A: 1\r\n 2\n\t3\r\nB: 4"), "A= 1\\r\\n 2\\n\\t3|B= 4|");  // mixed line ends, and no end
    EXPECT_EQ(fields("A: 1\rB: 2\r\n\r\n"), "A= 1\\rB: 2|");                    // a bare CR ends no line
    EXPECT_EQ(fields("A: 1\nno field\nB: 2\n\n"), "A= 1|");                     // the body begins
    EXPECT_EQ(fields("A: 1\nB\n"), "A= 1|");
    EXPECT_EQ(fields("A: 1\n: 2\n"), "A= 1|");                                // no name
    EXPECT_EQ(fields("A: 1\nB C: 2\n"), "A= 1|");                             // no name either
    EXPECT_EQ(fields(" A: 1\n"), "");                                         // a fold of what?
    EXPECT_EQ(fields(" \t \r\nA: 1\n"), "A= 1|");                             // a line of white space before all
    EXPECT_EQ(fields("From a@b Tue Nov 24 08:01:42 2026\nA: 1\n"), "A= 1|");  // of an mbox
    EXPECT_EQ(fields(">From a@b Tue Nov 24 08:01:42 2026\nA: 1\n"), "A= 1|");
    EXPECT_EQ(fields("A: 1\nFrom a@b Tue Nov 24 08:01:42 2026\nB: 1\n"), "A= 1|");  // not elsewhere
    EXPECT_EQ(fields("From : a@b\nA: 1\n"), "From= a@b|A= 1|");
    EXPECT_EQ(fields("\xef\xbb\xbf"
                     "A: 1\n"),
              "A= 1|");  // a byte order mark
    EXPECT_EQ(fields("A: \xe4\n"), "A= \xe4|");
    EXPECT_EQ(fields("\xe4: 1\n"), "");
    EXPECT_EQ(fields(std::string_view("A: \0\nB: 1\n", 10)), std::string("A= \0|B= 1|", 10));
    EXPECT_EQ(fields(std::string_view("A\0: 1\n", 6)), "");
    EXPECT_EQ(fields(std::string(500, 'n') + ": 1\n"), std::string(500, 'n') + "= 1|");
}

TEST(Index, what_is_odd_somewhere_is_said) {
    EXPECT_TRUE(index(std::string_view("A: 1\r\n\r\nx\0y", 11)).has_nul);
    EXPECT_TRUE(index(std::string_view("A: \0\r\n\r\n", 8)).has_nul);
    EXPECT_TRUE(index("A: \xe4\r\n\r\nx").has_8bit_header);
    EXPECT_FALSE(index("A: 1\r\n\r\n\xe4").has_8bit_header);
    EXPECT_FALSE(index("A: 1\r\n\r\nx\r\n").has_bare_cr_or_lf);
    for (const std::string_view bare : {"\nx", "A: 1\n\r\n", "A: 1\r\n\n", "A: 1\r\n\r\n\nx", "A: 1\r\n\r\nx\n", "A: 1\r\n\r\nx\r",
                                        "A: 1\r\n\r\nx\ry", "A: 1\r\n\r\r\n", "A: \r1\r\n\r\n", "\r", "A: 1\r", "x\n\r\ny"}) {
        EXPECT_TRUE(index(bare).has_bare_cr_or_lf) << escaped(bare);
    }
}

TEST(Index, line_ends_are_counted_one_each) {
    const auto lines = [](std::string_view body) { return index("\r\n" + std::string(body)).parts[0].body_lines; };
    EXPECT_EQ(lines(""), 0U);
    EXPECT_EQ(lines("a"), 0U);
    EXPECT_EQ(lines("a\r\nb\nc\rd"), 3U);
    EXPECT_EQ(lines("\r\r\n\n\r"), 4U);
}

TEST(Index, the_parts_of_a_multipart) {
    EXPECT_EQ(outline(two_parts), "multipart('one' 'two')");
    EXPECT_EQ(outline(crlf(two_parts)), "multipart('one' 'two')");
    const Index found = index(two_parts);
    ASSERT_EQ(found.parts.size(), 3U);
    const Part& whole = found.parts[0];
    // The preamble and the epilogue belong to the body of the multipart, and to no part of it.
    EXPECT_EQ(whole.body.of(two_parts), two_parts.substr(43));
    EXPECT_EQ(whole.boundary.of(two_parts), "b");
    EXPECT_EQ(whole.body_lines, 10U);
    EXPECT_EQ(found.parts[1].parent, 0U);
    EXPECT_EQ(found.parts[1].next, 2U);
    EXPECT_EQ(found.parts[1].depth, 1U);
    EXPECT_EQ(found.parts[2].next, Part::none);
    EXPECT_EQ(found.of(found.parts[2]).size(), 1U);
    EXPECT_EQ(found.parts[2].header.of(two_parts), "X: y\n\n");
}

TEST(Index, delimiters_as_the_imap_servers_take_them) {
    const struct {
        std::string_view body;
        std::string_view tree;
    } rows[] = {
        {"--b\n\none\n--b--\n", "multipart('one')"},
        {"--b\n\none\n\n--b--\n", "multipart('one\\n')"},
        {"--b\n\n--b\n\n--b--\n", "multipart('' '')"},  // empty parts
        {"--b\n--b\n--b--", "multipart('' '')"},        // without a header
        {"--b\nA: 1\n--b--", "multipart('')"},          // a header without an end
        {"--b\nA: 1", "open multipart('')"},
        {"--b\n\none", "open multipart('one')"},  // no closing delimiter
        {"--b\n\none\n", "open multipart('one\\n')"},
        {"--b \t\n\none\n--b-- \n", "multipart('one')"},  // white space after it
        {"--bc\n\none\n--b--c\n", "multipart('one')"},    // anything after it
        {"--b\n\none\n--b--", "multipart('one')"},
        {"--b\n\none\n--b\n", "open multipart('one' '')"},
        {"--b\n\none\n--b", "open multipart('one' '')"},
        {"--b\n\none\n--b--\n--b\n\ntwo\n", "multipart('one')"},  // after the closing one all is epilogue
        {"--b--\n--b\n\none\n", "multipart()"},
        {"nothing\n", "open multipart()"},  // the boundary never occurs: no children
        {"", "open multipart()"},
        {" --b\n\n\n-- b\n\nx--b\n", "open multipart()"},  // not at the beginning of a line
        {"--\n--B\n--c\n-\n---b\n", "open multipart()"},
        {"--b\n\na\r--b\r\n--b--", "multipart('a\\r--b')"},                   // a bare CR ends no line
        {"--b\r\n\r\none\n--b\n\r\ntwo\r\n--b--", "multipart('one' 'two')"},  // mixed line ends
        {"--b\n\n\r\n--b--", "multipart('')"},
        {"--b\n\n\r\r\n--b--", "multipart('\\r')"},
        {"--b\n-- b: x\n\none\n--b--", "multipart('-- b: x\\n\\none')"},
        {"--b\n--c: x\n\none\n--b--", "multipart('one')"},     // not every "--" is a delimiter
        {"--b\n--b: x\n\none\n--b--", "multipart('' 'one')"},  // but one with a colon is no field
    };
    for (const auto& row : rows) {
        const std::string message = "Content-Type: multipart/mixed; boundary=b\n\n" + std::string(row.body);
        EXPECT_EQ(outline(message), row.tree) << escaped(row.body);
    }
}

TEST(Index, an_outer_delimiter_ends_all_inside) {
    const std::string message = multipart("outer") + "--outer\n" + multipart("middle") + "--middle\n" + multipart("inner") +
                                "--inner\n\none\n--outer\n\ntwo\n--outer--\n";
    EXPECT_EQ(outline(message), "multipart(open multipart(open multipart('one')) 'two')");
    EXPECT_EQ(outline(crlf(message)), "multipart(open multipart(open multipart('one')) 'two')");
}

TEST(Index, the_longest_of_boundaries_that_begin_alike_is_meant) {
    const std::string message = multipart("b") + "--b\n" + multipart("bb") + "--bb\n\none\n--bb\n\ntwo\n--bb--\n--b\n\nthree\n--b--\n";
    EXPECT_EQ(outline(message), "multipart(multipart('one' 'two') 'three')");
    const std::string swapped = multipart("bb") + "--bb\n" + multipart("b") + "--b\n\none\n--b--\n--bb\n\nthree\n--bb--\n";
    EXPECT_EQ(outline(swapped), "multipart(multipart('one') 'three')");
}

TEST(Index, equal_boundaries_are_the_innermost_ones) {
    const std::string message = multipart("b") + "--b\n" + multipart("b") + "--b\n\none\n--b--\n--b\n\ntwo\n--b--\n";
    EXPECT_EQ(outline(message), "multipart(multipart('one') 'two')");
}

TEST(Index, without_a_boundary_a_multipart_is_a_leaf) {
    EXPECT_EQ(outline("Content-Type: multipart/mixed\n\n--\n\none\n"), "'--\\n\\none\\n'");
    EXPECT_EQ(outline("Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\none\n----\n"), "'--\\n\\none\\n----\\n'");
}

TEST(Index, the_first_content_type_counts) {
    EXPECT_EQ(outline("Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n"), "'--b\\n\\none\\n'");
    EXPECT_EQ(outline("Content-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n--b\n\none"), "open multipart('one')");
}

TEST(Index, a_message_in_a_message) {
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\nSubject: x\n\ninner\n"), "message('inner\\n')");
    EXPECT_EQ(outline("Content-Type: message/global\n\nSubject: x\n\ninner\n"), "message('inner\\n')");
    EXPECT_EQ(outline("Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n\ninner\n"), "message('inner\\n')");
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n\nx"), "message(message('x'))");
    EXPECT_EQ(outline("Content-Type: message/rfc822\n"), "message('')");
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\n"), "message('')");
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\n" + multipart("b") + "--b\n\none\n--b--\n"), "message(multipart('one'))");
}

// RFC 2046 §5.2.1: it may not be encoded. What is in it is not to be had without decoding.
TEST(Index, an_encoded_message_is_a_leaf) {
    for (const std::string_view encoding : {"base64", "quoted-printable", "BASE64"}) {
        const std::string message =
            "Content-Transfer-Encoding: " + std::string(encoding) + "\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n";
        EXPECT_EQ(outline(message), "'Subject: x\\n\\ninner\\n'") << encoding;
    }
}

TEST(Index, the_parts_of_a_digest_are_messages) {
    const std::string body = "--d\n\nSubject: one\n\none\n--d\nContent-Type: text/plain\n\ntwo\n--d\nSubject: three\n\nthree: 3\n--d--\n";
    EXPECT_EQ(outline(multipart("d", "digest") + body), "multipart(message('one') 'two' message(''))");
    const Index found = index(multipart("d", "digest") + body);
    EXPECT_TRUE(found.parts[0].digest);
    EXPECT_TRUE(found.parts[1].digest_child);
    EXPECT_FALSE(found.parts[2].digest_child);  // the message inside
    EXPECT_TRUE(found.parts[3].digest_child);
    EXPECT_FALSE(index(multipart("d") + body).parts[1].digest_child);
}

// As Dovecot and Cyrus count: what stands between the delimiters of the inner and the outer multipart is the message's.
TEST(Index, the_line_end_of_a_delimiter_or_a_header_is_not_given_to_the_next_delimiter) {
    const std::string message = multipart("o") + "--o\nContent-Type: message/rfc822\n\n" + multipart("i") +
                                "--i\n\none\n--i--\n--o\nContent-Type: message/rfc822\n\nA: 1\n\n--o--\n";
    const Index found = index(message);
    ASSERT_EQ(outline(message), "multipart(message(multipart('one')) message(''))");
    EXPECT_TRUE(found.parts[1].body.of(message).ends_with("\n--i--\n"));
    EXPECT_EQ(found.parts[1].body_lines, 6U);
    EXPECT_EQ(found.parts[4].body.of(message), "A: 1\n\n");
    EXPECT_EQ(found.parts[4].body_lines, 2U);
}

TEST(Index, the_header_alone_is_read_to_its_end_only) {
    const std::string message = "A: 1\r\nB: 2\r\n\r\n" + std::string("\0\n--\xe4\r", 6);
    const Index found = index_header(message);
    ASSERT_EQ(found.parts.size(), 1U);
    EXPECT_EQ(found.parts[0].header, (Range{0, 14}));
    EXPECT_EQ(found.parts[0].body, (Range{14, 20}));
    EXPECT_EQ(found.fields.size(), 2U);
    EXPECT_FALSE(found.has_nul || found.has_8bit_header || found.has_bare_cr_or_lf);
    EXPECT_EQ(index_header(two_parts).parts.size(), 1U);
    EXPECT_EQ(index_header("").parts.size(), 1U);
}

TEST(IndexLimits, further_parts_stay_in_the_last_one) {
    EXPECT_EQ(outline(two_parts, {.parts_max = 2}), "open multipart('one\\n--b\\nX: y\\n\\ntwo\\n--b--\\nepilogue\\n')");
    EXPECT_TRUE(index(two_parts, {.parts_max = 2}).truncated);
    EXPECT_EQ(outline(two_parts, {.parts_max = 3}), "multipart('one' 'two')");
    EXPECT_FALSE(index(two_parts, {.parts_max = 3}).truncated);
    EXPECT_EQ(index(two_parts, {.parts_max = 1}).parts.size(), 1U);
    EXPECT_EQ(index(two_parts, {.parts_max = 0}).parts.size(), 1U);
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\nA: 1\n\nx", {.parts_max = 1}), "'A: 1\\n\\nx'");
}

TEST(IndexLimits, a_multipart_or_message_that_is_too_deep_is_a_leaf) {
    const std::string message = multipart("a") + "--a\n" + multipart("b") + "--b\n\none\n--b--\n--a--\n";
    EXPECT_EQ(outline(message, {.nesting_max = 1}), "multipart(multipart('one'))");
    EXPECT_EQ(outline(message, {.nesting_max = 0}), "multipart('--b\\n\\none\\n--b--')");
    EXPECT_TRUE(index(message, {.nesting_max = 0}).truncated);
    EXPECT_EQ(outline("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nx", {.nesting_max = 0}), "message('x')");
}

TEST(IndexLimits, further_fields_are_not_listed_and_stay_in_the_header) {
    const std::string_view message = "A: 1\nB: 2\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n";
    EXPECT_EQ(outline(message, {.fields_max = 2}), "'--b\\n\\none\\n'");
    EXPECT_EQ(index(message, {.fields_max = 2}).fields.size(), 2U);
    EXPECT_TRUE(index(message, {.fields_max = 2}).truncated);
    EXPECT_FALSE(index(message, {.fields_max = 3}).truncated);
}

TEST(IndexLimits, what_lies_beyond_the_message_limit_is_not_there) {
    EXPECT_EQ(outline(two_parts, {.message_max_bytes = 59}), "open multipart('on')");
    EXPECT_TRUE(index(two_parts, {.message_max_bytes = 59}).truncated);
}

}  // namespace packetboat::mime
