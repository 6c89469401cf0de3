#include "agent/show.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "agent/calendar.h"
#include "agent/letter.h"
#include "agent/search.h"
#include "agent/summary.h"
#include "agent/terminal_text.h"

namespace packetboat::agent {
namespace {

std::string crlf(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
    return out;
}

std::string shown(std::string_view message, std::size_t columns = 60) { return show(Letter(crlf(message)), {.columns = columns}); }

TEST(Show, a_plain_message_with_decoded_headers) {
    EXPECT_EQ(shown("From: =?utf-8?q?J=C3=BCrgen?= <j@example.test>\nTo: bob@example.test, \"Doe, Jane\" <jane@example.test>\n"
                    "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\nDate: Tue, 24 Nov 2026 08:01:42 +0100\nX-Other: y\n\nHello,\n\nBob.\n"),
              "From: Jürgen <j@example.test>\nTo: bob@example.test, \"Doe, Jane\" <jane@example.test>\n"
              "Date: Tue, 24 Nov 2026 08:01:42 +0100\nSubject: Grüße\n\nHello,\n\nBob.\n");
}

TEST(Show, all_headers) {
    const std::string text = show(Letter("A: b\r\nX-Y: \x1b[1m=?utf-8?q?=C3=A4?=\r\n\r\nx\r\n"), {.columns = 0, .all_headers = true});
    EXPECT_EQ(text.substr(0, text.find("\n\n")), "A: b\nX-Y: [1mä");
}

TEST(Show, flowed_paragraphs_are_joined_and_wrapped) {
    EXPECT_EQ(shown("Content-Type: text/plain; format=flowed\n\none two \nthree four \nfive\n> quoted \n> text\n", 20).substr(1),
              "one two three four\nfive\n> quoted text\n");
}

TEST(Show, an_alternative_is_shown_once_as_its_text) {
    const std::string text = shown(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nplain\n--b\n"
        "Content-Type: text/html\n\n<p>html</p>\n--b--\n");
    EXPECT_EQ(text, "\nplain\n");
}

TEST(Show, html_where_the_plain_text_is_empty) {
    const std::string text = shown(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\n"
        "Content-Type: text/html\n\n<p>Look <a href=\"https://example.test/\">here</a></p><script>x</script>\n--b--\n");
    EXPECT_NE(text.find("Look here (https://example.test/)"), std::string::npos) << text;
    EXPECT_EQ(text.find("script"), std::string::npos);
}

TEST(Show, pictures_of_a_related_are_files) {
    const Letter letter(
        crlf("Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>See <img src=cid:1 alt=cat></p>\n--b\n"
             "Content-Type: image/png; name=cat.png\nContent-ID: <1>\nContent-Disposition: inline\n"
             "Content-Transfer-Encoding: base64\n\niVBORw==\n--b--\n"));
    ASSERT_EQ(letter.files().size(), 1U);
    EXPECT_EQ(letter.files()[0].name, "cat.png");
    EXPECT_EQ(letter.files()[0].size_bytes, 4U);
    EXPECT_EQ(letter.content(letter.files()[0]), "\x89PNG");
    const std::string text = show(letter, {.columns = 60});
    EXPECT_NE(text.find("See cat"), std::string::npos) << text;
    EXPECT_NE(text.find("1  cat.png  image/png  4 B"), std::string::npos) << text;
}

TEST(Show, attachments_are_listed_and_hostile_names_are_tame) {
    const Letter letter(
        crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pdf\n"
             "Content-Disposition: attachment; filename*=utf-8''a%1B%5B31m%E2%80%AEfdp.exe\n\nxyz\n--b\n"
             "Content-Type: text/plain\nContent-Disposition: attachment\n\nnote\n--b--\n"));
    ASSERT_EQ(letter.files().size(), 2U);
    EXPECT_EQ(letter.files()[1].name, "attachment-2.txt");
    const std::string text = show(letter, {.columns = 60});
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\u202E"), std::string::npos);
    EXPECT_NE(text.find("\ntext\n"), std::string::npos);
    EXPECT_EQ(*letter.part("2"), "note");
    EXPECT_EQ(letter.part("3").error().code, ErrorCode::not_found);
    EXPECT_EQ(letter.part("x").error().code, ErrorCode::not_found);
    EXPECT_EQ(letter.part("9.9").error().code, ErrorCode::not_found);
}

TEST(Show, a_forwarded_message_is_read_too) {
    const std::string text = shown(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nFYI\n--b\nContent-Type: message/rfc822\n\n"
        "From: carol@example.test\nSubject: inner\nContent-Type: text/html\n\n<b>bold</b> words\n--b--\n");
    EXPECT_NE(text.find("FYI\n\n---------- Forwarded message ----------\nFrom: carol@example.test\nSubject: inner\n\nbold words\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("message/rfc822"), std::string::npos);
}

TEST(Show, messages_in_messages_end_somewhere) {
    std::string message = "Subject: innermost\r\n\r\nx\r\n";
    for (int depth = 0; depth < 40; ++depth) message = "Content-Type: message/rfc822\r\n\r\n" + message;
    const std::string text = show(Letter(message), {});
    std::size_t seen = 0;
    for (std::size_t at = 0; (at = text.find("- Forwarded message -", at)) != std::string::npos; ++at) ++seen;
    EXPECT_EQ(seen, shown_nesting_max);
}

constexpr std::string_view invitation =
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\nDTEND:20261124T090000Z\r\n"
    "SUMMARY:Lunch\\, with\r\n  Bob\r\nLOCATION:\x1b[1mHere\r\nORGANIZER;CN=\"Alice: A\":mailto:alice@example.test\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:MAILTO:bob@example.test\r\nATTENDEE:mailto:carol@example.test\r\nRRULE:INTERVAL=2;FREQ=WEEKLY;COUNT="
    "3\r\n"
    "BEGIN:VALARM\r\nSUMMARY:not this\r\nEND:VALARM\r\nDESCRIPTION:Line\\none\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

TEST(Calendar, an_invitation) {
    EXPECT_EQ(calendar_text(read_calendar(invitation)),
              "Invitation: Lunch, with Bob\nWhen: 2026-11-24 09:00 (Europe/Berlin) to 2026-11-24 09:00 UTC, weekly\nWhere: ␛[1mHere\n"
              "Organizer: Alice: A <alice@example.test>\nAttendees: Bob <bob@example.test> (accepted), carol@example.test\n\nLine\none\n");
}

TEST(Calendar, any_text) {
    for (const char* text :
         {"", ":", ";:", "BEGIN", "END:VEVENT", "BEGIN:VEVENT\nSUMMARY", "BEGIN:VEVENT\nDTSTART:x\nEND:VEVENT\nEND:VEVENT", "\"", "A;B=\""})
        (void)calendar_text(read_calendar(text));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "BEGIN:VEVENT\nEND:VEVENT\n";
    EXPECT_EQ(read_calendar(many).events.size(), events_max);
}

TEST(Show, an_invitation_stands_below_the_text) {
    const std::string text = shown(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nCome\n--b\n"
        "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VEVENT\nSUMMARY:Tea\nDTSTART:20261124\nEND:VEVENT\n--b--\n");
    EXPECT_NE(text.find("Come\n\nEvent: Tea\nWhen: 2026-11-24\n"), std::string::npos) << text;
}

TEST(Show, files_in_the_text) {
    const Letter letter(crlf("Subject: old\n\nHere it is\nbegin 644 cat.txt\n#0V%T\n`\nend\nBye\n"));
    ASSERT_EQ(letter.files().size(), 1U);
    EXPECT_EQ(letter.files()[0].name, "cat.txt");
    EXPECT_EQ(letter.content(letter.files()[0]), "Cat");
    const std::string text = show(letter, {.columns = 60});
    EXPECT_NE(text.find("Here it is\nBye\n"), std::string::npos) << text;
}

TEST(Show, any_bytes_are_shown_tamely) {
    std::string bytes = "Subject: \r\n\r\n";
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    const std::string text = show(Letter(bytes), {.columns = 20});
    for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
    EXPECT_EQ(show(Letter(""), {}), "\n(no text)\n");
}

// ---- searches

bool finds(const std::vector<std::string>& words, const Letter& letter) {
    const Result<Search> search = Search::parse(words);
    EXPECT_TRUE(search.has_value());
    const bool matches = search && search->matches(letter);
    // What the header rules out, the message must not meet.
    EXPECT_TRUE(!matches || search->can_match(letter.index(), letter.bytes()));
    return matches;
}

TEST(Search, each_word) {
    setenv("TZ", "UTC", 1);
    tzset();
    const Letter letter(
        crlf("From: =?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <j@example.test>\nTo: bob@example.test\nCc: carol@example.test\n"
             "Subject: Lunch tomorrow\nDate: Tue, 24 Nov 2026 23:59:59 +0000\nContent-Type: text/html; charset=utf-8\n\n"
             "<p>Straße im\nWinter</p>\n"));
    for (const char* word : {"from:jürgen", "from:JÜRGEN", "FROM:gross", "from:j@example", "to:bob", "to:carol", "subject:LUNCH tomorrow",
                             "body:STRASSE im winter", "lunch", "winter", "groß", "since:2026-11-24", "before:2026-11-25"})
        EXPECT_TRUE(finds({word}, letter)) << word;
    for (const char* word :
         {"from:bob", "to:jürgen", "subject:winter", "body:lunch", "nothing", "since:2026-11-25", "before:2026-11-24", "has:attachment"})
        EXPECT_FALSE(finds({word}, letter)) << word;
    EXPECT_TRUE(finds({"from:jürgen", "winter", "to:bob"}, letter));
    EXPECT_FALSE(finds({"from:jürgen", "summer"}, letter));
}

TEST(Search, attachments) {
    EXPECT_TRUE(
        finds({"has:attachment"}, Letter(crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pdf\n"
                                              "Content-Disposition: attachment; filename=a.pdf\n\nx\n--b--\n"))));
}

TEST(Search, mistakes) {
    for (const char* word : {"since:yesterday", "since:2026-02-31", "before:2026-13-01", "before:2026-1-1", "has:", "has:wings"})
        EXPECT_EQ(Search::parse({word}).error().code, ErrorCode::invalid) << word;
    EXPECT_EQ(Search::parse({}).error().code, ErrorCode::invalid);
    EXPECT_EQ(Search::parse(std::vector<std::string>(51, "x")).error().code, ErrorCode::too_many);
}

// ---- rows

TEST(Summaries, a_row) {
    setenv("TZ", "UTC", 1);
    tzset();
    const Summary row = summary_of({.number = 7, .uid = "u7", .size_bytes = 12'345},
                                   "From: Bob <bob@example.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
                                   "Date: Tue, 24 Nov 2026 08:01:42 +0100\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    EXPECT_EQ(summary_table({row}, 80),
              "NUMBER  DATE              FROM  SUBJECT   SIZE  +\n"
              "     7  2026-11-24 07:01  Bob   Grüße    12 KB  +\n");
    EXPECT_EQ(row.address, "bob@example.test");
    const Summary bare = summary_of({.number = 1, .uid = {}}, "");
    EXPECT_EQ(bare.from + bare.subject + bare.date, "");
}

TEST(Summaries, an_id_is_a_number_or_a_unique_id) {
    const std::vector<MailItem> items = {{.number = 1, .uid = "aa"}, {.number = 3, .uid = "17"}, {.number = 4, .uid = ""}};
    EXPECT_EQ(find_item(items, "3")->number, 3U);
    EXPECT_EQ(find_item(items, "aa")->number, 1U);
    EXPECT_EQ(find_item(items, "17")->number, 3U);
    EXPECT_EQ(find_item(items, "uid:17")->number, 3U);
    for (const char* id : {"", "2", "uid:", "uid:3", "-1", "bb"}) EXPECT_EQ(find_item(items, id).error().code, ErrorCode::not_found) << id;
}

TEST(Letter, the_rtf_of_a_winmail_dat_is_a_file) {
    using namespace std::string_literals;
    const std::string rtf = "\x10\0\0\0\x04\0\0\0MELA\0\0\0\0{\\r}"s;  // [MS-OXRTFCP] 2.1.3.1.1, uncompressed
    const std::string property = "\x01\0\0\0\x02\x01\x09\x10\x01\0\0\0\x14\0\0\0"s + rtf;
    const std::string tnef = "\x78\x9f\x3e\x22\x01\0\x01\x03\x90\x06\0\x24\0\0\0"s + property + "\0\0"s;
    const Letter letter("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: binary\r\n\r\n" + tnef);
    ASSERT_EQ(letter.files().size(), 2U);
    EXPECT_EQ(letter.files()[1].name, "message.rtf");
    EXPECT_EQ(letter.files()[1].type, "application/rtf");
    EXPECT_EQ(letter.content(letter.files()[1]), "{\\r}");
}

}  // namespace
}  // namespace packetboat::agent
