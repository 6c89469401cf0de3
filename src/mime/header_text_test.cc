#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "mime/text.h"

namespace packetboat::mime {
namespace {

TEST(decode_words, reads_what_rfc_2047_has_and_what_clients_send) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"plain = text ? with =? marks", "plain = text ? with =? marks"},
        {"=?iso-8859-1?q?this=20is=20some=20text?=", "this is some text"},
        {"=?ISO-8859-1?Q?a?=", "a"},
        {"=?ISO-8859-1?Q?a?= b", "a b"},
        {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
        {"=?ISO-8859-1?Q?a?=   \t =?utf-8?B?Yg==?=", "ab"},
        {"=?ISO-8859-1?Q?a_b?=", "a b"},
        {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"},
        {"(=?ISO-8859-1?Q?a?=)", "(a)"},
        {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
        // without space around
        {"[SPAM]=?utf-8?Q?a?=b=?utf-8?Q?c?=", "[SPAM]abc"},
        // a character, and a group of base64, in two words
        {"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "\xC3\xA4"},
        {"=?utf-8?Q?=C3?= =?UTF-8?B?pA==?=", "\xC3\xA4"},
        {"=?utf-8?B?w6?= =?utf-8?B?Q=?=", "\xC3\xA4"},
        {"=?utf-8?B?w6Q?=", "\xC3\xA4"},
        // ISO 2022, with its state closed and open at the end of a word
        {"=?iso-2022-jp?B?GyRCJCIbKEI=?= =?iso-2022-jp?B?GyRCJCQbKEI=?=", "\xE3\x81\x82\xE3\x81\x84"},
        {"=?iso-2022-jp?B?GyRCJCI=?= =?iso-2022-jp?B?JCQbKEI=?=", "\xE3\x81\x82\xE3\x81\x84"},
        // spaces and marks that should have been encoded
        {"=?utf-8?Q?a b?=", "a b"},
        {"=?utf-8?Q?a?b?=", "a?b"},
        {"=?utf-8?Q?a=?=", "a="},
        {"=?utf-8?Q?a=4?=", "a=4"},
        {"=?utf-8?Q?=3d=3D?=", "=="},
        {"=?utf-8?B?Y Q = =?=", "a"},
        // charsets that say too little, or nothing known, or another than they mean
        {"=?us-ascii?Q?=C3=A4?=", "\xC3\xA4"},
        {"=?us-ascii?Q?=E4?=", "\xC3\xA4"},
        {"=?x-unknown?Q?=C3=A4?=", "\xC3\xA4"},
        {"=??Q?=E4?=", "\xC3\xA4"},
        {"=?iso-8859-1?Q?=80?=", "\xE2\x82\xAC"},
        {"=?gb2312?B?1tA=?=", "\xE4\xB8\xAD"},
        // converted to UTF-8 on the way, but for their label; and what only stands there as it is
        {"=?iso-8859-1?Q?\xC3\xA4_b?=", "\xC3\xA4 b"},
        {"=?iso-8859-1?Q?\xE4?=", "\xC3\xA4"},
        {"=?iso-8859-1?Q?\xC3\xA4=E4?=", "\xC3\x83\xC2\xA4\xC3\xA4"},
        {"=?utf-8?Q?=E4b?=",
         "\xEF\xBF\xBD"
         "b"},
        // control characters, which would be a new header line to some
        {"=?utf-8?Q?a=0D=0ABcc:_=00x=C2=85=09y?=", "aBcc: x\ty"},
        // no encoded words
        {"=?utf-8?Q?a", "=?utf-8?Q?a"},
        {"=?utf-8?Q?a?", "=?utf-8?Q?a?"},
        {"=?utf-8?X?a?=", "=?utf-8?X?a?="},
        {"=?utf 8?Q?a?=", "=?utf 8?Q?a?="},
        {"=?utf-8?Q?a =?utf-8?Q?b?=", "=?utf-8?Q?a b"},
        {"=?=?utf-8?Q?b?=", "=?b"},
        {"=?utf-8?Q?"
         "?= x",
         " x"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(decode_words(text), expected) << text;
}

// What Python 3.11's email package reads otherwise.
TEST(decode_words, differs_from_pythons_where_python_loses_something) {
    EXPECT_EQ(decode_words("=?utf-8?B?w6?= =?utf-8?B?Q=?="), "\xC3\xA4");  // Python: "\uFFFDQ="
    EXPECT_EQ(decode_words("=?utf-8?Q?a?b?="), "a?b");                     // not decoded
    EXPECT_EQ(decode_words("=?utf-8?Q?a=0Ab?="), "ab");                    // a line end in a header
    EXPECT_EQ(decode_words("=?iso-8859-1?Q?=80?="), "\xE2\x82\xAC");       // a control character, where all clients show a Euro sign
}

TEST(unstructured, is_what_a_person_reads) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {" Saying Hello\r\n", "Saying Hello"},
        {" a\r\n b\r\n\tc", "a b\tc"},
        {" =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=\r\n c", "ab c"},
        {" =?utf-8?Q?Hello\r\n _there?=", "Hello there"},
        {" =?utf-8?B?VGhpcyBpcyB0aGUgb\r\n 3JpZ2luYWw=?=", "This is the original"},
        {" =?utf-8?Q?_outer_?= ", " outer "},
        {" J\xC3\xB6rg", "J\xC3\xB6rg"},
        {" J\xF6rg", "J\xC3\xB6rg"},
        {" J\xF6rg =?utf-8?Q?=C3=A4?= \x80", "J\xC3\xB6rg \xC3\xA4 \xE2\x82\xAC"},
        {" a\x01\x7F\rb\xC2\x80", "ab"},
        {std::string_view("a\0b", 3), "ab"},
    };
    for (const auto& [value, expected] : cases) EXPECT_EQ(unstructured(value), expected) << escape_control(value);
}

TEST(unfold, takes_the_line_ends_and_leaves_the_white_space) {
    EXPECT_EQ(unfold(" a\r\n  b\n\tc \r\n"), "a  b\tc");
    EXPECT_EQ(unfold(""), "");
    EXPECT_EQ(unfold(" \r\n "), "");
}

TEST(encode_words, encodes_only_what_needs_it) {
    const auto text = [](std::string_view utf8) { return encode_words(utf8, WordPlace::unstructured); };
    EXPECT_EQ(text("plain text, as it is: (x) <y> \"z\""), "plain text, as it is: (x) <y> \"z\"");
    EXPECT_EQ(text("a caf\xC3\xA9 here"), "a =?utf-8?B?Y2Fmw6k=?= here");
    EXPECT_EQ(text("\xC3\xA4 \xC3\xB6 x \xC3\xBC"), "=?utf-8?B?w6Qgw7Y=?= x =?utf-8?B?w7w=?=");
    EXPECT_EQ(text("=?utf-8?Q?a?="), "=?utf-8?B?PT91dGYtOD9RP2E/PQ==?=");
    EXPECT_EQ(text(" x "), "=?utf-8?Q?_x_?=");
    EXPECT_EQ(text("\xE6\x97\xA5\xE6\x9C\xAC"), "=?utf-8?B?5pel5pys?=");
    EXPECT_EQ(text("a\r\nBcc: b"), "aBcc: b");
    const auto phrase = [](std::string_view utf8) { return encode_words(utf8, WordPlace::phrase); };
    EXPECT_EQ(phrase("John Doe"), "John Doe");
    EXPECT_EQ(phrase("Doe, J\xC3\xB6rg with a long name"), "=?utf-8?Q?Doe=2C_J=C3=B6rg_with_a_long_name?=");
    EXPECT_EQ(phrase("J. Doe"), "=?utf-8?Q?J=2E_Doe?=");
    EXPECT_EQ(phrase(""), "");
}

TEST(encode_words, is_read_back_as_the_same_in_words_of_75_characters) {
    std::string all;
    for (int c = 0x20; c < 0x7f; ++c) all += static_cast<char>(c);
    const std::string emoji = "\xF0\x9F\x90\x9F";
    std::string many;
    for (int i = 0; i < 200; ++i) many += emoji + (i % 7 == 0 ? " word " : "");
    const std::string texts[] = {"",
                                 " ",
                                 "  ",
                                 "a",
                                 " a",
                                 "a ",
                                 "a  b",
                                 "\xC3\xA4",
                                 "\xC3\xA4  \xC3\xA4",
                                 "x  \xC3\xA4  y",
                                 all,
                                 all + "\xC3\xA4",
                                 many,
                                 std::string(2'000, 'x'),
                                 std::string(2'000, ' '),
                                 "a" + std::string(2'000, ' ') + "b",
                                 "=?",
                                 "?=",
                                 "=?x?q?y?= \xC3\xA4",
                                 "\tx",
                                 "x\ty",
                                 "\xEF\xBB\xBFx",
                                 "\xC3\xA4=?utf-8?Q?a?=",
                                 "=?utf-8?Q?a?= =?utf-8?Q?b?="};
    for (const std::string& text : texts) {
        for (const WordPlace place : {WordPlace::unstructured, WordPlace::phrase}) {
            const std::string words = encode_words(text, place);
            EXPECT_TRUE(is_ascii(words));
            EXPECT_EQ(decode_words(words), text);
            EXPECT_EQ(unstructured(words), text);
            EXPECT_EQ(unstructured(fold("Subject", words).substr(8)), text);
            for (std::size_t at = words.find("=?utf-8?"); at != std::string::npos; at = words.find("=?utf-8?", at + 1)) {
                const std::size_t end = std::min(words.find(' ', at), words.size());
                EXPECT_LE(end - at, 75U) << words;
                EXPECT_TRUE(is_utf8(decode_words(std::string_view(words).substr(at, end - at)))) << "a character is split";
            }
        }
    }
}

std::size_t longest_line(std::string_view text) {
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find("\r\n", begin);
        longest = std::max(longest, end - begin);
        begin = end + 2;
    }
    return longest;
}

// A program that shows words one by one would show a mark on nothing.
TEST(encode_words, keeps_a_letter_and_its_marks_in_one_word) {
    const std::string clusters[] = {"e\u0301", "\u0928\u093F", "\u1112\u1161\u11AB", "\U0001F469\u200D\U0001F680", "\U0001F44D\U0001F3FD",
                                    "a\uFE0F"};
    for (const std::string& cluster : clusters) {
        for (std::size_t before = 0; before < 12; ++before) {
            std::string text = std::string(before, 'x') + "\u00e4";
            for (int i = 0; i < 30; ++i) text += cluster;
            const std::string encoded = encode_words(text, WordPlace::phrase);
            EXPECT_EQ(decode_words(encoded), text);
            for (std::size_t at = 0; at < encoded.size();) {
                const std::size_t end = std::min(encoded.find(' ', at), encoded.size());
                std::string word = decode_words(std::string_view(encoded).substr(at, end - at));
                at = end + 1;
                word.erase(0, word.starts_with('x') || word.starts_with("\u00e4") ? before + 2 : 0);
                EXPECT_EQ(word.size() % cluster.size(), 0U) << cluster << " in " << encoded;
            }
        }
    }
    // A letter with more marks than a word holds.
    std::string heap = "a";
    for (int i = 0; i < 5'000; ++i) heap += "\u0301";
    const std::string encoded = encode_words(heap, WordPlace::unstructured);
    EXPECT_EQ(decode_words(encoded), heap);
    EXPECT_LT(encoded.size(), heap.size() * 4);
}

TEST(fold, ends_lines_at_white_space) {
    EXPECT_EQ(fold("Subject", "short"), "Subject: short\r\n");
    EXPECT_EQ(fold("Subject", ""), "Subject: \r\n");
    const std::string words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";
    EXPECT_EQ(fold("Subject", words),
              "Subject: one two three four five six seven eight nine ten eleven twelve\r\n thirteen fourteen fifteen sixteen\r\n");
    EXPECT_EQ(fold("Message-ID", "<" + std::string(70, 'x') + "@b.example>"), "Message-ID: <" + std::string(70, 'x') + "@b.example>\r\n");
    EXPECT_EQ(fold("Message-ID", "<" + std::string(60, 'x') + "@b.example>"),
              "Message-ID:\r\n <" + std::string(60, 'x') + "@b.example>\r\n");
    // In quotes only where there is no other way.
    EXPECT_EQ(fold("To", "John Doe <john.doe@b.example>, \"a quoted name with many more spaces in it, Mr.\" <a@b.example>"),
              "To: John Doe <john.doe@b.example>,\r\n \"a quoted name with many more spaces in it, Mr.\" <a@b.example>\r\n");
}

TEST(fold, keeps_the_text_and_every_limit) {
    std::string words;
    std::string quoted = "\"";
    for (int i = 0; i < 500; ++i) {
        words += "word" + std::string(static_cast<std::size_t>(i) % 60, 'x') + (i % 5 == 0 ? "  " : " ");
        quoted += "a\\\"b c ";
    }
    for (const std::string& value :
         {words, quoted, quoted + "\"", std::string("a") + std::string(70, ' ') + "b", std::string("\"") + words}) {
        const std::string folded = fold("X-Name", value);
        EXPECT_LE(longest_line(folded), 78U);
        EXPECT_EQ(unfold(folded.substr(7)), unfold(value));
    }
    for (const std::string& value :
         {std::string(500, 'x'), std::string(5'000, ' ') + "x", "x" + std::string(3'000, ' ') + "x", "x " + std::string(990, 'y')}) {
        const std::string folded = fold("X-Name", value);
        EXPECT_LE(longest_line(folded), 998U);
        EXPECT_EQ(unfold(folded.substr(7)), unfold(value));
    }
    // What has no white space anywhere gets some.
    const std::string folded = fold("X-Name", std::string(10'000, 'x'));
    EXPECT_LE(longest_line(folded), 998U);
    std::string text = unfold(folded.substr(7));
    std::erase(text, ' ');
    EXPECT_EQ(text, std::string(10'000, 'x'));
    EXPECT_TRUE(is_utf8(fold("X-Name", [] {
        std::string umlauts;
        for (int i = 0; i < 3'000; ++i) umlauts += "\xC3\xA4";
        return umlauts;
    }())));
}

TEST(fold, lets_no_value_begin_a_field_of_its_own) {
    EXPECT_EQ(fold("Subject", "a\r\nBcc: b\n\nbody\r"), "Subject: aBcc: bbody\r\n");
    EXPECT_EQ(fold("Subject", std::string_view("a\0b", 3)), "Subject: ab\r\n");
}

TEST(message_ids, are_those_in_brackets) {
    const auto read = [](std::string_view value) {
        std::string out;
        for (const std::string& id : message_ids(value)) out += (out.empty() ? "" : " | ") + id;
        return out;
    };
    EXPECT_EQ(read(" <1@a.example>\r\n <2@b.example>(x <y@z>)<3@c.example>"), "1@a.example | 2@b.example | 3@c.example");
    EXPECT_EQ(read("Your message of \"Mon, 1 <Jan>\" <1@a.example>"), "1@a.example");
    EXPECT_EQ(read("<1@a.\r\n example>"), "1@a.example");
    EXPECT_EQ(read("<1@host.(none)>"), "1@host.(none)");
    EXPECT_EQ(read("<\"a b\"@c.example>"), "\"a b\"@c.example");
    EXPECT_EQ(read("<a\"b@c.example> <d\"e@f.example>"), "a\"b@c.example | d\"e@f.example");
    EXPECT_EQ(read("<<1@a.example>>"), "1@a.example");
    EXPECT_EQ(read("<1@a.example <2@b.example>"), "1@a.example | 2@b.example");
    EXPECT_EQ(read("<1@a.example and so on"), "1@a.example");
    EXPECT_EQ(read("<>"), "");
    EXPECT_EQ(read("1@a.example, 2@b.example"), "1@a.example | 2@b.example");
    EXPECT_EQ(read("Your message of Monday"), "");
    EXPECT_EQ(read(" m "), "m");
    EXPECT_EQ(read("<\xE4\x01@b>"), "\xC3\xA4@b");
}

TEST(message_ids, of_long_threads_are_the_first_and_the_last) {
    std::string value;
    for (int i = 0; i < 5'000; ++i) value += "<" + std::to_string(i) + "@a.example> ";
    const std::vector<std::string> ids = message_ids(value);
    ASSERT_EQ(ids.size(), message_ids_max);
    EXPECT_EQ(ids[499], "499@a.example");
    EXPECT_EQ(ids[500], "4500@a.example");
    EXPECT_EQ(ids.back(), "4999@a.example");
    EXPECT_EQ(message_ids(value.substr(0, value.find("<1000@"))).size(), message_ids_max);
}

// Each would take minutes if reading were quadratic.
TEST(header_text, is_read_in_linear_time) {
    for (const char* piece : {"=?", "=?a?q?", "=?a?q?x ", "=?a?q?x?= ", "=?a?b?YQ?=", "=?utf-8?q?=C3?=", "<", "<\"", "\"", "(", "\\", " ",
                              "x ", "\xE4 ", "\r\n "}) {
        std::string value;
        while (value.size() < 200'000) value += piece;
        static_cast<void>(unstructured(value));
        static_cast<void>(decode_words(value));
        static_cast<void>(encode_words(value, WordPlace::unstructured));
        static_cast<void>(fold("X-Name", value));
        EXPECT_LE(message_ids(value).size(), message_ids_max);
    }
}

}  // namespace
}  // namespace packetboat::mime
