#include "mime/base64.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/decode.h"

namespace packetboat::mime {
namespace {

using namespace std::string_view_literals;

std::vector<Vectors> paths() {
    std::vector<Vectors> out{Vectors::none};
    if (vectors() >= Vectors::ssse3) out.push_back(Vectors::ssse3);
    if (vectors() >= Vectors::avx2) out.push_back(Vectors::avx2);
    return out;
}

std::string decoded_by(Vectors use, std::string_view text) {
    std::string out(base64_size_max(text.size()), 'x');
    out.resize(decode_base64_into(text, out, use));
    return out;
}

// What the standard says, without a thought of speed.
std::string simply_decoded(std::string_view text) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    const auto flush = [&] {
        if (count >= 2) out += static_cast<char>(bits >> (6 * count - 8));
        if (count >= 3) out += static_cast<char>(bits >> (6 * count - 16));
        if (count == 4) out += static_cast<char>(bits);
        bits = 0;
        count = 0;
    };
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (c == '=') flush();
        if (digit == std::string_view::npos) continue;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        if (++count == 4) flush();
    }
    flush();
    return out;
}

std::string random_text(std::minstd_rand& random, std::size_t size, std::string_view of) {
    std::string out;
    while (out.size() < size) out += of[random() % of.size()];
    return out;
}

TEST(Base64, decodes_the_examples_of_the_rfc) {
    // RFC 4648 §10.
    constexpr std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}};
    for (const auto& [text, bytes] : cases) EXPECT_EQ(decode_base64(text), bytes);
}

// Texts with bytes between the digits that are none, and what Python's base64 module makes of them.
constexpr std::pair<std::string_view, std::string_view> other_readers[] = {
    {"e.Q=="sv, "y"sv},
    {"BvA="sv, "\x06\xf0"sv},
    {"88tN"sv, "\xf3\xcbM"sv},
    {"ByBRFZoPifLG2srjRLsxEkX9b!4\nQ="sv,
     "\x07 Q\x15\x9a\x0f\x89\xf2\xc6\xda\xca\xe3"
     "D\xbb"
     "1\x12"
     "E\xfdo\x84"sv},
    {"TQqW2tQ8FhfB.qY\xff"
     "54Ep4DJ_zcQZdC\tVhk8\xffVraC4RsH.A6-8U0itx5\x00mt.+Em60F1KEKwEQ.eq\tu\xff"
     "60tI7\n6Cx8K"sv,
     "M\n\x96\xda\xd4<\x16\x17\xc1\xa9\x8ex\x12\x9e\x03'7\x10"
     "e\xd0\x95\x86O\x15\xad\xa0\xb8"
     "F\xc1\xc0\xeb\xc5"
     "4\x8a\xdcy\x9a\xdf\x84\x9b\xad\x05\xd4\xa1\n\xc0"
     "D\x1e\xaa\xee\xb4\xb4\x8e\xfa\x0b\x1f\n"sv},
    {"!0xs6rkCB9B+0cWU+\x00PV\r\nd6jEED+\xff"
     "cwZin.+J2BrypQAcQB\nc/GSP3.ECz\n6o_VCh JLPFx5u4h2Go2z9BAcIoWw=="sv,
     "\xd3\x1b:\xae@\x81\xf4\x1f\xb4qe>=Wz\x8c"
     "A\x03\xf9\xcc\x19\x8a\x7f\x89\xd8\x1a\xf2\xa5\x00\x1c@\x17\?\x19#\xf7\x10,\xfa\xa1P\xa1$\xb3\xc5\xc7\x9b\xb8\x87"
     "a\xa8\xdb\?A\x01\xc2(["sv},
    {"/v\xff"
     "f_iX0WIZUuh dpfTiG+d\xff"
     "C4n1w2ZY!uH-qk90n\tW9Wnv.D\x00vYlzBfvdXgjb4J7YYRGX\txK\tCVhegX\xff"
     "dgu-Kzw\nvh_5USt_uesA.w+\nrqd/C+Cdr\r\n+shAoz\x00"
     "2MJ!9054IAxv7zm\tl4c2rT.r8t\nB6WXUxb\r\nvQ!=\t="sv,
     "\xfe\xf7\xe2_E\x88"
     "eK\xa1v\x97\xd3\x88o\x9d\x0b\x89\xf5\xc3"
     "fX\xb8z\xa4\xf7I\xd6\xf5i\xef\x0e\xf6%\xcc\x17\xefux#o\x82{a\x84"
     "F_\x12\x82V\x17\xa0]\xd8.+</\x87\x95\x12\xb6\xe7\xac\x03\x0f\xab\xa9\xdf\xc2\xf8'k\xfa\xc8@\xa3=\x8c'\xdd"
     "9\xe0\x80"
     "1\xbf\xbc\xe6\x97\x87"
     "6\xad:\xfc\xb4\x1e\x96]L[\xbd"sv},
};

