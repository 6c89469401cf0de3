#include "mime/body_parts.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "mime/decode.h"

namespace packetboat::mime {

namespace {

std::string part(std::string_view boundary, std::string_view header, std::string_view body = "x") {
    return "--" + std::string(boundary) + "\r\n" + std::string(header) + "\r\n\r\n" + std::string(body) + "\r\n";
}
std::string multipart(std::string_view type, std::string_view boundary, std::string_view parts) {
    return "Content-Type: multipart/" + std::string(type) + "; boundary=" + std::string(boundary) + "\r\n\r\n" + std::string(parts) + "--" +
           std::string(boundary) + "--\r\n";
}
std::string nested(std::string_view boundary, std::string_view entity) {
    return "--" + std::string(boundary) + "\r\n" + std::string(entity) + "\r\n";
}

std::string names(const EmailBody& body, const std::vector<std::uint32_t>& list) {
    std::string out;
    for (const std::uint32_t number : list) out += body.parts[number].cid.value_or("?");
    return out;
}

EmailBody body_of(std::string_view message) { return email_body(index(message), message); }

EmailBodyValue value_of(std::string_view header, std::string_view body, std::size_t max_bytes = 0) {
    const std::string message = std::string(header) + "\r\n\r\n" + std::string(body);
    return body_value(body_of(message).parts[0], message, max_bytes);
}

}  // namespace

// The example of RFC 8621 §4.1.4; the Content-ID of a part is its letter there.
TEST(BodyParts, example_of_rfc_8621) {
    const std::string inner = multipart("mixed", "4",
                                        part("4", "Content-Type: text/plain\r\nContent-Disposition: inline\r\nContent-ID: <B>") +
                                            part("4", "Content-Type: image/jpeg\r\nContent-Disposition: inline\r\nContent-ID: <C>") +
                                            part("4", "Content-Type: text/plain\r\nContent-Disposition: inline\r\nContent-ID: <D>"));
    const std::string related = multipart(
        "related", "5", part("5", "Content-Type: text/html\r\nContent-ID: <E>") + part("5", "Content-Type: image/jpeg\r\nContent-ID: <F>"));
    const std::string middle = multipart("mixed", "2",
                                         nested("2", multipart("alternative", "3", nested("3", inner) + nested("3", related))) +
                                             part("2", "Content-Type: image/jpeg\r\nContent-Disposition: attachment\r\nContent-ID: <G>") +
                                             part("2", "Content-Type: application/x-excel\r\nContent-ID: <H>") +
                                             part("2", "Content-Type: message/rfc822\r\nContent-ID: <J>", "Subject: x\r\n\r\ny"));
    const std::string message =
        multipart("mixed", "1",
                  part("1", "Content-Type: text/plain\r\nContent-Disposition: inline\r\nContent-ID: <A>") + nested("1", middle) +
                      part("1", "Content-Type: text/plain\r\nContent-Disposition: inline\r\nContent-ID: <K>"));
    const EmailBody body = body_of(message);
    EXPECT_EQ(names(body, body.text_body), "ABCDK");
    EXPECT_EQ(names(body, body.html_body), "AEK");
    EXPECT_EQ(names(body, body.attachments), "CFGHJ");
    EXPECT_TRUE(body.has_attachment);

    std::map<std::string, std::string> ids;
    for (const EmailBodyPart& one : body.parts) {
        EXPECT_EQ(one.is_multipart(), !one.part_id);
        if (one.part_id) ids[*one.cid] = *one.part_id;
    }
    EXPECT_EQ(ids["A"], "1");
    EXPECT_EQ(ids["C"], "2.1.1.2");
    EXPECT_EQ(ids["F"], "2.1.2.2");
    EXPECT_EQ(ids["J"], "2.4");
    EXPECT_EQ(ids["K"], "3");
    EXPECT_EQ(body.parts.size(), 15U);
}

TEST(BodyParts, the_algorithm_leaves_out_the_second_kind_of_text_in_one_choice_of_an_alternative) {
    const std::string choice = multipart(
        "mixed", "c", part("c", "Content-Type: text/plain\r\nContent-ID: <P>") + part("c", "Content-Type: text/html\r\nContent-ID: <H>"));
    const EmailBody body = body_of(multipart("alternative", "b", nested("b", choice)));
    EXPECT_EQ(names(body, body.text_body), "P");
    EXPECT_EQ(names(body, body.html_body), "P");
    EXPECT_EQ(names(body, body.attachments), "");
}

TEST(BodyParts, a_part_says_all_that_jmap_asks) {
    const EmailBody body = body_of(
        "Content-Type: text/HTML; charset=UTF-8; name=\"=?utf-8?q?=C3=A4.html?=\"\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: INLINE\r\nContent-ID: <a@b>\r\nContent-Language: de, en\r\n"
        "Content-Location: http://a.example/\r\n b\r\n\r\nYWJj\r\nZA==\r\n");
    const EmailBodyPart& one = body.parts[0];
    EXPECT_EQ(one.part_id, "1");
    EXPECT_EQ(one.type, "text/html");
    EXPECT_EQ(one.charset, "UTF-8");
    EXPECT_EQ(one.name, "\xc3\xa4.html");
    EXPECT_EQ(one.disposition, "inline");
    EXPECT_EQ(one.cid, "a@b");
    EXPECT_EQ(one.location, "http://a.example/b");
    EXPECT_EQ(one.language, (std::vector<std::string>{"de", "en"}));
    EXPECT_EQ(one.size, 4U);
    EXPECT_EQ(body.html_body.size(), 1U);
    EXPECT_FALSE(body.has_attachment);
}

TEST(BodyParts, charset_is_us_ascii_for_text_and_nothing_for_others) {
    EXPECT_EQ(body_of("\r\nx").parts[0].charset, "us-ascii");
    EXPECT_EQ(body_of("Content-Type: image/png; charset=utf-8\r\n\r\nx").parts[0].charset, std::nullopt);
}

TEST(BodyParts, a_multipart_without_a_boundary_is_a_text) {
    const EmailBody body = body_of("Content-Type: multipart/mixed\r\n\r\nhello");
    EXPECT_EQ(body.parts[0].type, "text/plain");
    EXPECT_EQ(body.text_body.size(), 1U);
}

TEST(BodyParts, parts_of_a_message_inside_are_none_of_ours) {
    const std::string inside = multipart("mixed", "c", part("c", "Content-ID: <x>") + part("c", "Content-ID: <y>"));
    const EmailBody body = body_of(multipart(
        "mixed", "b", nested("b", "Content-Type: message/rfc822\r\nContent-ID: <m>\r\n\r\n" + inside) + part("b", "Content-ID: <n>")));
    ASSERT_EQ(body.parts.size(), 3U);
    EXPECT_EQ(names(body, body.attachments), "m");
    EXPECT_EQ(names(body, body.text_body), "n");
    EXPECT_EQ(body.parts[2].part_id, "2");
}

TEST(BodyParts, signatures_and_pictures_of_the_text_are_no_attachments_to_download) {
    const std::string text = part("b", "Content-Type: text/plain");
    const auto has = [&](std::string_view type, std::string_view header) {
        return body_of(multipart(type, "b", text + part("b", header))).has_attachment;
    };
    EXPECT_TRUE(has("mixed", "Content-Type: application/pdf"));
    EXPECT_FALSE(has("mixed", "Content-Type: application/pdf\r\nContent-Disposition: inline"));
    EXPECT_FALSE(has("signed", "Content-Type: application/pgp-signature; name=signature.asc"));
    EXPECT_FALSE(has("related", "Content-Type: image/png\r\nContent-ID: <x>"));
    EXPECT_TRUE(has("related", "Content-Type: image/png\r\nContent-ID: <x>\r\nContent-Disposition: attachment"));
}

TEST(BodyValue, transfer_encoding_and_charset_are_decoded_and_lines_end_with_lf) {
    const EmailBodyValue value =
        value_of("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", "=E4\r\nb=\r\nc\r\n");
    EXPECT_EQ(value.value, "\xc3\xa4\nbc\n");
    EXPECT_FALSE(value.is_encoding_problem);
    EXPECT_FALSE(value.is_truncated);
}

TEST(BodyValue, problems_are_told) {
    EXPECT_TRUE(value_of("Content-Type: text/plain; charset=utf-8", "a\xff").is_encoding_problem);
    EXPECT_FALSE(value_of("Content-Type: text/plain; charset=utf-8", "a\xef\xbf\xbd").is_encoding_problem);
    EXPECT_TRUE(value_of("Content-Type: text/plain; charset=no-such", "a").is_encoding_problem);
    EXPECT_TRUE(value_of("Content-Type: text/plain\r\nContent-Transfer-Encoding: x-gzip64", "a").is_encoding_problem);
    const EmailBodyValue unlabelled = value_of("Content-Type: text/plain", "\xc3\xa4");
    EXPECT_EQ(unlabelled.value, "\xc3\xa4");
    EXPECT_TRUE(unlabelled.is_encoding_problem);
}

TEST(BodyValue, is_cut_at_a_character) {
    constexpr std::string_view header = "Content-Type: text/plain; charset=utf-8";
    EXPECT_EQ(value_of(header, "a\xc3\xa4z", 2).value, "a");
    EXPECT_EQ(value_of(header, "a\xc3\xa4z", 3).value, "a\xc3\xa4");
    EXPECT_TRUE(value_of(header, "a\xc3\xa4z", 3).is_truncated);
    EXPECT_FALSE(value_of(header, "a\xc3\xa4z", 4).is_truncated);
}

TEST(BodyValue, html_is_not_cut_inside_a_tag) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"<p>abc</p>", "<p>abc"},     {"ab <a href=\"x\">", "ab "}, {"a <b title=\"x>y\">", "a "}, {"<p>a < b and c", "<p>a < b"},
        {"ab<!-- comment -->", "ab"}, {"abcdefg<", "abcdefg<"},     {"abcdefg<b>", "abcdefg"},
    };
    for (const auto& [html, expected] : rows) EXPECT_EQ(html.substr(0, html_cut(html, 8)), expected) << html;
}

}  // namespace packetboat::mime
