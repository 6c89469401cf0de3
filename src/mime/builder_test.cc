#include "mime/builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/must.h"
#include "base/text.h"
#include "mime/encoded_word.h"
#include "mime/testing/draft.h"
#include "mime/testing/read_back.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

using packetboat::testing::must;
using testing::binary_bytes;
using testing::has_lines_of;
using testing::letter;
using testing::made;
using testing::raw_field;
using testing::read_back;
using testing::ReadMessage;
using testing::ReadPart;

ErrorCode error_of(const Draft& draft, const BuildOptions& options = {}) {
    const Result<std::string> built = build(draft, made(), options);
    return built ? ErrorCode::internal : built.error().code;
}

std::string built(const Draft& draft, const BuildOptions& options = {}) { return must(build(draft, made(), options)); }

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

constexpr std::string_view scripts[] = {"Grüße.jpg",
                                        "Отчёт за ноябрь.jpg",
                                        "報告書.jpg",
                                        "דוח שנתי.jpg",
                                        "تقرير.jpg",
                                        "รายงาน.jpg",
                                        "हिन्दी रिपोर्ट.jpg",
                                        "naïve “quotes”.jpg",
                                        "👩‍👩‍👧‍👦 family.jpg",
                                        "e\u0301cole.jpg",
                                        "plain.jpg",
                                        "two words.jpg",
                                        "semi;colon=\"x\".jpg",
                                        "a\\b.jpg",
                                        "=?utf-8?Q?x?=.jpg",
                                        " outer space ",
                                        "percent%20.jpg",
                                        "it's.jpg"};

}  // namespace

TEST(Builder, a_plain_letter_is_this) {
    Draft draft = letter();
    draft.subject = "Lunch";
    draft.text = "Shall we?\n";
    EXPECT_EQ(built(draft),
              "Date: Tue, 24 Nov 2026 08:01:42 +0100\r\n"
              "From: Alice <alice@example.test>\r\n"
              "To: Bob <bob@example.test>\r\n"
              "Subject: Lunch\r\n"
              "Message-ID: <" +
                  made().id.text() +
                  "@example.test>\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=us-ascii; format=flowed\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n"
                  "Shall we?\r\n");
}

TEST(Builder, has_no_more_levels_than_are_needed) {
    struct Row {
        bool text, html, image, file;
        std::string_view paths;
    };
    const Row rows[] = {
        {false, false, false, false, "plain"},
        {true, false, false, false, "plain"},
        {false, true, false, false, "html"},
        {true, true, false, false, "alternative/plain alternative/html"},
        {false, true, true, false, "related/html related/jpeg"},
        {true, true, true, false, "alternative/plain alternative/related/html alternative/related/jpeg"},
        {true, false, true, false, "mixed/plain mixed/jpeg"},
        {true, false, false, true, "mixed/plain mixed/pdf"},
        {false, false, false, true, "pdf"},
        {false, false, true, true, "mixed/jpeg mixed/pdf"},
        {true, true, true, true, "mixed/alternative/plain mixed/alternative/related/html mixed/alternative/related/jpeg mixed/pdf"},
    };
    for (const Row& row : rows) {
        Draft draft = letter();
        if (row.text) draft.text = "text\n";
        if (row.html) draft.html = "<p>html</p>\n";
        if (row.image) draft.images.push_back({.name = "a.jpg", .type = "image/jpeg", .bytes = binary_bytes(), .content_id = "a@b"});
        if (row.file) draft.attachments.push_back({.name = "a.pdf", .type = "application/pdf", .bytes = binary_bytes()});
        EXPECT_EQ(read_back(built(draft)).paths(), row.paths);
    }
}

