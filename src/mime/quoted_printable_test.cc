#include "mime/quoted_printable.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/decode.h"
#include "mime/lines.h"

namespace packetboat::mime {
namespace {

using namespace std::string_view_literals;

std::vector<Vectors> paths() {
    std::vector<Vectors> out{Vectors::none};
    if (vectors() >= Vectors::ssse3) out.push_back(Vectors::ssse3);
    if (vectors() >= Vectors::avx2) out.push_back(Vectors::avx2);
    return out;
}

// Into room of exactly the size asked for, which the address sanitizer guards.
std::string decoded_by(Vectors use, std::string_view text) {
    const auto out = std::make_unique<char[]>(text.size());
    const std::size_t size = decode_quoted_printable_into(text, {out.get(), text.size()}, use);
    return {out.get(), size};
}

TEST(QuotedPrintable, reads_octets_breaks_and_space_as_the_rfc_and_the_clients_do) {
    constexpr std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"caf=C3=A9", "caf\xC3\xA9"},
        {"caf=c3=a9", "caf\xC3\xA9"},
        {"a=\r\nb", "ab"},
        {"a=\nb", "ab"},
        {"a=\rb", "ab"},
        {"a= \t\r\nb", "ab"},
        {"a=", "a"},
        {"a=  ", "a"},
        {"a=4", "a=4"},
        {"a=4\r\nb", "a=4\r\nb"},
        {"a=XY", "a=XY"},
        {"a==41", "a=A"},
        {"1 = 2", "1 = 2"},
        {"a = b = c", "a = b = c"},
        {"a  \r\nb\t\nc ", "a\r\nb\nc"},
        {"a=20\r\n", "a \r\n"},
        {"a=20 \t\r\n", "a \r\n"},
        {"a \rb", "a\rb"},
        {" \t ", ""},
        {"=20", " "},
        {"a\r\n\r\n  \r\nb", "a\r\n\r\n\r\nb"},
        {"\xE9 raw", "\xE9 raw"},
        {"=\r\n=\r\n=\r\nx", "x"},
    };
    for (const auto& [text, expected] : cases) {
        for (const Vectors use : paths()) EXPECT_EQ(decoded_by(use, text), expected) << escape_control(text);
        EXPECT_EQ(decode_quoted_printable(text), expected);
    }
}

// Texts, and what the reference code of Python's quopri module makes of them.
constexpr std::pair<std::string_view, std::string_view> other_readers[] = {
    {"\t\xe9word=e2=82=ac=C3=A9\n\t=3D\tZz"sv, "\t\xe9word\xe2\x82\xac\xc3\xa9\n\t=\tZz"sv},
    {" \n= \n=1x  \nword=\n= \na\n=3D\n Zz=G1  a\ta a=C3=A9. ZzwordZz=e2=82=ac. \n"sv,
     "\n=1x\nworda\n=\n Zz=G1  a\ta a\xc3\xa9. ZzwordZz\xe2\x82\xac.\n"sv},
    {"=C3=A9=G1 \t. \xe9\n\xe9=C3=A9\xe9=3D=C3=A9=3D"sv, "\xc3\xa9=G1 \t. \xe9\n\xe9\xc3\xa9\xe9=\xc3\xa9="sv},
    {"\xe9\t\n \n\t=1x  =e2=82=ac=\n"sv, "\xe9\n\n\t=1x  \xe2\x82\xac"sv},
    {"=3D=e2=82=acword =3D=G1  . =e2=82=ac=\n=3DZz\n"sv, "=\xe2\x82\xacword ==G1  . \xe2\x82\xac=Zz\n"sv},
    {"=3D=1x =e2=82=ac \n"sv, "==1x \xe2\x82\xac\n"sv},
    {"\t=1x  \n=G1 =1x  =e2=82=ac"sv, "\t=1x\n=G1 =1x  \xe2\x82\xac"sv},
    {"word \n\xe9=3D=C3=A9=G1  \n"sv, "word\n\xe9=\xc3\xa9=G1\n"sv},
};

TEST(QuotedPrintable, reads_what_python_reads) {
    for (const auto& [text, bytes] : other_readers) {
        for (const Vectors use : paths()) EXPECT_EQ(decoded_by(use, text), bytes) << escape_control(text);
    }
}

