#include <gtest/gtest.h>

#include <string>

#include "mime/decode.h"

namespace packetboat::mime {
namespace {

std::string counting(std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(i);
    return out;
}

// Python's binascii.b2a_uu of the bytes 0 to 99.
const std::string uu_text =
    "begin 644 bytes.bin\nM  $\" P0%!@<(\"0H+# T.#Q "
    "1$A,4%187&!D:&QP='A\\@(2(C)\"4F)R@I*BLL\nM+2XO,#$R,S0U-C<X.3H[/#T^/T!!0D-$149'2$E*2TQ-3D]045)35%565UA9\n*6EM<75Y\?8&%B8P  \n \nend\n";

TEST(Uuencode, reads_a_file_and_says_where_it_was) {
    const std::string text = "Here it is:\n\n" + uu_text + "\nBye\n";
    const auto files = uuencoded_files(text);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "bytes.bin");
    EXPECT_EQ(files[0].bytes, counting(100));
    EXPECT_TRUE(files[0].whole);
    EXPECT_EQ(text.substr(files[0].begin, files[0].end - files[0].begin), uu_text);
    EXPECT_EQ(decode(TransferEncoding::uuencode, text), counting(100));
}

TEST(Uuencode, reads_crlf_lost_spaces_and_backticks) {
    std::string text;
    for (std::size_t at = 0; at < uu_text.size();) {
        const std::size_t lf = uu_text.find('\n', at);
        std::string line = uu_text.substr(at, lf - at);
        while (line.ends_with(' ')) line.pop_back();
        text += line + "\r\n";
        at = lf + 1;
    }
    ASSERT_EQ(uuencoded_files(text).size(), 1U);
    EXPECT_EQ(uuencoded_files(text)[0].bytes, counting(100));
    EXPECT_TRUE(uuencoded_files(text)[0].whole);
    EXPECT_EQ(uuencoded_files("begin 644 a\n#0V%T\n`\nend\n")[0].bytes, "Cat");
    EXPECT_EQ(uuencoded_files("begin 644 a\n#0V%TX\nend\n")[0].bytes, "Cat");  // with a check sum
    EXPECT_TRUE(uuencoded_files("begin 644 empty\n`\nend\n")[0].whole);
}

TEST(Uuencode, a_file_that_breaks_off_gives_what_came_before) {
    const auto files = uuencoded_files("begin 644 a\n#0V%T\nand so on\nbegin 644 b\n#0V%T\n");
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].bytes, "Cat");
    EXPECT_FALSE(files[0].whole);
    EXPECT_EQ(files[0].end, 18U);
    EXPECT_EQ(files[1].name, "b");
    EXPECT_FALSE(files[1].whole);
}

TEST(Uuencode, a_text_gives_little_more_than_it_is_long) {
    const auto all_lost = [](std::size_t lines) {
        std::string text = "begin 644 zeros\n";
        for (std::size_t i = 0; i < lines; ++i) text += "M\n";
        return text + "`\nend\n";
    };
    const auto few = uuencoded_files(all_lost(100));
    ASSERT_EQ(few.size(), 1U);
    EXPECT_EQ(few[0].bytes, std::string(4'500, '\0'));
    EXPECT_TRUE(few[0].whole);
    const std::string text = all_lost(1'000'000);
    const auto many = uuencoded_files(text);
    ASSERT_EQ(many.size(), 1U);
    EXPECT_GT(many[0].bytes.size(), text.size());
    EXPECT_LE(many[0].bytes.size(), text.size() + lost_spaces_max_bytes);
    EXPECT_FALSE(many[0].whole);
    EXPECT_LT(many[0].end, text.size());
    // All files of a text share what may be made up.
    std::string files;
    for (int i = 0; i < 20; ++i) files += all_lost(100);
    std::size_t bytes = 0;
    for (const EncodedFile& file : uuencoded_files(files)) bytes += file.bytes.size();
    EXPECT_GT(bytes, lost_spaces_max_bytes);
    EXPECT_LE(bytes, files.size() + lost_spaces_max_bytes);
    // A file of which nothing is missing has no bound but its text.
    std::string whole = "begin 644 whole\n";
    for (int i = 0; i < 10'000; ++i) whole += "M" + std::string(60, '`') + "\n";
    EXPECT_EQ(uuencoded_files(whole + "`\nend\n")[0].bytes.size(), 450'000U);
    EXPECT_TRUE(uuencoded_files(whole + "`\nend\n")[0].whole);
}

TEST(Uuencode, sentences_are_no_files) {
    EXPECT_TRUE(uuencoded_files("begin at once\n").empty());
    EXPECT_TRUE(uuencoded_files("begin 2026 with good news\nand so on\n").empty());
    EXPECT_TRUE(uuencoded_files("begin 644 \n#0V%T\n").empty());
    EXPECT_TRUE(uuencoded_files("begin 899 a\n#0V%T\n").empty());
    EXPECT_TRUE(uuencoded_files("begin 64 a\n#0V%T\n").empty());
    EXPECT_EQ(decode(TransferEncoding::uuencode, "no file"), "no file");
}

TEST(Uuencode, reads_the_base64_form) {
    const auto files = uuencoded_files("begin-base64 644 cat.txt\nQ2F0IGFu\nZCBkb2c=\n====\nbye");
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].bytes, "Cat and dog");
    EXPECT_TRUE(files[0].whole);
    EXPECT_FALSE(uuencoded_files("begin-base64 644 cat.txt\nQ2F0\nbye.\n")[0].whole);
}

TEST(Uuencode, no_more_files_than_wanted) {
    std::string text;
    for (int i = 0; i < 10; ++i) text += "begin 644 a\n#0V%T\n`\nend\n";
    EXPECT_EQ(uuencoded_files(text, 3).size(), 3U);
    EXPECT_EQ(uuencoded_files(text).size(), 10U);
}

// Made by the draft's rules with a few lines of Python: the bytes 0 to 255.
const std::string y_text =
    "=ybegin line=128 size=256 name=all "
    "bytes.bin\r\n*+,-./"
    "0123456789:;<=}>\?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    "\x7f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f"
    "\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\r\n\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf"
    "\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf\xe0"
    "\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff=@"
    "\x01\x02\x03\x04\x05\x06\x07\x08\t=J\x0b\x0c=M\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f "
    "!\"#$%\r\n&'()\r\n=yend size=256 crc32=29058c73\r\n";

TEST(Yenc, reads_a_file_and_says_where_it_was) {
    const std::string text = "Here:\r\n" + y_text + "Bye\r\n";
    const auto files = yencoded_files(text);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "all bytes.bin");
    EXPECT_EQ(files[0].bytes, counting(256));
    EXPECT_TRUE(files[0].whole);
    EXPECT_EQ(text.substr(files[0].begin, files[0].end - files[0].begin), y_text);
    EXPECT_EQ(decode(TransferEncoding::yenc, text), counting(256));
    EXPECT_EQ(decode(TransferEncoding::yenc, "none"), "none");
}