TEST(Builder, everything_travels_unchanged) {
    Draft draft = letter();
    draft.from.push_back({.name = "Ærøskøbing, Bureau \"A\"", .local = "buro", .domain = "example.test"});
    draft.reply_to = {Mailbox{.name = "", .local = "odd name", .domain = "[192.0.2.1]"}};
    draft.cc = {Group{.name = "Друзья", .members = {{.name = "王小明", .local = "wang", .domain = "example.test"}}}};
    draft.bcc = {Mailbox{.local = "secret", .domain = "example.test"}};
    draft.subject = "Grüße, 中文 and emoji 👩‍👩‍👧‍👦 — e\u0301";
    draft.in_reply_to = {"one@example.test"};
    draft.references = {"zero@example.test", "one@example.test"};
    draft.text = "Hallo Welt\n\n> quoted\n\nFrom here on\n.\nüber alles\n";
    draft.html = "<p>Hallo <img src=\"cid:pic@example.test\"> Welt ü</p>\n";
    draft.images.push_back({.name = "bild.jpg", .type = "image/jpeg", .bytes = binary_bytes(), .content_id = "pic@example.test"});
    for (const std::string_view name : scripts) {
        draft.attachments.push_back({.name = std::string(name), .type = "image/jpeg", .bytes = binary_bytes()});
    }
    const std::string message = built(draft);
    EXPECT_TRUE(has_lines_of(message, 78));
    EXPECT_TRUE(is_ascii(message));

    const ReadMessage read = read_back(message);
    EXPECT_EQ(read.subject, draft.subject);
    EXPECT_EQ(mailboxes(read.from), draft.from);
    EXPECT_EQ(mailboxes(read.sender), std::vector<Mailbox>{draft.from[0]});
    EXPECT_EQ(read.reply_to, draft.reply_to);
    EXPECT_EQ(read.to, draft.to);
    EXPECT_EQ(read.cc, draft.cc);
    EXPECT_EQ(read.in_reply_to, draft.in_reply_to);
    EXPECT_EQ(read.references, draft.references);
    EXPECT_EQ(read.at("mixed/alternative/plain").text, draft.text);
    EXPECT_EQ(read.at("mixed/alternative/related/html").text, draft.html);
    const ReadPart& image = read.at("mixed/alternative/related/jpeg");
    EXPECT_EQ(image.content_id, "pic@example.test");
    EXPECT_EQ(image.disposition, "inline");
    EXPECT_EQ(image.bytes, binary_bytes());
    ASSERT_EQ(read.parts.size(), 3 + std::size(scripts));
    for (std::size_t i = 0; i < std::size(scripts); ++i) {
        EXPECT_EQ(read.parts[3 + i].name, scripts[i]);
        EXPECT_EQ(read.parts[3 + i].type.parameter("name"), scripts[i]);
        EXPECT_EQ(read.parts[3 + i].disposition, "attachment");
        EXPECT_EQ(read.parts[3 + i].bytes, binary_bytes());
    }
}

TEST(Builder, utf8_headers_are_as_they_are_and_read_the_same) {
    Draft draft = letter();
    draft.from = {{.name = "Jürgen", .local = "jürgen", .domain = "bücher.example"}};
    draft.to = {Mailbox{.name = "王, 小明", .local = "王", .domain = "例え.テスト"},
                Mailbox{.name = "=?x?", .local = "b", .domain = "c.example"}};
    draft.subject = "Grüße aus München";
    EXPECT_TRUE(needs_utf8_headers(draft));
    EXPECT_EQ(error_of(draft), ErrorCode::invalid);

    const Composition composition = must(compose(draft, made(), {.utf8_headers = true}));
    EXPECT_TRUE(composition.has_utf8_headers());
    EXPECT_EQ(composition.needs(), Transport::eight_bit);
    const std::string message = built(draft, {.utf8_headers = true});
    EXPECT_EQ(raw_field(message, "Subject"), draft.subject);
    EXPECT_EQ(raw_field(message, "From"), "Jürgen <jürgen@bücher.example>");
    EXPECT_EQ(read_back(message).to, draft.to);
    EXPECT_FALSE(needs_utf8_headers(letter()));
}

TEST(Builder, utf8_headers_that_could_not_be_folded_are_in_encoded_words) {
    for (const std::string& subject : {repeated("字", 400), std::string("ü  two"), std::string(" ü"), std::string("ü =?utf-8?Q?x?=")}) {
        Draft draft = letter();
        draft.subject = subject;
        const std::string message = built(draft, {.utf8_headers = true});
        EXPECT_TRUE(is_ascii(message)) << subject;
        EXPECT_EQ(read_back(message).subject, subject);
    }
}

