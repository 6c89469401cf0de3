#include "mime/structure.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "mime/structure_fields.h"
#include "mime/testing/imap_text.h"

namespace packetboat::mime {

namespace {

std::string envelope_text(std::string_view header, ImapCharset charset = ImapCharset::ascii) {
    const std::string message = std::string(header) + "\r\nbody";
    const Index index = mime::index(message);
    std::string out;
    append_envelope(out, envelope(index, index.parts[0], message), charset);
    return out;
}

std::string structure_text(std::string_view message, ImapCharset charset = ImapCharset::ascii) {
    const Index index = mime::index(message);
    std::string out;
    append_body_structure(out, body_structure(index, message), charset);
    return out;
}

std::string to_list(std::string_view value) {
    const std::string text = envelope_text("To: " + std::string(value) + "\r\n");
    constexpr std::string_view before = "(NIL NIL NIL NIL NIL ";
    constexpr std::string_view after = " NIL NIL NIL NIL)";
    return text.substr(before.size(), text.size() - before.size() - after.size());
}

}  // namespace

TEST(Structure, envelope_of_rfc_9051_example) {
    EXPECT_EQ(envelope_text("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                            "From: Terry Gray <gray@cac.washington.edu>\r\n"
                            "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
                            "To: imap@cac.washington.edu\r\n"
                            "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
                            "Message-Id: <B27397-0100000@cac.washington.ed>\r\n"),
              "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
              "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
              "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) "
              "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
              "\"<B27397-0100000@cac.washington.ed>\")");
}

TEST(Structure, addresses_are_told_as_they_are_written) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"a@b.example", "((NIL NIL \"a\" \"b.example\"))"},
        {"<a@b.example>", "((NIL NIL \"a\" \"b.example\"))"},
        {"\"Doe, John\" <a@b.example>", "((\"Doe, John\" NIL \"a\" \"b.example\"))"},
        {"\"Q \\\" \\\\\" <a@b.example>", "((\"Q \\\" \\\\\" NIL \"a\" \"b.example\"))"},
        {"a@b.example (John Doe)", "((\"John Doe\" NIL \"a\" \"b.example\"))"},
        {"=?utf-8?q?J=C3=B6rn?= Doe <a@b.example>", "((\"=?utf-8?q?J=C3=B6rn?= Doe\" NIL \"a\" \"b.example\"))"},
        {"J\xf6rn <a@b.example>", "(({4}\r\nJ\xf6rn NIL \"a\" \"b.example\"))"},
        {"\"a b\"@c.example", "((NIL NIL \"a b\" \"c.example\"))"},
        {"X <@r1.example,@r2.example:a@b.example>", "((\"X\" \"@r1.example,@r2.example\" \"a\" \"b.example\"))"},
        {"List: a@b.example, C <c@d.example>;",
         "((NIL NIL \"List\" NIL)(NIL NIL \"a\" \"b.example\")(\"C\" NIL \"c\" \"d.example\")(NIL NIL NIL NIL))"},
        {"undisclosed-recipients:;", "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL))"},
        {"root", "((NIL NIL \"root\" \"MISSING_DOMAIN\"))"},
        {"Big Bug", "((\"Big Bug\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))"},
        {"a@[192.0.2.1]", "((NIL NIL \"a\" \"[192.0.2.1]\"))"},
        {"John\r\n Doe\t<a@b.example>,\r\n c@d.example", "((\"John Doe\" NIL \"a\" \"b.example\")(NIL NIL \"c\" \"d.example\"))"},
        {"", "NIL"},
        {" , ", "NIL"},
    };
    for (const auto& [value, expected] : rows) EXPECT_EQ(to_list(value), expected) << value;
}

TEST(Structure, sender_and_reply_to_are_from_where_the_message_has_none) {
    const std::string text = envelope_text("From: a@b.example\r\nSender: c@d.example\r\nReply-To: \r\n");
    EXPECT_EQ(text,
              "(NIL NIL ((NIL NIL \"a\" \"b.example\")) ((NIL NIL \"c\" \"d.example\")) ((NIL NIL \"a\" \"b.example\")) NIL NIL NIL NIL "
              "NIL)");
}

TEST(Structure, repeated_texts_are_the_last_and_repeated_addresses_are_one_list) {
    EXPECT_EQ(envelope_text("Subject: one\r\nSubject: two\r\nTo: a@b\r\nTo: c@d\r\n"),
              "(NIL \"two\" NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL)");
}