TEST(Base64, skips_what_is_not_of_the_alphabet_as_python_does) {
    for (const auto& [text, bytes] : other_readers) {
        for (const Vectors use : paths()) EXPECT_EQ(decoded_by(use, text), bytes) << escape_control(text);
    }
}

TEST(Base64, a_broken_end_gives_what_can_be_had) {
    EXPECT_EQ(decode_base64("Zm9vY"), "foo");
    EXPECT_EQ(decode_base64("Zm9vYg"), "foob");
    EXPECT_EQ(decode_base64("Zm9vYmE"), "fooba");
    EXPECT_EQ(decode_base64("Zm9vYg="), "foob");
    EXPECT_EQ(decode_base64("===="), "");
    EXPECT_EQ(decode_base64("Z==="), "");
}

TEST(Base64, padding_in_the_middle_joins_two_texts) {
    EXPECT_EQ(decode_base64("Zm8=Zm9v"), "fofoo");
    EXPECT_EQ(decode_base64("Zg==\r\nZg==\r\n"), "ff");
    EXPECT_EQ(decode_base64("Zm9v=Zm9v"), "foofoo");
}

TEST(Base64, all_paths_agree_with_the_plain_reading_on_lines_of_any_length) {
    std::minstd_rand random(7);  // NOLINT: the same every time
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t line = 1; line <= 130; ++line) {
        for (const std::string_view line_end : {"\r\n"sv, "\n"sv, "\r"sv, "\r\r\n"sv, " \r\n"sv}) {
            std::string text;
            for (int i = 0; i < 5; ++i) text.append(random_text(random, line, digits)) += line_end;
            const std::string expected = simply_decoded(text);
            for (const Vectors use : paths()) ASSERT_EQ(decoded_by(use, text), expected) << line;
        }
    }
}

TEST(Base64, all_paths_agree_on_noise) {
    std::minstd_rand random(11);  // NOLINT: the same every time
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    constexpr std::string_view near = "AZaz09+/AZaz09+/AZaz09+/AZaz09+/@[`{.,*-:=\r\n\x7f\xff";
    for (std::size_t size = 0; size < 400; ++size) {
        for (const std::string& text : {random_text(random, size, near), random_text(random, size, all)}) {
            const std::string expected = simply_decoded(text);
            for (const Vectors use : paths()) ASSERT_EQ(decoded_by(use, text), expected) << escape_control(text);
        }
    }
}

TEST(Base64, every_byte_at_every_place_of_a_block_is_a_digit_or_is_not) {
    for (int c = 0; c < 256; ++c) {
        for (std::size_t place = 0; place < 32; ++place) {
            std::string text(64, 'A');
            text[place] = static_cast<char>(c);
            const std::string expected = simply_decoded(text);
            for (const Vectors use : paths()) ASSERT_EQ(decoded_by(use, text), expected) << c << ' ' << place;
        }
    }
}

TEST(Base64, writes_no_more_than_the_room_it_asks_for) {
    // An output of exactly that size, which the address sanitizer guards.
    for (std::size_t size = 0; size < 200; ++size) {
        const std::string text(size, 'A');
        for (const Vectors use : paths()) {
            const auto out = std::make_unique<char[]>(base64_size_max(size));
            EXPECT_LE(decode_base64_into(text, {out.get(), base64_size_max(size)}, use), base64_size_max(size));
        }
    }
}

TEST(Base64, encodes_in_lines_of_76_that_end_with_crlf) {
    EXPECT_EQ(encode_base64(""), "");
    EXPECT_EQ(encode_base64("f"), "Zg==\r\n");
    EXPECT_EQ(encode_base64("fo"), "Zm8=\r\n");
    EXPECT_EQ(encode_base64("foo"), "Zm9v\r\n");
    std::string line;
    for (int i = 0; i < 19; ++i) line += "YWFh";
    EXPECT_EQ(encode_base64(std::string(57, 'a')), line + "\r\n");
    EXPECT_TRUE(encode_base64(std::string(58, 'a')).ends_with("\r\nYQ==\r\n"));
}

TEST(Base64, what_was_encoded_decodes_to_itself) {
    std::minstd_rand random(13);  // NOLINT: the same every time
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes;
        while (bytes.size() < size) bytes += static_cast<char>(random());
        for (const Vectors use : paths()) ASSERT_EQ(decoded_by(use, encode_base64(bytes)), bytes);
    }
}

}  // namespace
}  // namespace packetboat::mime