TEST(Builder, bcc_is_of_the_envelope_only) {
    Draft draft = letter();
    draft.cc = {Group{.name = "g", .members = {{.local = "carol", .domain = "EXAMPLE.test"}}}};
    draft.bcc = {Mailbox{.name = "Hidden", .local = "hidden", .domain = "example.test"},
                 Mailbox{.local = "carol", .domain = "example.test"}};
    std::string message = built(draft);
    EXPECT_EQ(lower(message).find("hidden"), std::string::npos);
    EXPECT_EQ(lower(message).find("bcc"), std::string::npos);
    std::vector<std::string> all;
    for (const Mailbox& mailbox : recipients(draft)) all.push_back(mailbox.address());
    EXPECT_EQ(all, (std::vector<std::string>{"bob@example.test", "carol@EXAMPLE.test", "hidden@example.test"}));

    draft.to.clear();
    draft.cc.clear();
    message = built(draft);
    EXPECT_EQ(lower(message).find("hidden"), std::string::npos);
    EXPECT_EQ(raw_field(message, "To"), "undisclosed-recipients:;");
}

TEST(Builder, nothing_begins_a_field_of_its_own) {
    const std::string evil = "x\r\nBcc: evil@example.test\r\n\r\n--=_\r\nbody\n X-Evil: 1\rX-Evil: 2\0X-Evil: 3";
    Draft draft = letter();
    draft.subject = draft.user_agent = evil;
    draft.from[0].name = evil;
    draft.to.emplace_back(Group{.name = evil, .members = {{.name = evil, .route = evil, .local = "a", .domain = "b.example"}}});
    draft.attachments.push_back({.name = evil, .type = "image/jpeg; name=\"x\r\nX-Evil: 1\"; other=\"x\r\nX-Evil: 1\"", .bytes = "x\r\n"});
    draft.fields = {{"X-Good", "1"}};
    const std::string message = built(draft);
    const ReadMessage read = read_back(message);
    EXPECT_EQ(read.names,
              "Date From To Subject Message-ID User-Agent X-Good MIME-Version Content-Type Content-Transfer-Encoding Content-Disposition");
    EXPECT_EQ(message.find("\r\nX-Evil"), std::string::npos);
    EXPECT_EQ(message.find("\r\nBcc"), std::string::npos);
    EXPECT_TRUE(has_lines_of(message, 998));
}

