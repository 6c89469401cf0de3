#include "mime/seven_bit.h"

#include <gtest/gtest.h>

#include "mime/index.h"
#include "mime/testing/generator.h"
#include "mime/testing/seven_bit_check.h"

namespace packetboat::mime {
namespace {

using testing::Converted;

constexpr SevenBitNeeds all{.eight_bit = true, .binary = true};
constexpr SevenBitNeeds text_only{.eight_bit = true, .binary = false};
constexpr SevenBitNeeds binary_only{.eight_bit = false, .binary = true};

// What becomes of it, however it is cut; and whatever that is, it decodes to what there was.
std::string convert(const std::string& message, SevenBitNeeds needs = all, PartWalk::Limits limits = {}) {
    const Converted whole = testing::convert(message, needs, 1'000'000, limits);
    EXPECT_EQ(testing::conversion_mistake(message, whole, needs, limits), "") << message;
    for (const std::size_t piece_bytes : {1U, 2U, 3U, 5U, 64U})
        EXPECT_EQ(testing::convert(message, needs, piece_bytes, limits).text, whole.text) << piece_bytes;
    return whole.text;
}

std::string lines(std::initializer_list<std::string_view> all_lines) {
    std::string out;
    for (const std::string_view line : all_lines) out.append(line).append("\r\n");
    return out;
}

TEST(SevenBit, a_text_becomes_quoted_printable) {
    EXPECT_EQ(convert(lines({"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
                             "Subject: x", "", "Grüße = hello ", ".", "From here", "-- ", "plain"})),
              lines({"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
                     "Subject: x", "", "Gr=C3=BC=C3=9Fe =3D hello=20", "=2E", "From=20here", "-=2D=20", "plain"}));
}

TEST(SevenBit, a_message_without_mime_gets_it) {
    EXPECT_EQ(convert(lines({"Subject: x", "", "ü"})),
              lines({"Subject: x", "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
                     "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC"}));
    // What it says of itself is believed.
    EXPECT_EQ(convert(lines({"Content-Type: text/html; charset=utf-8", "", "ü"})),
              lines({"Content-Type: text/html; charset=utf-8", "MIME-Version: 1.0", "Content-Transfer-Encoding: quoted-printable", "",
                     "=C3=BC"}));
    // A header that a body follows without an empty line gets one.
    EXPECT_EQ(convert("Subject: x\r\nü: y\r\n"), lines({"Subject: x", "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
                                                        "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC: y"}));
    EXPECT_EQ(convert("\xef\xbb\xbfno header"), lines({"MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
                                                       "Content-Transfer-Encoding: quoted-printable", "", "=EF=BB=BFno header="}));
}

TEST(SevenBit, what_needs_nothing_is_left_alone) {
    const std::string message = lines({"Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "plain"});
    EXPECT_EQ(convert(message), message);
    EXPECT_EQ(convert("Subject: ü\r\n\r\nplain"), "Subject: ü\r\n\r\nplain");
    EXPECT_EQ(convert(""), "");
    EXPECT_EQ(convert("a\rb\nc", text_only), "a\rb\nc");
    EXPECT_EQ(convert("a: b\r\n\r\nü\r\n", binary_only), "a: b\r\n\r\nü\r\n");
}

TEST(SevenBit, only_the_parts_that_need_it_are_encoded) {
    EXPECT_EQ(convert(lines({"MIME-Version: 1.0",
                             "Content-Type: multipart/mixed; boundary=b",
                             "Content-Transfer-Encoding: 8bit",
                             "",
                             "preamble ü",
                             "--b",
                             "",
                             "plain",
                             "--b",
                             "Content-Type: text/plain; charset=iso-8859-1",
                             "",
                             "\xfc",
                             "--b",
                             "Content-Type: application/pdf",
                             "Content-Transfer-Encoding: binary",
                             "",
                             "\xfc\xfc",
                             "--b",
                             "Content-Type: text/plain",
                             "Content-Transfer-Encoding: 8bit",
                             "",
                             "ascii",
                             "--b--",
                             "epilogue ü"})),
              lines({"MIME-Version: 1.0",
                     "Content-Type: multipart/mixed; boundary=b",
                     "Content-Transfer-Encoding: 7bit",
                     "",
                     "preamble ??",
                     "--b",
                     "",
                     "plain",
                     "--b",
                     "Content-Type: text/plain; charset=iso-8859-1",
                     "Content-Transfer-Encoding: quoted-printable",
                     "",
                     "=FC",
                     "--b",
                     "Content-Type: application/pdf",
                     "Content-Transfer-Encoding: base64",
                     "",
                     "/Pw=",
                     "--b",
                     "Content-Type: text/plain",
                     "Content-Transfer-Encoding: 7bit",
                     "",
                     "ascii",
                     "--b--",
                     "epilogue ??"}));
}

TEST(SevenBit, messages_in_messages_are_followed) {
    EXPECT_EQ(convert(lines({"MIME-Version: 1.0", "Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit", "", "Subject: inside",
                             "Content-Transfer-Encoding: 8BIT (really)", "content-transfer-encoding: 7bit", "", "ü"})),
              lines({"MIME-Version: 1.0", "Content-Type: message/rfc822", "Content-Transfer-Encoding: 7bit", "", "Subject: inside",
                     "Content-Transfer-Encoding: quoted-printable", "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
                     "", "=C3=BC"}));
    // In a digest a part without a type is one.
    EXPECT_EQ(convert(lines({"Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: one", "MIME-Version: 1.0",
                             "Content-Type: text/plain", "", "ü", "--b--"})),
              lines({"Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: one", "MIME-Version: 1.0",
                     "Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC", "--b--"}));
}

TEST(SevenBit, a_message_inside_without_a_header_is_kept_apart) {
    const std::string out = convert(lines({"Content-Type: message/rfc822", "ü"}));
    EXPECT_EQ(out, lines({"Content-Type: message/rfc822", "", "MIME-Version: 1.0", "Content-Type: text/plain; charset=unknown-8bit",
                          "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC"}));
}

TEST(SevenBit, what_is_encoded_loses_only_stray_bytes) {
    EXPECT_EQ(convert(lines({"Content-Transfer-Encoding: quoted-printable", "", "a=3D ü =", "  ", "--x"})),
              lines({"Content-Transfer-Encoding: quoted-printable", "", "a=3D =C3=BC =", "  ", "-=2Dx"}));
    EXPECT_EQ(convert(lines({"Content-Transfer-Encoding: base64", "", "YWJj", "ü\rZGVm"})),
              lines({"Content-Transfer-Encoding: base64", "", "YWJj", "???ZGVm"}));
    const std::string fine = lines({"Content-Transfer-Encoding: base64", "", "YWJj"});
    EXPECT_EQ(convert(fine), fine);
    // One that nobody knows is as good as none.
    EXPECT_EQ(convert(lines({"MIME-Version: 1.0", "Content-Type: text/plain", "Content-Transfer-Encoding: utf-8", "", "ü"})),
              lines({"MIME-Version: 1.0", "Content-Type: text/plain", "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC"}));
}

TEST(SevenBit, binary_is_base64_and_in_a_text_it_is_escaped) {
    const std::string header = "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: ";
    EXPECT_EQ(convert(header + "binary\r\n\r\n" + std::string("a\0b\rc\nd", 7)), header + "base64\r\n\r\nYQBiDWMKZA==\r\n");
    EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + std::string("a\0b\rc \nd", 8)),
              "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
              "a=00b=0Dc =0A=\r\nd=\r\n");
    // Unlike 8-bit text, which may stay where only binary is not taken. Its label does, too.
    EXPECT_EQ(
        convert(lines({"Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: binary", "", "--b",
                       "Content-Transfer-Encoding: binary", "", "ü", "--b", "Content-Type: image/png", "", "\r", "--b--"}),
                binary_only),
        lines({"Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: 8bit", "", "--b", "Content-Transfer-Encoding: 8bit",
               "", "ü", "--b", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "DQ==", "--b--"}));
}

TEST(SevenBit, a_signed_part_is_encoded_only_if_it_must_be) {
    const auto message = [](std::string_view signed_text, std::string_view other) {
        return lines({"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/signed; boundary=s", "", "--s",
                      "Content-Transfer-Encoding: 8bit", "", signed_text, "--s", "Content-Type: application/pgp-signature", "", "sig",
                      "--s--", "--b", "", other, "--b--"});
    };
    EXPECT_TRUE(convert(message("plain", "ü")).contains("--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--s\r\n"));
    EXPECT_TRUE(convert(message("ü", "plain")).contains("--s\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
}

TEST(SevenBit, no_line_becomes_a_delimiter) {
    // Where a soft break falls before "--b", and where an escape would spell a boundary.
    const std::string text = std::string(75, 'x') + "--b" + "ü";
    convert(lines({"Content-Type: multipart/mixed; boundary=b", "", "--b", "", text, "--b--"}));
    convert(lines({"Content-Type: multipart/mixed; boundary=\"=C3\"", "", "--=C3", "", "--\xc3", "--=C3--"}));
    convert(lines({"Content-Type: multipart/mixed; boundary=\"?\"", "", "--\xc3", "--?", "", "--\xc3", "--?--"}));
}

TEST(SevenBit, lines_are_short) {
    for (const char* type : {"text/plain", "application/x"}) {
        const std::string out =
            convert("Content-Type: " + std::string(type) + "\r\n\r\n" + std::string(5000, ' ') + std::string(3000, '\xfc'));
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = out.find("\r\n", begin)) != std::string::npos; begin = end + 2) EXPECT_LE(end - begin, 76U);
        EXPECT_EQ(begin, out.size());
    }
    const std::string coded = "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + std::string(900, 'x');
    EXPECT_TRUE(convert(coded + std::string(900, '\xfc')).contains("x=\r\n=FC=FC"));
    EXPECT_TRUE(convert("Content-Transfer-Encoding: base64\r\n\r\n" + std::string(4000, 'Y') + "\xfc").contains("Y\r\nY"));
}

TEST(SevenBit, what_lies_beyond_the_limits_is_let_alone_and_told) {
    std::string deep = "ü\r\n";
    for (int i = 0; i < 4; ++i) deep.insert(0, "Content-Type: message/rfc822\r\n\r\n");
    EXPECT_EQ(convert(deep, all, {.nesting_max = 1}), deep);
    EXPECT_FALSE(testing::convert(deep, all, 10, {.nesting_max = 1}).plan.complete());
    EXPECT_TRUE(testing::convert(deep, all, 10).plan.complete());

    const std::string many =
        lines({"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "ü", "--b", "", "ü", "--b", "", "ü", "--b--"});
    EXPECT_EQ(convert(many, all, {.parts_max = 3}),
              lines({"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain; charset=unknown-8bit",
                     "Content-Transfer-Encoding: quoted-printable", "", "=C3=BC", "--b", "", "ü", "--b", "", "ü", "--b--"}));
    EXPECT_FALSE(testing::convert(many, all, 10, {.parts_max = 3}).plan.complete());
    // A line that goes on and on is no field, however it comes.
    const std::string long_name = std::string(3 * line_head_max_bytes, 'x') + ": ü\r\n\r\nü\r\n";
    const std::string out = testing::convert(long_name, all, 1'000'000).text;
    EXPECT_TRUE(out.ends_with("x: =C3=BC\r\n\r\n=C3=BC\r\n"));
    for (const std::size_t piece_bytes : {1U, 1000U}) EXPECT_EQ(testing::convert(long_name, all, piece_bytes).text, out);
}

TEST(SevenBit, broken_multiparts_are_read_as_the_index_reads_them) {
    for (const std::string& message : {
             lines({"Content-Type: multipart/mixed", "", "ü"}),
             lines({"Content-Type: multipart/mixed; boundary=b", "", "ü"}),
             lines({"Content-Type: multipart/mixed; boundary=b", "--b", "--b", "ü"}),
             lines({"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: multipart/mixed; boundary=bb", "", "--bb", "",
                    "ü", "--b", "", "ü", "--bb", "ü"}),
             lines({"From bob", "Content-Type: multipart/mixed; boundary=b", "", "--b", ">From me", "Subject: x", "--b ü", " ", "\t",
                    "x:", "", "ü"}),
             std::string("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\xfc\n\n--b--\n\xfc"),
             std::string("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\xfc\r\n--b"),
             std::string("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\xfc\r\r\n--b--"),
         }) {
        convert(message);
        convert(message, text_only);
    }
}

TEST(SevenBit, the_survey_tells_what_there_is) {
    const auto plan = [](const std::string& message) { return testing::convert(message, all, 3).plan; };
    EXPECT_TRUE(plan("a: ü\r\n\r\nx").header_eight_bit());
    EXPECT_FALSE(plan("a: ü\r\n\r\nx").eight_bit());
    EXPECT_TRUE(plan("a: b\rc\r\n\r\nx").header_binary());
    EXPECT_TRUE(plan("a: " + std::string(998, 'b') + "\r\n\r\nx").header_binary());
    EXPECT_TRUE(plan("a: b\r\n\r\nx\n").binary());
    EXPECT_TRUE(plan("a: b\r\n\r\n" + std::string(999, 'b')).binary());
    EXPECT_FALSE(plan("a: b\n\n" + std::string(998, 'b') + "\r\n").binary());
}

TEST(SevenBit, messages_as_they_are_in_mailboxes) {
    testing::Generator generator(7);
    for (int i = 0; i < 30; ++i) {
        std::string message(generator.next());
        for (std::size_t at = index(message).parts[0].body.begin; at < message.size(); at += 97) {
            if (message[at] >= 'a' && message[at] <= 'z') message[at] = '\xe9';
        }
        const Converted out = testing::convert(message, all, 4096);
        ASSERT_EQ(testing::conversion_mistake(message, out, all), "") << message;
        ASSERT_EQ(testing::convert(message, all, 61).text, out.text);
    }
}

}  // namespace
}  // namespace packetboat::mime