TEST(Structure, folds_and_nul_go_and_an_empty_subject_is_no_nil) {
    EXPECT_EQ(envelope_text(std::string_view("Date: a\r\n  b\r\nSubject: a \r\n\t b\0c\r\n", 33)),
              "(\"a  b\" \"a bc\" NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope_text("Subject:\r\n"), "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(Structure, text_that_is_not_ascii_is_a_literal_or_utf8_in_quotes) {
    EXPECT_EQ(envelope_text("Subject: \xc3\xb6\r\n"), "(NIL {2}\r\n\xc3\xb6 NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope_text("Subject: \xc3\xb6\r\n", ImapCharset::utf8), "(NIL \"\xc3\xb6\" NIL NIL NIL NIL NIL NIL NIL NIL)");
    EXPECT_EQ(envelope_text("Subject: \xf6\r\n", ImapCharset::utf8), "(NIL {1}\r\n\xf6 NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(Structure, a_message_without_any_field_is_a_text) {
    EXPECT_EQ(structure_text("\r\nline\r\n"), "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 1 NIL NIL NIL NIL)");
    EXPECT_EQ(structure_text(""), "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)");
}

TEST(Structure, all_that_a_part_says_is_told) {
    EXPECT_EQ(structure_text("Content-Type: IMAGE/Png; name=\"a b.png\"\r\n"
                             "Content-Transfer-Encoding: BASE64\r\n"
                             "Content-ID: <x@y>\r\nContent-Description: a  picture\r\nContent-MD5: Q2hlY2s=\r\n"
                             "Content-Disposition: Attachment; filename=b.png\r\nContent-Language: en, de-DE\r\n"
                             "Content-Location: http://a.example/\r\n\r\nAAAA"),
              "(\"image\" \"png\" (\"name\" \"a b.png\") \"<x@y>\" \"a picture\" \"BASE64\" 4 \"Q2hlY2s=\" "
              "(\"attachment\" (\"filename\" \"b.png\")) (\"en\" \"de-DE\") \"http://a.example/\")");
}

TEST(Structure, a_multipart_and_the_message_in_it) {
    constexpr std::string_view message =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\none\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "Subject: inner\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
        "--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\r\n--c--\r\n"
        "--b--\r\n";
    EXPECT_EQ(structure_text(message),
              "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL)"
              "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 126 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
              "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 3 0 NIL NIL NIL NIL) \"alternative\" (\"boundary\" \"c\") NIL "
              "NIL NIL) 8 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)");
    const Index index = mime::index(message);
    std::string body;
    append_body(body, body_structure(index, message));
    EXPECT_EQ(body,
              "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0)"
              "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 126 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL) "
              "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 3 0) \"alternative\") 8) \"mixed\")");
}

TEST(Structure, what_the_grammar_demands_stands_in) {
    EXPECT_EQ(
        structure_text("Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing"),
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL "
        "NIL)");
    EXPECT_EQ(structure_text("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"),
              "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
              "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)");
}

TEST(Structure, parameters_of_rfc_2231_are_joined_and_decoded_for_those_who_take_utf8) {
    constexpr std::string_view message =
        "Content-Type: application/x-x; name*0*=iso-8859-1''%e4; name*1=b; title=\"=?utf-8?q?x?=\"\r\n\r\n";
    EXPECT_EQ(structure_text(message, ImapCharset::utf8),
              "(\"application\" \"x-x\" (\"name\" \"\xc3\xa4"
              "b\" \"title\" \"=?utf-8?q?x?=\") NIL NIL \"7bit\" 0 NIL NIL NIL NIL)");
    EXPECT_EQ(structure_text(message),
              "(\"application\" \"x-x\" (\"name*\" \"utf-8''%C3%A4b\" \"title\" \"=?utf-8?q?x?=\") NIL NIL \"7bit\" 0 NIL NIL NIL NIL)");
}

TEST(Structure, an_encoding_with_more_than_its_name_is_told_by_its_name_if_it_can_be_decoded) {
    EXPECT_EQ(imap_encoding(" Base64 (comment)"), "Base64");
    EXPECT_EQ(imap_encoding("quoted-printable;"), "quoted-printable");
    EXPECT_EQ(imap_encoding("base64, or not"), "base64");
    EXPECT_EQ(imap_encoding("8 bit"), "7bit");
    EXPECT_EQ(imap_encoding("x-gzip64"), "x-gzip64");
    EXPECT_EQ(imap_encoding(""), "7bit");
}

TEST(Structure, strings_are_quoted_where_that_can_be) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"", "\"\""},
        {"a\"b\\", "\"a\\\"b\\\\\""},
        {"a\r\nb", "{4}\r\na\r\nb"},
        {std::string_view("a\0b", 3), "{2}\r\nab"},
        {"\xff", "{1}\r\n\xff"},
        {"NIL", "\"NIL\""},
    };
    for (const auto& [text, expected] : rows) {
        std::string out;
        append_string(out, text);
        EXPECT_EQ(out, expected);
    }
}

TEST(Structure, ten_thousand_nested_parts_take_no_stack) {
    std::string message = "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n";
    for (int i = 0; i < 5'000; ++i) message += "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n";
    const Index index = mime::index(message, {.nesting_max = 20'000});
    std::string text;
    append_body_structure(text, body_structure(index, message));
    const std::optional<testing::ImapValue> value = testing::parse_imap(text);
    ASSERT_TRUE(value);
    EXPECT_EQ(testing::body_mistake(*value, true), "");
}

}  // namespace packetboat::mime
