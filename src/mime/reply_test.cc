#include "mime/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/testing/must.h"
#include "mime/testing/draft.h"
#include "mime/testing/read_back.h"

namespace packetboat::mime {

namespace {

using packetboat::testing::must;
using testing::binary_bytes;
using testing::made;
using testing::read_back;
using testing::ReadMessage;

const Mailbox me{.name = "Me", .local = "me", .domain = "example.test"};

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

Draft reply_to(std::string_view message, ReplyOptions options = {}) {
    if (options.from.local.empty()) options.from = me;
    return reply(index(message), message, options);
}

Draft answer(std::string_view header, Audience audience) {
    const std::string message = std::string(header) + "\r\n\r\nbody\r\n";
    return reply_to(message, {.from = me, .own = {{.local = "Other", .domain = "Example.test"}}, .audience = audience});
}

std::string text_of(const AddressList& list) {
    std::string out;
    for (const Mailbox& mailbox : mailboxes(list)) out += (out.empty() ? "" : " ") + mailbox.address();
    return out;
}

}  // namespace

TEST(Reply, subjects_are_marked_once) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"", "Re:"},
        {"Lunch", "Re: Lunch"},
        {"Re: Lunch", "Re: Lunch"},
        {"RE: re:Lunch", "Re: Lunch"},
        {"Re[2]: AW: Re^3: SV : Lunch", "Re: Lunch"},
        {"回复：Re: 午饭", "Re: 午饭"},
        {"Antw: Lunch", "Re: Lunch"},
        {"Regarding: Lunch", "Re: Regarding: Lunch"},
        {"Re Lunch", "Re: Re Lunch"},
        {"R: Lunch", "Re: R: Lunch"},
        {"Fwd: Re: Lunch", "Re: Fwd: Re: Lunch"},
        {"[list] Re: Lunch", "Re: [list] Lunch"},
        {"Re: [list] Re: [list] Lunch", "Re: [list] Lunch"},
        {"[a] [b] Lunch", "Re: [a] [b] Lunch"},
        {"[list]", "Re: [list]"},
        {"Re:", "Re:"},
        {"  Lunch  ", "Re: Lunch"},
        {"Lunch\r\nBcc: x", "Re: LunchBcc: x"},
    };
    for (const auto& [before, after] : rows) {
        EXPECT_EQ(reply_subject(before), after);
        EXPECT_EQ(reply_subject(after), after);
    }
    EXPECT_EQ(forward_subject("Lunch"), "Fwd: Lunch");
    EXPECT_EQ(forward_subject("FW: WG: Lunch"), "Fwd: Lunch");
    EXPECT_EQ(forward_subject("Re: Lunch"), "Fwd: Re: Lunch");
    EXPECT_EQ(forward_subject("[list] Fwd: Lunch"), "Fwd: [list] Lunch");
    EXPECT_LE(reply_subject(repeated("字", 5'000)).size(), reply_subject_max_bytes);
    EXPECT_TRUE(reply_subject(repeated("字", 5'000)).ends_with("字"));
    EXPECT_TRUE(reply_subject(repeated("word ", 5'000)).ends_with(" word"));
    EXPECT_EQ(reply_subject(repeated("Re: ", 100'000)), "Re:");
    EXPECT_EQ(reply_subject("[x]" + repeated(" Re: [x]", 100'000)), "Re: [x]");
}

TEST(Reply, goes_to_those_whom_it_is_for) {
    struct Row {
        std::string_view header;
        Audience audience;
        std::string_view to;
        std::string_view cc;
    };
    using enum Audience;
    constexpr std::string_view talk =
        "From: Ann <ann@a.test>\r\nTo: me@example.test, Bob <bob@b.test>, ann@a.test\r\nCc: OTHER@example.test, carol@c.test, bob@B.test";
    constexpr std::string_view own = "From: me@example.test\r\nTo: bob@b.test, other@example.test\r\nCc: carol@c.test";
    constexpr std::string_view to_list =
        "From: ann@a.test\r\nTo: list@l.test\r\nCc: carol@c.test\r\nList-Post: <https://l.test/post>, <mailto:li%73t@l.test?subject=x>";
    const Row rows[] = {
        {talk, sender, "ann@a.test", ""},
        {talk, everyone, "ann@a.test bob@b.test", "carol@c.test"},
        {talk, Audience::list, "ann@a.test bob@b.test", "carol@c.test"},
        {"From: ann@a.test\r\nReply-To: desk@a.test, me@example.test\r\nTo: me@example.test", sender, "desk@a.test", ""},
        {"From: ann@a.test\r\nReply-To: desk@a.test\r\nTo: bob@b.test", everyone, "desk@a.test bob@b.test", ""},
        {own, sender, "bob@b.test", ""},
        {own, everyone, "bob@b.test", "carol@c.test"},
        {"From: me@example.test\r\nTo: me@example.test", everyone, "me@example.test", ""},
        {"From: me@example.test\r\nCc: bob@b.test", everyone, "bob@b.test", ""},
        {to_list, Audience::list, "list@l.test", ""},
        {to_list, everyone, "ann@a.test list@l.test", "carol@c.test"},
        {"From: ann@a.test\r\nTo: list@l.test\r\nList-Post: NO", Audience::list, "ann@a.test list@l.test", ""},
        {"From: ann@a.test\r\nTo: list@l.test\r\nList-Post: <mailto:a%0d%0aBcc:x@l.test>", Audience::list, "ann@a.test list@l.test", ""},
        {"From: ann@a.test\r\nTo: list@l.test\r\nMail-Followup-To: list@l.test, me@example.test", everyone, "list@l.test", ""},
        {"From: ann@a.test\r\nTo: list@l.test\r\nMail-Followup-To: list@l.test", sender, "ann@a.test", ""},
        {"From: ann@a.test\r\nTo: undisclosed-recipients:;, Team: bob@b.test, c@c.test;, nobody", everyone,
         "ann@a.test bob@b.test c@c.test", ""},
        {"Subject: no sender", everyone, "", ""},
    };
    for (const Row& row : rows) {
        const Draft draft = answer(row.header, row.audience);
        EXPECT_EQ(text_of(draft.to), row.to) << row.header;
        EXPECT_EQ(text_of(draft.cc), row.cc) << row.header;
        EXPECT_TRUE(draft.bcc.empty());
        EXPECT_EQ(draft.from, std::vector<Mailbox>{me});
    }
}

// RFC 5322 §3.6.4.
TEST(Reply, keeps_the_thread) {
    using Ids = std::vector<std::string>;
    struct Row {
        std::string header;
        Ids in_reply_to;
        Ids references;
    };
    const Row rows[] = {
        {"Message-ID: <b@x>\r\nReferences: <1@x> <a@x>\r\nIn-Reply-To: <a@x>", {"b@x"}, {"1@x", "a@x", "b@x"}},
        {"Message-ID: <b@x>\r\nIn-Reply-To: <a@x>", {"b@x"}, {"a@x", "b@x"}},
        {"Message-ID: <b@x>\r\nIn-Reply-To: <a@x> <c@x>", {"b@x"}, {"b@x"}},
        {"Message-ID: <b@x>", {"b@x"}, {"b@x"}},
        {"References: <a@x>", {}, {"a@x"}},
        {"Subject: x", {}, {}},
        {"Message-ID: <b@x>\r\nReferences: <b@x> <a@x> <a@x>", {"b@x"}, {"a@x", "b@x"}},
        {"Message-ID: <\xc3\xbc@x>\r\nReferences: <a@x>", {}, {"a@x"}},
        {"Message-ID: <" + std::string(2'000, 'x') + "@x>", {}, {}},
    };
    for (const Row& row : rows) {
        const Draft draft = answer(row.header, Audience::sender);
        EXPECT_EQ(draft.in_reply_to, row.in_reply_to) << row.header;
        EXPECT_EQ(draft.references, row.references) << row.header;
    }
    std::string header = "Message-ID: <last@x>\r\nReferences:";
    for (int i = 0; i < 300; ++i) header += " <" + std::to_string(i) + "@x>\r\n";
    const Draft draft = answer(header.substr(0, header.size() - 2), Audience::sender);
    ASSERT_EQ(draft.references.size(), reply_references_max);
    EXPECT_EQ(draft.references[0], "0@x");
    EXPECT_EQ(draft.references[1], "202@x");
    EXPECT_EQ(draft.references.back(), "last@x");
}

TEST(Reply, quotes_what_was_read) {
    const std::string message =
        "From: =?utf-8?Q?Ren=C3=A9?= <rene@r.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 -0500\r\nSubject: x\r\n"
        "Content-Type: text/plain; charset=iso-8859-1; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "It is a caf=E9=20\r\nof ours.\r\n\r\n> before\r\n\r\n--=20\r\nRen=E9\r\n";
    EXPECT_EQ(reply_to(message).text, "On Mon, 23 Nov 2026 10:00:00 -0500, René wrote:\n> It is a café of ours.\n>\n>> before\n");
    EXPECT_EQ(reply_to(message, {.attribution = "René schrieb:"}).text->substr(0, 15), "René schrieb:\n");
    EXPECT_EQ(reply_to(message, {.quote = false}).text, "");
    EXPECT_EQ(reply_to("From: a@b.test\n\none\ntwo\n").text, "a@b.test wrote:\n> one\n> two\n");
    EXPECT_EQ(reply_to("\n\none\n").text, "somebody wrote:\n>\n> one\n");
    EXPECT_EQ(reply_to("").text, "");
    EXPECT_EQ(reply_to("Content-Type: text/html\n\n<p>Hallo <b>Welt</b></p>").text, "somebody wrote:\n> Hallo Welt\n");
    EXPECT_LE(reply_to("\n" + repeated("line of text\n", 200'000)).text->size(), reply_quote_max_bytes + 100);
}

TEST(Reply, reads_the_parts_that_are_text) {
    Draft draft = testing::letter();
    draft.text = "plain\n";
    draft.html = "<p>rich</p>";
    draft.attachments.push_back({.name = "notes.txt", .type = "text/plain", .bytes = "not quoted\r\n"});
    draft.attachments.push_back({.type = "message/rfc822", .bytes = "From: a@b.test\r\n\r\nnot quoted\r\n"});
    const std::string message = must(build(draft, made()));
    EXPECT_EQ(reply_to(message).text, "On Tue, 24 Nov 2026 08:01:42 +0100, Alice wrote:\n> plain\n");
    // As Apple Mail writes text around an image.
    const std::string around =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: image/jpeg; name=a.jpg\r\n\r\njpeg\r\n"
        "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: "
        "text/html\r\n\r\nrich\r\n--c\r\n\r\ntwo\r\n--c--\r\n--b--\r\n";
    EXPECT_EQ(reply_to(around).text, "somebody wrote:\n> one\n> two\n");
    const Draft forwarded = forward(index(around), around, me, ForwardAs::in_line);
    ASSERT_EQ(forwarded.attachments.size(), 1U);
    EXPECT_EQ(forwarded.attachments[0].bytes, "jpeg");
}

TEST(Reply, an_answer_can_be_built_and_read) {
    Draft draft = testing::letter();
    draft.subject = "Grüße 中文";
    draft.from[0].name = "Ærøskøbing";
    draft.text = "Wie geht's?\n\nViele Worte " + repeated("und noch mehr ", 30) + "\n";
    draft.message_id = "first@example.test";
    const std::string first = must(build(draft, made()));
    const std::string second = must(build(reply_to(first), made()));
    const ReadMessage read = read_back(second);
    EXPECT_EQ(read.subject, "Re: Grüße 中文");
    EXPECT_EQ(mailboxes(read.to), draft.from);
    EXPECT_EQ(read.in_reply_to, std::vector<std::string>{"first@example.test"});
    EXPECT_NE(read.at("plain").text.find("Ærøskøbing wrote:\n> Wie geht's?\n>\n> Viele Worte und"), std::string::npos);
    const std::string third = must(build(reply_to(second), made()));
    EXPECT_EQ(read_back(third).subject, "Re: Grüße 中文");
    EXPECT_EQ(read_back(third).references, (std::vector<std::string>{"first@example.test", read.message_id.at(0)}));
    EXPECT_NE(read_back(third).at("plain").text.find("> > Wie geht's?"), std::string::npos);
}

TEST(Forward, in_line_takes_the_text_and_the_files) {
    Draft draft = testing::letter();
    draft.subject = "Bericht ü";
    draft.text = "siehe Anhang\n";
    draft.html = "<p>siehe Anhang</p>";
    draft.images.push_back({.name = "a.png", .type = "image/png", .bytes = "png\x01", .content_id = "a@b"});
    draft.attachments.push_back({.name = "報告書.jpg", .type = "image/jpeg", .bytes = binary_bytes()});
    draft.attachments.push_back({.name = "m", .type = "message/rfc822", .bytes = "From: a@b.test\r\n\r\nx\r\n"});
    const std::string message = must(build(draft, made()));
    Draft forwarded = forward(index(message), message, me, ForwardAs::in_line);
    EXPECT_EQ(forwarded.subject, "Fwd: Bericht ü");
    EXPECT_EQ(forwarded.text,
              "---------- Forwarded message ----------\nFrom: Alice <alice@example.test>\nDate: Tue, 24 Nov 2026 08:01:42 +0100\n"
              "Subject: Bericht ü\nTo: Bob <bob@example.test>\n\nsiehe Anhang\n");
    EXPECT_TRUE(forwarded.in_reply_to.empty());
    EXPECT_TRUE(recipients(forwarded).empty());
    const ReadMessage read = read_back(must(build(forwarded, made())));
    EXPECT_EQ(read.paths(), "mixed/plain mixed/png mixed/jpeg mixed/rfc822");
    EXPECT_EQ(read.parts[1].bytes, "png\x01");
    EXPECT_EQ(read.parts[2].name, "報告書.jpg");
    EXPECT_EQ(read.parts[2].bytes, binary_bytes());
    EXPECT_EQ(read.parts[3].bytes, draft.attachments[1].bytes);
}

TEST(Forward, as_an_attachment_it_is_the_same_byte_for_byte) {
    for (const std::string& message : {std::string("Subject: a/b\r\n\r\nbody"), std::string("Subject: a/b\n\nbody\n"), std::string(),
                                       std::string("Subject: \xff\r\n\r\n\0\r\n", 18)}) {
        const Draft forwarded = forward(index(message), message, me, ForwardAs::attachment);
        const ReadMessage read = read_back(must(build(forwarded, made())));
        ASSERT_EQ(read.parts.size(), 2U);
        EXPECT_EQ(read.parts[1].bytes, message);
        EXPECT_TRUE(read.parts[1].name.ends_with(".eml"));
        EXPECT_EQ(read.parts[1].name.find('/'), std::string::npos);
    }
}

}  // namespace packetboat::mime