TEST(Builder, what_cannot_be_cleaned_is_refused) {
    const std::string evil = "x\r\nBcc: evil@example.test";
    const auto refused = [](auto&& change) {
        Draft draft = letter();
        change(draft);
        return error_of(draft) == ErrorCode::invalid;
    };
    EXPECT_TRUE(refused([](Draft& d) { d.from.clear(); }));
    EXPECT_TRUE(refused([&](Draft& d) { d.from[0].local = evil; }));
    EXPECT_TRUE(refused([&](Draft& d) { d.to = {Mailbox{.local = "a", .domain = evil}}; }));
    EXPECT_TRUE(refused([&](Draft& d) { d.cc = {Mailbox{.local = "a", .domain = "[" + evil + "]"}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.cc = {Mailbox{.local = "a", .domain = "b.example, c"}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.cc = {Mailbox{.local = "a", .domain = ""}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.bcc = {Mailbox{.local = "", .domain = "b.example"}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.to = {Mailbox{.local = std::string(400, 'a'), .domain = "b.example"}}; }));
    EXPECT_TRUE(refused([&](Draft& d) { d.message_id = evil; }));
    EXPECT_TRUE(refused([](Draft& d) { d.message_id = "a@b> <c@d"; }));
    EXPECT_TRUE(refused([](Draft& d) { d.message_id = "without-at"; }));
    EXPECT_TRUE(refused([&](Draft& d) { d.in_reply_to = {evil}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.references = {""}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.references = {"a@b c@d"}; }));
    EXPECT_TRUE(refused([&](Draft& d) { d.attachments = {{.bytes = "x", .content_id = evil}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.attachments = {{.type = "jpeg"}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.attachments = {{.type = "multipart/mixed; boundary=a"}}; }));
    EXPECT_TRUE(refused([](Draft& d) { d.attachments = {{.type = "message/partial"}}; }));
    for (const std::string& name : {std::string(""), std::string("X Y"), std::string("X:"), std::string("X\r\nY"), std::string("Bcc"),
                                    std::string("bCC"), std::string("Resent-Bcc"), std::string("Content-Type"), std::string("content-x"),
                                    std::string("MIME-version"), std::string("Subject"), std::string("Ü"), std::string("X\0", 2)}) {
        EXPECT_TRUE(refused([&](Draft& d) { d.fields = {{name, "x"}}; })) << name;
    }
    for (const std::string& value : {evil, std::string("a\nb"), std::string("a\r\n b"), std::string("a\0b", 3), std::string("\x1b[2J"),
                                     std::string("\xff"), std::string(2000, 'x')}) {
        EXPECT_TRUE(refused([&](Draft& d) { d.fields = {{"X-Field", value}}; })) << escape_control(value);
    }
}

TEST(Builder, is_bounded) {
    const auto error = [](auto&& change) {
        Draft draft = letter();
        change(draft);
        return error_of(draft);
    };
    EXPECT_EQ(error([](Draft& d) { d.subject.assign(draft_field_max_bytes + 1, 'x'); }), ErrorCode::too_large);
    EXPECT_EQ(error([](Draft& d) { d.from[0].name.assign(draft_field_max_bytes + 1, 'x'); }), ErrorCode::too_large);
    EXPECT_EQ(error([](Draft& d) { d.fields = {{"X-A", std::string(draft_field_max_bytes + 1, 'x')}}; }), ErrorCode::too_large);
    EXPECT_EQ(error([](Draft& d) { d.fields.resize(draft_fields_max + 1, {"X-A", "x"}); }), ErrorCode::too_many);
    EXPECT_EQ(error([](Draft& d) { d.attachments.resize(draft_attachments_max + 1); }), ErrorCode::too_many);
    EXPECT_EQ(error([](Draft& d) { d.attachments = {{.name = std::string(draft_file_name_max_bytes + 1, 'x')}}; }), ErrorCode::too_large);
    EXPECT_EQ(error([](Draft& d) { d.to.resize(addresses_max + 1, d.to.front()); }), ErrorCode::too_many);
    EXPECT_EQ(error([](Draft& d) { d.bcc.resize(addresses_max + 1, d.to.front()); }), ErrorCode::too_many);
    EXPECT_EQ(error([](Draft& d) { d.references.resize(message_ids_max + 1, "a@b"); }), ErrorCode::too_many);
    EXPECT_EQ(error([](Draft& d) { d.text = std::string(draft_text_max_bytes + 1, 'x'); }), ErrorCode::too_large);
}

TEST(Builder, fields_of_the_callers_own) {
    Draft draft = letter();
    draft.fields = {{"X-Plain", "one two"},
                    {"X-Text", "Größe"},
                    {"List-Unsubscribe", "<https://example.test/" + std::string(300, 'u') + ">"},
                    {"X-Encoded", "=?utf-8?Q?=C3=BC?= <a@b.example>"},
                    {"X-Empty", ""},
                    {"X-Plain", "again"}};
    const std::string message = built(draft);
    EXPECT_EQ(raw_field(message, "X-Plain"), "one two");
    EXPECT_EQ(unstructured(raw_field(message, "X-Text")), "Größe");
    EXPECT_EQ(raw_field(message, "List-Unsubscribe"), draft.fields[2].second);
    EXPECT_EQ(raw_field(message, "X-Encoded"), draft.fields[3].second);
    EXPECT_EQ(raw_field(message, "X-Empty"), "");
    EXPECT_NE(read_back(message).names.find("X-Plain X-Text List-Unsubscribe X-Encoded X-Empty X-Plain"), std::string::npos);
}

TEST(Builder, very_long_words_fit_into_lines) {
    Draft draft = letter();
    draft.subject = std::string(5'000, 'x') + " " + repeated("ü", 3'000);
    draft.from[0].name = std::string(3'000, 'n');
    draft.text = std::string(5'000, 't') + "\n" + repeated("字", 2'000) + "\n";
    draft.html = "<p>" + std::string(5'000, 'h') + "</p>\n";
    const std::string message = built(draft);
    EXPECT_TRUE(has_lines_of(message, 78));
    const ReadMessage read = read_back(message);
    EXPECT_EQ(read.subject, draft.subject);
    EXPECT_EQ(mailboxes(read.from), draft.from);
    EXPECT_EQ(read.at("alternative/plain").text, draft.text);
    EXPECT_EQ(read.at("alternative/html").text, draft.html);
}

// Each word stands for itself: a reader that decodes them one by one sees no half of a character.
TEST(Builder, no_encoded_word_holds_a_part_of_a_character) {
    Draft draft = letter();
    draft.subject = repeated("👩‍👩‍👧‍👦e\u0301字", 50);
    const std::string subject = raw_field(built(draft), "Subject");
    std::size_t words = 0;
    for (std::size_t at = 0; at < subject.size();) {
        const std::optional<EncodedWord> word = encoded_word(std::string_view(subject).substr(at));
        ASSERT_TRUE(word);
        EXPECT_LE(word->size, 75U);
        EXPECT_EQ(decode_words(std::string_view(subject).substr(at, word->size)).find("\xef\xbf\xbd"), std::string::npos);
        at += word->size + 1;
        ++words;
    }
    EXPECT_GT(words, 10U);
}

TEST(Builder, a_long_file_name_travels_with_every_character) {
    Draft draft = letter();
    draft.text = "x\n";
    draft.attachments.push_back({.name = repeated("報告 ", 80) + ".pdf", .bytes = "1"});
    draft.attachments.push_back({.name = std::string(255, 'a') + ".pdf", .bytes = "2"});
    draft.attachments.push_back({.name = "日本\r\n\0語.pdf", .bytes = "3"});
    const std::string message = built(draft);
    EXPECT_TRUE(has_lines_of(message, 998));
    const ReadMessage read = read_back(message);
    EXPECT_EQ(read.parts[1].name, draft.attachments[0].name);
    EXPECT_EQ(read.parts[2].name, draft.attachments[1].name);
    EXPECT_EQ(read.parts[2].type.parameter("name"), draft.attachments[1].name);
    EXPECT_EQ(read.parts[1].type.parameter("name"), draft.attachments[0].name);
}

TEST(Builder, texts_are_the_same_whatever_their_line_ends) {
    for (const std::string_view text : {"a\nb\n\nc\n", "a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc\r", "a\nb\r\n\rc"}) {
        Draft draft = letter();
        draft.text = text;
        EXPECT_EQ(read_back(built(draft)).at("plain").text, "a\nb\n\nc\n");
    }
}

TEST(Builder, text_that_is_not_flowed_keeps_its_white_space) {
    Draft draft = letter();
    draft.flowed = false;
    draft.text = "  two  \n > x\t\n" + repeated("word ", 60) + "\n-- \nme\n";
    const ReadMessage read = read_back(built(draft));
    EXPECT_EQ(read.at("plain").text, draft.text);
    EXPECT_EQ(read.at("plain").type.parameter("format"), "");
}

TEST(Builder, what_is_on_the_way_finds_nothing_to_change) {
    Draft draft = letter();
    draft.flowed = false;
    draft.text = "From me\n.\n..\n.hidden\n>From\n";
    draft.html = "From\n.\n";
    draft.attachments.push_back({.name = "a.txt", .type = "text/plain", .bytes = "From \r\n.\r\n"});
    const std::string message = built(draft);
    EXPECT_EQ(message.find("\r\nFrom me"), std::string::npos);
    EXPECT_EQ(message.find("\r\nFrom \r\n"), std::string::npos);
    const ReadMessage read = read_back(message);
    EXPECT_EQ(read.at("mixed/alternative/plain").text, draft.text);
    EXPECT_EQ(read.parts[2].bytes, draft.attachments[0].bytes);
}

TEST(Builder, attachments_are_the_same_byte_for_byte) {
    for (const std::string& bytes : {std::string(), std::string("x"), std::string("x\n"), std::string("x\r\n"), std::string("x\r"),
                                     std::string("\r\n"), std::string("\0", 1), std::string("x \r\n"), std::string("--\r\n"),
                                     std::string(57, 'b'), std::string(58, '\n'), binary_bytes(), std::string("\xef\xbb\xbfü\n")}) {
        for (const std::string_view type : {"text/plain", "image/jpeg", "application/json"}) {
            Draft draft = letter();
            draft.attachments.push_back({.name = "x", .type = std::string(type), .bytes = bytes});
            EXPECT_EQ(read_back(built(draft)).parts.front().bytes, bytes);
            draft.text = "text\n";
            EXPECT_EQ(read_back(built(draft)).parts.at(1).bytes, bytes);
            draft.attachments.push_back(draft.attachments.front());
            EXPECT_EQ(read_back(built(draft)).parts.at(1).bytes, bytes);
            EXPECT_EQ(read_back(built(draft)).parts.at(2).bytes, bytes);
        }
    }
}

TEST(Builder, attachments_of_any_size_are_the_same) {
    Draft draft = letter();
    draft.text = "text\n";
    for (std::size_t size = 0; size < 200; ++size) {
        draft.attachments.push_back({.name = "x", .type = "image/jpeg", .bytes = binary_bytes().substr(0, size)});
    }
    const std::string message = built(draft);
    EXPECT_EQ(must(compose(draft, made())).size_bytes(), message.size());
    const ReadMessage read = read_back(message);
    for (std::size_t size = 0; size < 200; ++size) EXPECT_EQ(read.parts.at(1 + size).bytes, draft.attachments[size].bytes) << size;
}

TEST(Builder, text_files_say_their_charset_where_it_can_be_told) {
    const auto charset = [](std::string type, std::string bytes) {
        Draft draft = letter();
        draft.attachments.push_back({.name = "x", .type = std::move(type), .bytes = std::move(bytes)});
        return std::string(read_back(built(draft)).parts.front().type.parameter("charset"));
    };
    EXPECT_EQ(charset("text/csv", "a;b\r\n"), "us-ascii");
    EXPECT_EQ(charset("text/csv", "ü\n"), "utf-8");
    EXPECT_EQ(charset("text/csv", "\xfc\n"), "");
    EXPECT_EQ(charset("text/csv; charset=iso-8859-1", "\xfc\n"), "iso-8859-1");
    EXPECT_EQ(charset("application/json", "{}"), "");
}

// The boundary that would have been chosen stands in the text: another is taken.
TEST(Builder, a_boundary_is_in_no_part) {
    Draft draft = letter();
    draft.flowed = false;
    draft.text = "text\n";
    draft.html = "<p>html</p>\n";
    std::string message = built(draft);
    std::vector<std::string> seen;
    for (int round = 0; round < 5; ++round) {
        const ReadMessage read = read_back(message);
        const std::string boundary(content_type(raw_field(message, "Content-Type")).parameter("boundary"));
        EXPECT_EQ(std::ranges::find(seen, boundary), seen.end());
        EXPECT_EQ(read.paths(), "alternative/plain alternative/html");
        EXPECT_EQ(read.at("alternative/plain").text, draft.text);
        seen.push_back(boundary);
        *draft.text += "--" + boundary + "\n--" + boundary + "--\n";
        message = built(draft);
    }
    // And in a message that is attached, which was made with the same id.
    const std::string inner = message;
    draft.text = "outer\n";
    draft.attachments.push_back({.type = "message/rfc822", .bytes = inner});
    const ReadMessage read = read_back(built(draft));
    EXPECT_EQ(read.paths(), "mixed/alternative/plain mixed/alternative/html mixed/rfc822");
    EXPECT_EQ(read.parts[2].bytes, inner);
}

TEST(Builder, message_ids_are_of_the_id_and_the_domain) {
    Draft draft = letter();
    Made by = made();
    by.domain = "host.example";
    EXPECT_EQ(read_back(must(build(draft, by))).message_id, (std::vector<std::string>{by.id.text() + "@host.example"}));
    by.domain = "two words";
    EXPECT_FALSE(build(draft, by));
    draft.message_id = "given@example.test";
    EXPECT_EQ(read_back(must(build(draft, by))).message_id, (std::vector<std::string>{"given@example.test"}));
}

TEST(Builder, a_sender_stands_where_it_is_needed) {
    Draft draft = letter();
    draft.sender = draft.from[0];
    EXPECT_EQ(raw_field(built(draft), "Sender"), "");
    draft.sender->local = "secretary";
    EXPECT_EQ(raw_field(built(draft), "Sender"), "Alice <secretary@example.test>");
    draft.sender.reset();
    draft.from.push_back({.local = "second", .domain = "example.test"});
    EXPECT_EQ(raw_field(built(draft), "Sender"), "Alice <alice@example.test>");
}

}  // namespace packetboat::mime