// "abc" in yEnc; its CRC-32 is 352441c2.
std::string small(std::string_view begin, std::string_view end) {
    return std::string(begin) + "\n\x8b\x8c\x8d\n" + std::string(end) + "\n";
}

TEST(Yenc, whole_is_what_its_lines_agree_with) {
    struct Case {
        const char* begin;
        const char* end;
        bool whole;
    };
    constexpr Case cases[] = {
        {"=ybegin line=128 size=3 name=a", "=yend size=3", true},
        {"=ybegin line=128 size=3 name=a", "=yend size=3 crc32=352441c2", true},
        {"=ybegin line=128 size=3 name=a", "=yend size=3 crc32=352441C2 ", true},
        {"=ybegin line=128 size=3 name=a", "=yend size=3 crc32=352441c3", false},
        {"=ybegin line=128 size=4 name=a", "=yend size=3", false},
        {"=ybegin line=128 size=3 name=a", "=yend size=4", false},
        {"=ybegin line=128 size=3 name=a", "", false},
        {"=ybegin part=1 line=128 size=3 name=a\n=ypart begin=1 end=3", "=yend size=3 part=1 pcrc32=352441c2", true},
        {"=ybegin part=1 line=128 size=3 name=a\n=ypart begin=1 end=3", "=yend size=3 part=1 pcrc32=352441c3", false},
        {"=ybegin part=1 line=128 size=6 name=a\n=ypart begin=1 end=3", "=yend size=3 part=1 pcrc32=352441c2", false},
    };
    for (const Case& one : cases) {
        const auto files = yencoded_files(small(one.begin, one.end));
        ASSERT_EQ(files.size(), 1U) << one.begin;
        EXPECT_TRUE(files[0].bytes.starts_with("abc"));
        EXPECT_EQ(files[0].whole, one.whole) << one.begin << ' ' << one.end;
    }
}

TEST(Yenc, names_may_hold_anything) {
    EXPECT_EQ(yencoded_files(small("=ybegin line=128 size=3 name=a size=7 b.txt", "=yend size=3"))[0].name, "a size=7 b.txt");
    EXPECT_TRUE(yencoded_files(small("=ybegin line=128 size=3 name=a size=7 b.txt", "=yend size=3"))[0].whole);
    EXPECT_EQ(yencoded_files(small("=ybegin line=128 size=3 name=\"a b\"", "=yend size=3"))[0].name, "a b");
    EXPECT_EQ(yencoded_files(small("=ybegin line=128 size=3 name=\xE9", "=yend size=3"))[0].name, "\xC3\xA9");
}

TEST(Yenc, lines_that_lack_a_key_begin_nothing) {
    EXPECT_TRUE(yencoded_files("=ybegin line=128 size=3\nabc\n").empty());
    EXPECT_TRUE(yencoded_files("=ybegin size=3 name=a\nabc\n").empty());
    EXPECT_TRUE(yencoded_files("=yend size=3\n").empty());
}

TEST(Decode, what_has_no_encoding_stays) {
    EXPECT_EQ(decode(TransferEncoding::identity, "a=41\r\n"), "a=41\r\n");
    EXPECT_EQ(decode(TransferEncoding::unknown, "a=41\r\n"), "a=41\r\n");
    EXPECT_EQ(decode(TransferEncoding::quoted_printable, "a=41\r\n"), "aA\r\n");
    EXPECT_EQ(decode(TransferEncoding::base64, "Zm9v"), "foo");
}

}  // namespace
}  // namespace packetboat::mime
