#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "mime/code_page.h"
#include "mime/reading.h"
#include "mime/testing/rtf.h"
#include "mime/testing/tnef.h"

namespace packetboat::mime {
namespace {

using namespace std::string_literals;

using testing::attribute;
using testing::little;
using testing::property;

std::string utf16(std::string_view ascii) {
    std::string out;
    for (const char c : ascii) out += {c, '\0'};
    return out + "\0\0"s;
}

constexpr std::uint32_t string8 = 0x1e;
constexpr std::uint32_t unicode = 0x1f;
constexpr std::uint32_t binary = 0x102;
const std::string header = little(0x223e'9f78, 4) + little(1, 2);

std::string whole_stream() {
    std::string named = little(0x0003, 2) + little(0x8001, 2) + std::string(16, 'g') + little(0, 4) + little(7, 4) + little(42, 4);
    named += little(0x001e, 2) + little(0x8002, 2) + std::string(16, 'g') + little(1, 4) + little(6, 4) + "a\0b\0\0\0\0\0"s + little(1, 4) +
             little(2, 4) + "x\0\0\0"s;
    const std::string many = little(0x1003, 2) + little(0x1234, 2) + little(3, 4) + std::string(12, 'n');
    const std::string message = little(7, 4) + named + many + property(string8, 0x1000, "Plain \xE4 body\0"s) + little(0x0003, 2) +
                                little(0x3fde, 2) + little(65001, 4) + property(binary, 0x1013, "<p>\xC3\xA4</p>") + little(0x0040, 2) +
                                little(0x0e06, 2) + std::string(8, 't');
    const std::string attachment = little(3, 4) + property(unicode, 0x3707, utf16("long name.pdf")) +
                                   property(string8, 0x370e, "application/pdf\0"s) + property(string8, 0x3001, "shown\0"s);
    const std::string inner =
        little(2, 4) + property(string8, 0x3001, "a message\0"s) + property(0x0d, 0x3701, std::string(16, 'i') + header);
    return header + attribute(1, 0x0006'9007, little(1252, 4) + little(0, 4)) + attribute(1, 0x0001'8004, "Subject \xE9\0"s) +
           attribute(1, 0x0006'9003, message) + attribute(2, 0x0006'9002, std::string(14, '\0')) +
           attribute(2, 0x0001'8010, "LONGNA~1.PDF\0"s) + attribute(2, 0x0006'800f, "%PDF bytes") + attribute(2, 0x0006'9005, attachment) +
           attribute(2, 0x0006'9002, std::string(14, '\0')) + attribute(2, 0x0001'8010, "second.txt\0"s) +
           attribute(2, 0x0006'800f, "second") + attribute(2, 0x0006'9002, std::string(14, '\0')) + attribute(2, 0x0006'9005, inner);
}

TEST(Tnef, reads_message_and_attachments) {
    const std::string stream = whole_stream();
    const Tnef tnef = read_tnef(stream);
    EXPECT_TRUE(tnef.is_tnef);
    EXPECT_EQ(tnef.subject, "Subject \u00E9");
    EXPECT_EQ(tnef.body, "Plain \u00E4 body");
    EXPECT_EQ(tnef.html, "<p>\u00E4</p>");
    ASSERT_EQ(tnef.attachments.size(), 3U);
    EXPECT_EQ(tnef.attachments[0].name, "long name.pdf");
    EXPECT_EQ(tnef.attachments[0].mime_type, "application/pdf");
    EXPECT_EQ(tnef.attachments[0].bytes, "%PDF bytes");
    EXPECT_EQ(tnef.attachments[1].name, "second.txt");
    EXPECT_EQ(tnef.attachments[1].mime_type, "");
    EXPECT_EQ(tnef.attachments[1].bytes, "second");
    EXPECT_EQ(tnef.attachments[2].name, "a message");
    EXPECT_TRUE(read_tnef(tnef.attachments[2].bytes).is_tnef);
    EXPECT_GE(tnef.attachments[1].bytes.data(), stream.data());
}

TEST(Tnef, has_the_rtf_that_outlook_wrote) {
    const std::string rtf = "{\\rtf1\\ansi hello}";
    const auto stream = [](const std::string& packed) {
        return header + attribute(1, 0x0006'9003, little(1, 4) + property(binary, 0x1009, packed));
    };
    EXPECT_EQ(read_tnef(stream(testing::compressed_rtf(rtf))).rtf, rtf);
    EXPECT_EQ(read_tnef(stream("no RTF")).rtf, std::nullopt);
    EXPECT_EQ(read_tnef(whole_stream()).rtf, std::nullopt);
}

TEST(Tnef, an_empty_title_takes_no_name_away) {
    const std::string stream = header + attribute(2, 0x0006'9002, std::string(14, '\0')) + attribute(2, 0x0001'8010, "a.txt\0"s) +
                               attribute(2, 0x0001'8010, "\0"s);
    const Tnef tnef = read_tnef(stream);
    ASSERT_EQ(tnef.attachments.size(), 1U);
    EXPECT_EQ(tnef.attachments[0].name, "a.txt");
}

TEST(Tnef, a_stream_cut_anywhere_gives_what_came_before) {
    const std::string stream = whole_stream();
    const Tnef whole = read_tnef(stream);
    std::size_t before = 0;
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        const Tnef cut = read_tnef(std::string_view(stream).substr(0, size));
        EXPECT_EQ(cut.is_tnef, size >= 4);
        EXPECT_GE(cut.attachments.size(), before);
        before = cut.attachments.size();
        EXPECT_TRUE(cut.subject.empty() || cut.subject == whole.subject);
    }
    EXPECT_EQ(before, 3U);
}

TEST(Tnef, other_bytes_are_none) {
    EXPECT_FALSE(read_tnef("").is_tnef);
    EXPECT_FALSE(read_tnef("%PDF-1.7 and so on").is_tnef);
    EXPECT_TRUE(read_tnef(header).is_tnef);
}

TEST(Tnef, lies_about_sizes_end_it) {
    EXPECT_TRUE(read_tnef(header + little(1, 1) + little(0x0001'8004, 4) + little(0xffff'ffff, 4) + "x").subject.empty());
    const std::string many = little(0xffff'ffff, 4) + little(0x1003, 2) + little(0x1234, 2) + little(0xffff'ffff, 4);
    EXPECT_TRUE(read_tnef(header + attribute(1, 0x0006'9003, many)).body.empty());
    const std::string unknown = little(2, 4) + little(0x0999, 2) + little(0x1234, 2) + property(string8, 0x1000, "body");
    EXPECT_TRUE(read_tnef(header + attribute(1, 0x0006'9003, unknown)).body.empty());
}

TEST(CodePage, has_the_label_of_its_charset) {
    EXPECT_EQ(code_page_label(65001), "utf-8");
    EXPECT_EQ(code_page_label(1251), "windows-1251");
    EXPECT_EQ(code_page_label(28605), "iso-8859-15");
    EXPECT_EQ(code_page_label(932), "shift_jis");
    EXPECT_EQ(code_page_label(850), "cp850");
    EXPECT_EQ(code_page_label(99999), "");
}

}  // namespace
}  // namespace packetboat::mime
