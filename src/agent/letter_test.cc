#include "agent/letter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/show.h"
#include "mime/decode.h"
#include "mime/testing/tnef.h"

namespace packetboat::agent {
namespace {

using namespace std::string_literals;

using mime::testing::attribute;
using mime::testing::little;
using mime::testing::property;

// A winmail.dat with a text and two files.
std::string winmail() {
    const std::string message = little(1, 4) + property(0x1e, 0x1000, "What Outlook says\0"s);
    return little(0x223e'9f78, 4) + little(1, 2) + attribute(1, 0x0006'9007, little(1252, 4) + little(0, 4)) +
           attribute(1, 0x0006'9003, message) + attribute(2, 0x0006'9002, std::string(14, '\0')) +
           attribute(2, 0x0001'8010, "report.pdf\0"s) + attribute(2, 0x0006'800f, "%PDF\0bytes"s) +
           attribute(2, 0x0006'9002, std::string(14, '\0')) + attribute(2, 0x0001'8010, "second.txt\0"s) +
           attribute(2, 0x0006'800f, "two\r\n");
}

std::string with_winmail(std::string_view text) {
    return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + std::string(text) +
           "\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           mime::encode_base64(winmail()) + "--b--\r\n";
}

TEST(Letter, the_files_of_a_winmail_dat_are_listed_and_given_byte_for_byte) {
    const Letter letter(with_winmail("Hello"));
    ASSERT_EQ(letter.files().size(), 3U);
    EXPECT_EQ(letter.files()[0].name, "winmail.dat");
    EXPECT_EQ(letter.content(letter.files()[0]), winmail());
    EXPECT_EQ(letter.files()[1].name, "report.pdf");
    EXPECT_EQ(letter.files()[1].size_bytes, 10U);
    EXPECT_EQ(*letter.part("2"), "%PDF\0bytes"s);
    EXPECT_EQ(letter.files()[2].name, "second.txt");
    EXPECT_EQ(*letter.part("3"), "two\r\n");
    const std::string text = show(letter, {.columns = 60});
    EXPECT_NE(text.find("report.pdf"), std::string::npos) << text;
    EXPECT_EQ(text.find("What Outlook says"), std::string::npos) << text;  // the message has a text of its own
}

TEST(Letter, the_text_of_a_winmail_dat_is_shown_where_there_is_no_other) {
    EXPECT_NE(readable_text(Letter(with_winmail("  "))).find("What Outlook says\n"), std::string::npos);
    const Letter alone("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                       mime::encode_base64(winmail()));
    EXPECT_EQ(readable_text(alone), "What Outlook says\n");
}

// "abc" and its neighbours, each byte and 42.
TEST(Letter, a_file_in_yenc_in_a_text_is_a_file_and_no_text) {
    const Letter letter(
        "Subject: old\r\n\r\nHere it is\r\n=ybegin line=128 size=3 name=abc.bin\r\n\x8b\x8c\x8d\r\n=yend size=3\r\nBye\r\n");
    ASSERT_EQ(letter.files().size(), 1U);
    EXPECT_EQ(letter.files()[0].name, "abc.bin");
    EXPECT_EQ(letter.files()[0].type, "application/octet-stream");
    EXPECT_EQ(*letter.part("1"), "abc");
    EXPECT_EQ(readable_text(letter), "Here it is\nBye\n");
}

TEST(Letter, files_of_both_kinds_stand_in_the_order_of_their_lines) {
    const Letter letter(
        "\r\n=ybegin line=128 size=3 name=first\r\n\x8b\x8c\x8d\r\n=yend size=3\r\nbetween\r\nbegin 644 second\r\n#0V%T\r\n`\r\nend\r\n");
    ASSERT_EQ(letter.files().size(), 2U);
    EXPECT_EQ(letter.files()[0].name, "first");
    EXPECT_EQ(letter.files()[1].name, "second");
    EXPECT_EQ(readable_text(letter), "between\n");
}

// A line of two characters that says it has 45 bytes.
TEST(Letter, a_file_in_a_text_is_not_much_larger_than_the_text) {
    std::string bytes = "Subject: zeros\r\n\r\nbegin 644 zeros\n";
    for (int i = 0; i < 200'000; ++i) bytes += "M\n";
    const Letter letter(bytes);
    ASSERT_EQ(letter.files().size(), 1U);
    EXPECT_LE(letter.files()[0].size_bytes, bytes.size() + mime::lost_spaces_max_bytes);
    EXPECT_LE(readable_text(letter).size(), bytes.size());
}

}  // namespace
}  // namespace packetboat::agent
