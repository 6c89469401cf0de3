#include "mime/charset.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/charset_labels.h"
#include "mime/utf8.h"

namespace packetboat::mime {
namespace {

using namespace std::string_view_literals;

struct Case {
    std::string_view label;
    std::string_view bytes;
    std::string_view utf8;
};

// Encoded with Python's codecs.
constexpr Case other_writers[] = {
    {"windows-1250", "\120\370\355\154\151\232\040\236\154\165\235\157\165\350\153\375"sv, "Příliš žluťoučký"},
    {"windows-1251", "\317\360\350\342\345\362"sv, "Привет"},
    {"windows-1253", "\312\341\353\347\354\335\361\341"sv, "Καλημέρα"},
    {"windows-1254", "\335\163\164\141\156\142\165\154\040\360"sv, "İstanbul ğ"},
    {"windows-1255", "\371\354\345\355"sv, "שלום"},
    {"windows-1256", "\343\321\315\310\307"sv, "مرحبا"},
    {"windows-1257", "\320\141\154\164\151\142\141\162\360\350\151\141\151"sv, "Šaltibarščiai"},
    {"windows-1258", "\320\040\375\040\365"sv, "Đ ư ơ"},
    {"iso-8859-2", "\243\363\144\274"sv, "Łódź"},
    {"iso-8859-3", "\241\040\370"sv, "Ħ ĝ"},
    {"iso-8859-4", "\243\040\363"sv, "Ŗ ķ"},
    {"iso-8859-5", "\277\340\330\322\325\342"sv, "Привет"},
    {"iso-8859-6", "\345\321\315\310\307"sv, "مرحبا"},
    {"iso-8859-7", "\312\341\353\347\354\335\361\341"sv, "Καλημέρα"},
    {"iso-8859-8", "\371\354\345\355"sv, "שלום"},
    {"iso-8859-10", "\253\040\271"sv, "Ŧ đ"},
    {"iso-8859-13", "\320\151\141\165\154\151\141\151"sv, "Šiauliai"},
    {"iso-8859-14", "\320\040\376"sv, "Ŵ ŷ"},
    {"iso-8859-15", "\275\165\166\162\145\040\244"sv, "œuvre €"},
    {"iso-8859-16", "\252\040\376\040\244"sv, "Ș ț €"},
    {"koi8-r", "\360\322\311\327\305\324"sv, "Привет"},
    {"koi8-u", "\267\326\301\313"sv, "Їжак"},
    {"ibm866", "\217\340\250\242\245\342"sv, "Привет"},
    {"macintosh", "\143\141\146\216\040\260"sv, "café ∞"},
    {"gbk", "\326\320\316\304\040\351\106"sv, "中文 镕"},
    {"gb2312", "\326\320\316\304"sv, "中文"},
    {"gb18030", "\326\320\316\304\040\225\062\202\066\040\201\065\376\062"sv, "中文 𠀀 ẞ"},
    {"big5", "\244\244\244\345"sv, "中文"},
    {"euc-jp", "\306\374\313\334\270\354\040\245\306\245\271\245\310"sv, "日本語 テスト"},
    {"iso-2022-jp", "\033\044\102\106\174\113\134\070\154\033\050\102\040\033\044\102\045\106\045\071\045\110\033\050\102"sv,
     "日本語 テスト"},
    {"shift_jis", "\223\372\226\173\214\352\040\261"sv, "日本語 ｱ"},
    {"euc-kr", "\307\321\261\271\276\356"sv, "한국어"},
    {"iso-2022-kr", "\033\044\051\103\016\107\121\061\071\076\156\017"sv, "한국어"},
    {"hz-gb-2312", "\176\173\126\120\116\104\176\175\040\170"sv, "中文 x"},
    {"utf-16be", "\000\141\330\075\336\000"sv, "a😀"},
    {"utf-16le", "\141\000\075\330\000\336"sv, "a😀"},
    {"utf-7", "\110\151\040\053\112\152\157\040\053\101\117\153\055"sv, "Hi ☺ é"},
    {"cp437", "\201\040\260"sv, "ü ░"},
    {"cp850", "\202\040\272"sv, "é ║"},
    {"utf-32be", "\000\000\000\141\000\001\366\000"sv, "a😀"},
};

TEST(Charset, reads_and_writes_what_python_wrote) {
    for (const Case& one : other_writers) {
        EXPECT_TRUE(is_known_charset(one.label)) << one.label;
        EXPECT_EQ(to_utf8(one.label, one.bytes), one.utf8) << one.label;
        const std::optional<std::string> written = from_utf8(one.label, one.utf8);
        ASSERT_TRUE(written.has_value()) << one.label;
        EXPECT_EQ(to_utf8(one.label, *written), one.utf8) << one.label;
    }
}

TEST(Charset, labels_mean_what_browsers_take_them_for) {
    constexpr Case cases[] = {
        {"iso-8859-1", "\x80 \x93", "\u20AC \u201C"},
        {"LATIN1", "\x80", "\u20AC"},
        {" iso-8859-9 ", "\x80\xDD", "\u20AC\u0130"},
        {"\"utf-8\"", "\xC3\xA4", "\u00E4"},
        {"gb2312", "\xE9\x46 \x80", "\u9555 \u20AC"},
        {"gb2312", "\x81\x30\x81\x30", "\u0080"},
        {"shift_jis", "\x87\x40\xEE\xE0\x81\x60", "\u2460\u9AD9\uFF5E"},
        {"ks_c_5601-1987", "\x8C\x63", "\uB620"},
        {"iso-2022-jp", "\x1B$B-!\x1B(B ok", "\u2460 ok"},
        {"iso-2022-jp", "\x1B(I123\x1B(B", "\uFF71\uFF72\uFF73"},
        {"euc-jp", "\xAD\xA1", "\u2460"},
        {"big5", "\x87\x40", "\u43F0"},
        {"tis-620", "\xA1\x85\xDB", "\u0E01\u2026\uFFFD"},
        {"iso-8859-8-i", "\xF9", "\u05E9"},
        {"x-user-defined", "a\x80\xFF", "a\uF780\uF7FF"},
        {"iso-8859-16", "\xA4\xAA\x85", "\u20AC\u0218\u0085"},
        {"windows-1252", "\x81\x8D", "\u0081\u008D"},
        {"cp866", "\x80\x1A\x1C\x7F", "\u0410\x1A\x1C\x7F"},
        {"unicode-1-1-utf-7", "+Jjo-", "\u263A"},
        {"unicode-1-1-utf-8", "\xC3\xA4", "\u00E4"},
    };
    for (const Case& one : cases) EXPECT_EQ(to_utf8(one.label, one.bytes), one.utf8) << one.label << ' ' << escape_control(one.bytes);
}

TEST(Charset, what_is_malformed_becomes_the_replacement_character) {
    constexpr Case cases[] = {
        {"gb18030", "\x81 \xFF", "\uFFFD \uFFFD"}, {"shift_jis", "\x81 \xFD", "\uFFFD \uFFFD"},
        {"euc-kr", "\xB0 a", "\uFFFD a"},          {"euc-kr", "\xB0", "\uFFFD"},
        {"utf-16le", "a\0\x3D\xD8"sv, "a\uFFFD"},  {"utf-16be", "\xD8\x3D\0a\0"sv, "\uFFFDa\uFFFD"},
        {"windows-1253", "\xFF", "\uFFFD"},        {"iso-8859-3", "\xA5", "\uFFFD"},
    };
    for (const Case& one : cases) EXPECT_EQ(to_utf8(one.label, one.bytes), one.utf8) << one.label << ' ' << escape_control(one.bytes);
}

TEST(Charset, labels_that_nobody_knows_are_guessed) {
    for (const std::string_view label : {"", "unknown-8bit", "../../etc/passwd", "utf-8,swaplfnl", "ISO_2022,locale=ja", "\xFF", "a b"}) {
        EXPECT_FALSE(is_known_charset(label)) << label;
        EXPECT_EQ(to_utf8(label, "\xC3\xA9"), "\u00E9");
        EXPECT_EQ(to_utf8(label, "\xE9"), "\u00E9");
        EXPECT_EQ(from_utf8(label, "a"), std::nullopt);
    }
    EXPECT_FALSE(is_known_charset(std::string(10'000, 'x')));
    // ASCII that is none: as a label that is not known.
    EXPECT_EQ(to_utf8("us-ascii", "\xC3\xA9"), "\u00E9");
    EXPECT_EQ(to_utf8("us-ascii", "\xE9"), "\u00E9");
}

TEST(Charset, a_byte_order_mark_knows_better_and_goes) {
    EXPECT_EQ(to_utf8("utf-8",
                      "\xEF\xBB\xBF"
                      "a"),
              "a");
    EXPECT_EQ(to_utf8("windows-1252", "\xEF\xBB\xBF\xC3\xA9"), "\u00E9");
    EXPECT_EQ(to_utf8("utf-16", "\xFE\xFF\0a"sv), "a");
    EXPECT_EQ(to_utf8("utf-16be",
                      "\xFF\xFE"
                      "a\0"sv),
              "a");
    EXPECT_EQ(to_utf8("",
                      "\xFF\xFE"
                      "a\0"sv),
              "a");
    EXPECT_EQ(to_utf8("utf-16", "a\0"sv), "a");
    EXPECT_EQ(to_utf8("utf-32", "\xFF\xFE\0\0a\0\0\0"sv), "a");
}

TEST(Charset, writes_only_what_the_label_can_say) {
    EXPECT_EQ(from_utf8("us-ascii", "plain"), "plain");
    EXPECT_EQ(from_utf8("us-ascii", "\u00E9"), std::nullopt);
    EXPECT_EQ(from_utf8("iso-8859-1", "\u00E9"), "\xE9");
    EXPECT_EQ(from_utf8("iso-8859-1", "\u20AC"), std::nullopt);  // readers would see it; ISO-8859-1 does not have it
    EXPECT_EQ(from_utf8("iso-8859-1", "\u0080"), std::nullopt);  // readers would take it for the euro sign
    EXPECT_EQ(from_utf8("windows-1252", "\u20AC"), "\x80");
    EXPECT_EQ(from_utf8("iso-8859-16", "\u0218"), "\xAA");
    EXPECT_EQ(from_utf8("iso-8859-16", "\u4E2D"), std::nullopt);
    EXPECT_EQ(from_utf8("gb2312", "\U00020000"), std::nullopt);
    EXPECT_EQ(from_utf8("utf-8", "\u4E2D"), "\u4E2D");
    EXPECT_EQ(from_utf8("utf-8", "\xC3"), std::nullopt);
    EXPECT_EQ(from_utf8("koi8-r", "\xC3"), std::nullopt);
}

TEST(Charset, utf8_is_made_valid_as_the_encoding_standard_does_it) {
    // The Unicode Standard's table 3-8 and its neighbours: one U+FFFD for each longest start of a sequence.
    constexpr std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"a\u00E4\u20AC\U0001F600", "a\u00E4\u20AC\U0001F600"},
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
         "A",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
         "A",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
        {"\xF4\x91\x92\x93\xFF"
         "A\x80\xBF"
         "B",
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB"},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
         "A",
         "\uFFFD\uFFFD\uFFFD\uFFFDA"},
        {"\xF0\x9F\x98", "\uFFFD"},
        {"\xE2\x82", "\uFFFD"},
        {"\xC3", "\uFFFD"},
        {"\xF5\x80", "\uFFFD\uFFFD"},
    };
    for (const auto& [bytes, utf8] : cases) {
        EXPECT_EQ(valid_utf8(bytes), utf8) << escape_control(bytes);
        EXPECT_EQ(to_utf8("utf-8", bytes), utf8);
        EXPECT_TRUE(is_utf8(valid_utf8(bytes)));
        EXPECT_EQ(utf8_prefix(bytes) == bytes.size(), is_utf8(bytes));
    }
}

TEST(Charset, ascii_is_told_at_every_length) {
    for (std::size_t size = 0; size < 100; ++size) {
        std::string text(size, 'a');
        EXPECT_EQ(ascii_prefix(text), size);
        for (std::size_t at = 0; at < size; ++at) {
            text[at] = '\x80';
            EXPECT_EQ(ascii_prefix(text), at);
            text[at] = 'a';
        }
    }
}

TEST(Charset, more_encodings_than_a_thread_keeps_open_and_more_threads_than_one) {
    const auto read_all = [] {
        for (int round = 0; round < 3; ++round) {
            for (const Case& one : other_writers) {
                if (to_utf8(one.label, one.bytes) != one.utf8) std::abort();
            }
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(read_all);
}

TEST(Charset, a_long_text_is_read_across_the_converters_pieces) {
    std::string bytes;
    std::string utf8;
    for (int i = 0; i < 5000; ++i) {
        bytes +=
            "\x94\x39\xFC\x36"
            "a";  // a surrogate pair in UTF-16, so that one lies on a cut
        utf8 +=
            "\U0001F600"
            "a";
    }
    EXPECT_EQ(to_utf8("gb18030", bytes), utf8);
    EXPECT_EQ(from_utf8("gb18030", utf8), bytes);
}

// html5lib's Chinese text, where the checkout has it: real Big5, of which nothing may be lost.
TEST(Charset, a_real_text_in_big5_has_no_holes) {
    const char* given = std::getenv("PACKETBOAT_VECTORS");
    const auto file = std::filesystem::path(given != nullptr ? given : "../shared/vectors") / "html/encoding/chardet/test_big5.txt";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no text at " << file;
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::string text = to_utf8("big5", bytes);
    EXPECT_GT(bytes.size(), 0U);
    EXPECT_FALSE(text.contains(replacement_character));
    EXPECT_EQ(from_utf8("big5", text), bytes);
}

}  // namespace
}  // namespace packetboat::mime