TEST(QuotedPrintable, all_paths_agree_on_noise) {
    std::minstd_rand random(5);  // NOLINT: the same every time
    constexpr std::string_view pieces[] = {"=", "=41", "=\r\n", " ", "\t", "\r\n", "\n", "\r", "abcdefghijklmnopqrstuvwxyz",
                                           "0", "F",   "\xFF"};
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) text += pieces[random() % std::size(pieces)];
        const std::string expected = decoded_by(Vectors::none, text);
        for (const Vectors use : paths()) ASSERT_EQ(decoded_by(use, text), expected) << escape_control(text);
    }
}

TEST(QuotedPrintable, encodes_what_would_not_travel) {
    constexpr std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"plain\r\n", "plain\r\n"},
        {"line\nline", "line\r\nline"},
        {"caf\xC3\xA9 = 1", "caf=C3=A9 =3D 1"},
        {"space \nand\t\n", "space=20\r\nand=09\r\n"},
        {"end ", "end=20"},
        {"From me\nFrom", "=46rom me\r\nFrom"},
        {".\n..\n a.", "=2E\r\n=2E.\r\n a."},
        {"a\rb\0c"sv, "a=0Db=00c"},
        {"\r", "=0D"},
        {"\r\r\n", "=0D\r\n"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(encode_quoted_printable(text), expected) << escape_control(text);
}

TEST(QuotedPrintable, breaks_lines_at_76_characters) {
    EXPECT_EQ(encode_quoted_printable(std::string(76, 'x')), std::string(76, 'x'));
    EXPECT_EQ(encode_quoted_printable(std::string(77, 'x')), std::string(75, 'x') + "=\r\nxx");
    EXPECT_EQ(encode_quoted_printable(std::string(75, 'x') + "."), std::string(75, 'x') + ".");
    EXPECT_EQ(encode_quoted_printable(std::string(75, 'x') + ".."), std::string(75, 'x') + "=\r\n=2E.");
    EXPECT_EQ(encode_quoted_printable(std::string(75, 'x') + "From x"), std::string(75, 'x') + "=\r\n=46rom x");
    EXPECT_EQ(encode_quoted_printable(std::string(75, 'x') + ' '), std::string(75, 'x') + "=\r\n=20");
}

TEST(QuotedPrintable, what_was_encoded_decodes_to_itself_in_short_lines) {
    std::minstd_rand random(3);  // NOLINT: the same every time
    constexpr std::string_view pieces[] = {"=", "From ", ".", " ", "\t", "\r\n", "word", "\xC3\xA9", "\r", "a longer piece of text"};
    for (int round = 0; round < 1000; ++round) {
        std::string text;
        for (int i = 0; i < 50; ++i) text += pieces[random() % std::size(pieces)];
        const std::string encoded = encode_quoted_printable(text);
        ASSERT_EQ(decode_quoted_printable(encoded), text) << escape_control(encoded);
        for (Lines lines(encoded); !lines.at_end();) {
            const std::string_view line = lines.take();
            ASSERT_LE(line.size(), 76U);
            ASSERT_FALSE(line.starts_with("From ") || line.starts_with('.'));
        }
    }
}

TEST(BestForm, of_a_text) {
    EXPECT_EQ(best_form("", true), Form::seven_bit);
    EXPECT_EQ(best_form("Hello\r\n", true), Form::seven_bit);
    EXPECT_EQ(best_form("Hello \nthere\n", true), Form::seven_bit);
    EXPECT_EQ(best_form(std::string(998, 'x'), true), Form::seven_bit);
    EXPECT_EQ(best_form(std::string(999, 'x'), true), Form::quoted_printable);
    EXPECT_EQ(best_form("From here\r\n", true), Form::quoted_printable);
    EXPECT_EQ(best_form("Ein sch\xC3\xB6ner Tag\r\n", true), Form::quoted_printable);
    EXPECT_EQ(best_form("a bare\rcarriage return\r\n", true), Form::quoted_printable);
    EXPECT_EQ(best_form("a nul\0byte in it"sv, true), Form::quoted_printable);
    EXPECT_EQ(best_form("\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82\r\n", true), Form::base64);
}

TEST(BestForm, of_what_is_no_text) {
    EXPECT_EQ(best_form("BEGIN:VCARD\r\nEND:VCARD\r\n", false), Form::seven_bit);
    EXPECT_EQ(best_form("unix\nlines\n", false), Form::base64);
    EXPECT_EQ(best_form("space \r\n", false), Form::base64);
    EXPECT_EQ(best_form("From here\r\n", false), Form::base64);
    EXPECT_EQ(best_form(std::string(79, 'x'), false), Form::base64);
    EXPECT_EQ(best_form("\x89PNG\r\n", false), Form::base64);
}

}  // namespace
}  // namespace packetboat::mime
