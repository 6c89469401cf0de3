#include "agent/sendmail_message.h"

#include <gtest/gtest.h>

#include "agent/local_text.h"
#include "base/task.h"

namespace packetboat::agent {

namespace {

const SendmailSender sender{.address = "alice@example.test", .full_name = "Älice", .domain = "example.test"};
const mime::Made made{.date = {.seconds = 0}, .id = {}, .domain = {}};

void put(Spool& spool, std::string_view text) {
    LocalText lines(LocalLines::any, false);
    std::string out;
    lines.take(text, out);
    lines.finish(out);
    ASSERT_TRUE(spool.append(out));
}

struct Written {
    std::string text;
    std::vector<std::string> recipients;
    MessageText facts;
};

Written written(std::string_view text) {
    Spool spool;
    put(spool, text);
    const Result<std::unique_ptr<SendmailMessage>> message = SendmailMessage::make(spool, sender, made);
    EXPECT_TRUE(message) << message.error().text;
    Written out;
    if (!message) return out;
    out.recipients = (*message)->header_recipients();
    out.facts = *(*message)->text({});
    for (;;) {
        const Result<std::string_view> piece = run_to_end(out.facts.body->next());
        EXPECT_TRUE(piece);
        if (!piece || piece->empty()) break;
        out.text += *piece;
    }
    EXPECT_EQ(out.text.size(), out.facts.size_bytes);
    return out;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(SendmailMessage, of_cron) {
    const Written out = written(
        "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@host> backup\nContent-Type: text/plain; charset=UTF-8\n"
        "Auto-Submitted: auto-generated\n\nline\n.\nend");
    EXPECT_TRUE(has(out.text, "From: Cron Daemon <root@example.test>\r\n")) << out.text;
    EXPECT_TRUE(has(out.text, "To: root@example.test\r\nSubject: Cron <root@host> backup\r\n"));
    EXPECT_TRUE(has(out.text, "Auto-Submitted: auto-generated\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <")) << out.text;
    EXPECT_TRUE(out.text.ends_with("@example.test>\r\n\r\nline\r\n.\r\nend\r\n"));
    EXPECT_EQ(out.recipients, std::vector<std::string>{"root@example.test"});
}

TEST(SendmailMessage, bcc_is_told_to_nobody_and_each_gets_it_once) {
    const Written out = written(
        "To: Bob <bob@b.test>,\n carol\nBcc: dave@d.test,\n bob@b.test\nCc: crew: e@e.test, f;\nReturn-Path: <x@y.test>\nFrom: "
        "a@a.test\n\nhi\n");
    EXPECT_EQ(out.recipients, (std::vector<std::string>{"bob@b.test", "carol@example.test", "dave@d.test", "e@e.test", "f@example.test"}));
    EXPECT_FALSE(has(out.text, "dave"));
    EXPECT_FALSE(has(out.text, "Return-Path"));
    EXPECT_TRUE(has(out.text, "From: a@a.test\r\n")) << "what is well is left alone";
}

TEST(SendmailMessage, domains_of_other_alphabets_are_in_a_labels_unless_the_rest_needs_utf8) {
    const Written out = written("To: Bob <bob@b\u00fccher.test>\nCc: j\u00fcrgen@b\u00fccher.test\nFrom: a@\u00e4.test\n\n");
    EXPECT_EQ(out.recipients, (std::vector<std::string>{"bob@xn--bcher-kva.test", "j\u00fcrgen@b\u00fccher.test"}));
    EXPECT_TRUE(has(out.text, "To: Bob <bob@xn--bcher-kva.test>\r\n")) << out.text;
    EXPECT_TRUE(has(out.text, "Cc: j\u00fcrgen@b\u00fccher.test\r\nFrom: a@xn--4ca.test\r\n")) << out.text;
    EXPECT_TRUE(out.facts.utf8_headers);
    EXPECT_FALSE(written("To: bob@b\u00fccher.test\nFrom: a@\u00e4.test\n\n").facts.utf8_headers);
    EXPECT_EQ(qualified_recipients("bob@b\u00fccher.test", "x.test"), std::vector<std::string>{"bob@xn--bcher-kva.test"});
}

TEST(SendmailMessage, sent_anew) {
    const Written out = written("Resent-To: new@n.test\nResent-Bcc: quiet@q.test\nTo: old@o.test\nFrom: a@a.test\n\n");
    EXPECT_EQ(out.recipients, (std::vector<std::string>{"new@n.test", "quiet@q.test"}));
    EXPECT_FALSE(has(out.text, "quiet"));
}

TEST(SendmailMessage, without_any_header) {
    for (const std::string_view text : {"just text\nwithout: header\n", "\njust text\nwithout: header\n"}) {
        const Written out = written(text);
        EXPECT_TRUE(out.text.starts_with("From: ")) << out.text;
        EXPECT_TRUE(out.text.ends_with("\r\n\r\njust text\r\nwithout: header\r\n")) << out.text;
        EXPECT_TRUE(out.recipients.empty());
    }
    EXPECT_TRUE(written("").text.ends_with("\r\n\r\n"));
    EXPECT_TRUE(written("From a@b Thu Jan  1 00:00:00 1970\nSubject: mbox\nFrom: a@b.test\n\nx\n").text.starts_with("Subject: mbox\r\n"));
}

TEST(SendmailMessage, what_is_beyond_ascii_says_what_it_is) {
    const Written utf8 = written("From: Ünal <u@u.test>\nSubject: Grüße\n\nSchöne\n");
    EXPECT_TRUE(has(utf8.text, "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"));
    EXPECT_TRUE(has(utf8.text, "Subject: =?")) << utf8.text;
    EXPECT_FALSE(utf8.facts.utf8_headers);
    EXPECT_EQ(utf8.facts.needs, smtp::wire::Body::eight_bit_mime);
    EXPECT_TRUE(has(written("From: a@a.test\n\n\xff\n").text, "charset=unknown-8bit"));
    EXPECT_FALSE(has(written("From: a@a.test\nContent-Type: text/plain; charset=x\n\n\xff\n").text, "unknown-8bit"));
    EXPECT_EQ(written("From: a@a.test\n\nplain\n").facts.needs, smtp::wire::Body::seven_bit);
    EXPECT_TRUE(written("From: a@a.test\nX-Name: \xc3\xbc\n\nplain\n").facts.utf8_headers);
    EXPECT_FALSE(written("From: a@a.test\nX-Name: \xfc\n\nplain\n").facts.utf8_headers);
}

TEST(SendmailMessage, an_address_that_is_none_is_named) {
    Spool spool;
    put(spool, "To: a@b..c\n\nx\n");
    const auto message = SendmailMessage::make(spool, sender, made);
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().code, ErrorCode::invalid);
    EXPECT_EQ(message.error().text.substr(0, 4), "To: ");
    Spool endless;
    put(endless, "X: " + std::string(sendmail_header_max_bytes, 'x') + "\n\nx\n");
    EXPECT_EQ(SendmailMessage::make(endless, sender, made).error().code, ErrorCode::too_large);
}

TEST(Spool, goes_to_the_disk_when_it_grows) {
    Spool spool;
    std::string all;
    for (int i = 0; i < 100; ++i) {
        const std::string piece(100'000, static_cast<char>('a' + i % 26));
        all += piece;
        ASSERT_TRUE(spool.append(piece));
    }
    EXPECT_FALSE(spool.in_memory());
    EXPECT_FALSE(spool.has_8bit_from(0));
    ASSERT_TRUE(spool.append("\xff."));
    all += "\xff.";
    EXPECT_EQ(spool.size_bytes(), all.size());
    EXPECT_TRUE(spool.has_8bit_from(all.size() - 2));
    EXPECT_FALSE(spool.has_8bit_from(all.size() - 1));
    SpoolBody body("header", spool, 5);
    std::string read;
    for (;;) {
        const Result<std::string_view> piece = run_to_end(body.next());
        ASSERT_TRUE(piece);
        if (piece->empty()) break;
        read += *piece;
    }
    EXPECT_TRUE(read == "header" + all.substr(5));
}

TEST(QualifiedRecipients, of_a_command_line) {
    EXPECT_EQ(*qualified_recipients("root", "example.test"), std::vector<std::string>{"root@example.test"});
    EXPECT_EQ(*qualified_recipients("Bob <bob@b.test>, c@d.test", "d.test"), (std::vector<std::string>{"bob@b.test", "c@d.test"}));
    EXPECT_FALSE(qualified_recipients("", "d.test"));
    EXPECT_FALSE(qualified_recipients("a@b@c", "d.test"));
}

}  // namespace

}  // namespace packetboat::agent
