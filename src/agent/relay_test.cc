#include "agent/relay.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/task.h"
#include "smtp/client/testing/fake_server.h"

namespace packetboat::agent {

namespace {

using smtp::testing::FakePeer;
using smtp::testing::FakeServer;

// A program that says everything without waiting for answers, in pieces.
class Script final : public LocalEnd {
public:
    Script(std::string_view text, std::size_t piece_bytes) : rest_(text), piece_bytes_(piece_bytes) {}
    Task<Result<std::string>> read() override {
        std::string piece = rest_.substr(0, piece_bytes_);
        rest_.erase(0, piece.size());
        co_return piece;
    }
    Task<Result<>> write(std::string_view bytes) override {
        if (heard.size() >= take_at_most) co_return fail(ErrorCode::closed, "the program has gone");
        heard += bytes;
        co_return Result<>{};
    }

    std::string heard;
    std::size_t take_at_most = 1'000'000;

private:
    std::string rest_;
    std::size_t piece_bytes_;
};

struct Told {
    std::string heard;
    Trouble trouble;
};

Told told(FakeServer& server, std::string_view text, std::size_t piece_bytes = 1'000'000) {
    server.extensions = {"PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN", "CHUNKING", "SIZE 1000"};
    FakePeer peer(server);
    static_cast<void>(run_to_end(peer.next(smtp::wire::ReplyMode::reply)));  // its greeting
    Script script(text, piece_bytes);
    Relay relay(peer, script, {.server_name = "mail.example.test"});
    Told out;
    out.trouble = run_to_end(relay.run());
    out.heard = script.heard;
    return out;
}

constexpr std::string_view greeting = "220 mail.example.test ESMTP by way of Packetboat\r\n";
constexpr std::string_view envelope = "MAIL FROM:<a@a.test>\nRCPT TO:<b@b.test>\nDATA\n";

TEST(Relay, a_script_with_bare_newlines_that_does_not_wait) {
    const std::string text = "EHLO me\n" + std::string(envelope) + "Subject: x\n\n..dot\n.\nQUIT\n";
    for (std::size_t piece = 1; piece < text.size(); ++piece) {
        FakeServer server;
        const Told out = told(server, text, piece);
        EXPECT_EQ(out.trouble.outcome, Outcome::done) << out.trouble.text;
        ASSERT_EQ(server.messages.size(), 1U);
        EXPECT_EQ(server.messages[0], "Subject: x\r\n\r\n.dot\r\n");
        EXPECT_EQ(server.commands.back(), "QUIT");
        EXPECT_TRUE(out.heard.starts_with(std::string(greeting) +
                                          "250-mail.example.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE 1000\r\n250 2.1.0 Ok\r\n"))
            << out.heard;
    }
}

TEST(Relay, login_and_encryption_are_ours) {
    FakeServer server;
    const Told out = told(server, "STARTTLS\r\nAUTH PLAIN AGEAYg==\r\nNOOP\r\n");
    EXPECT_TRUE(
        out.heard.starts_with(std::string(greeting) + "502 5.5.1 Not needed here: the way to the server is encrypted by us\r\n503 5.5.1"));
    EXPECT_EQ(server.commands, std::vector<std::string>{"NOOP"});
    EXPECT_EQ(out.trouble.outcome, Outcome::done) << "who just goes needs no QUIT";
}

TEST(Relay, no_message_is_smuggled_by_a_line_end_that_the_program_does_not_use) {
    FakeServer server;
    told(server, "MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\nx\n.\nMAIL FROM:<evil@e.test>\r\n.\r\nQUIT\r\n");
    ASSERT_EQ(server.messages.size(), 1U);
    EXPECT_EQ(server.commands, (std::vector<std::string>{"MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "DATA", "QUIT"}));
    FakeServer other;
    told(other, "NOOP x\rMAIL FROM:<evil@e.test>\r\n");
    EXPECT_EQ(other.commands, std::vector<std::string>{"NOOP x MAIL FROM:<evil@e.test>"});
}

TEST(Relay, a_message_without_its_end_is_not_sent) {
    for (const std::string_view text : {"half of it\n", "", "half of it\n."}) {
        FakeServer server;
        const Told out = told(server, std::string(envelope) + std::string(text));
        EXPECT_TRUE(server.messages.empty());
        EXPECT_EQ(out.trouble.outcome, Outcome::failed);
    }
    FakeServer server;
    EXPECT_EQ(told(server, "MAIL FROM:<a@a.test>\nRCPT TO:<b@b.test>\nBDAT 100 LAST\nhalf").trouble.outcome, Outcome::failed);
    EXPECT_TRUE(server.messages.empty());
}

TEST(Relay, chunks_are_bytes) {
    FakeServer server;
    const Told out = told(server, "MAIL FROM:<a@a.test>\nRCPT TO:<b@b.test>\nBDAT 7 LAST\na\n.\r\nb\rQUIT\n");
    ASSERT_EQ(server.messages.size(), 1U) << out.heard;
    EXPECT_EQ(server.messages[0], "a\n.\r\nb\r");
    EXPECT_EQ(server.commands.back(), "QUIT");
    FakeServer other;
    EXPECT_NE(told(other, "BDAT x\n").heard.find("501 5.5.4"), std::string::npos);
}

TEST(Relay, after_a_refused_data_come_commands) {
    FakeServer server;
    told(server, "DATA\nQUIT\n");
    EXPECT_EQ(server.commands, (std::vector<std::string>{"DATA", "QUIT"}));
}

TEST(Relay, lines_are_bounded) {
    FakeServer server;
    const Told out = told(server, "NOOP " + std::string(100'000, 'x') + "\nNOOP\n", 1000);
    EXPECT_EQ(server.commands, std::vector<std::string>{"NOOP"});
    EXPECT_NE(out.heard.find("500 5.5.2 Line too long\r\n"), std::string::npos);
}

TEST(Relay, tells_the_program_when_the_server_goes) {
    FakeServer server;
    server.close_at_reply = 1;
    const Told gone = told(server, "NOOP\nNOOP\n");
    EXPECT_EQ(gone.heard, std::string(greeting) + "421 4.4.2 the server has gone\r\n");
    EXPECT_EQ(gone.trouble.outcome, Outcome::unreachable);
    FakeServer silent;
    silent.hang_at_reply = 1;
    EXPECT_EQ(told(silent, "NOOP\n").trouble.outcome, Outcome::timed_out);
    FakeServer ending;
    ending.answers["NOOP"] = {"421 4.3.2 Going down\r\n"};
    EXPECT_EQ(told(ending, "NOOP\n").trouble.outcome, Outcome::deferred);
    FakeServer odd;
    odd.answers["NOOP"] = {"hello\r\n"};
    EXPECT_EQ(told(odd, "NOOP\n").trouble.outcome, Outcome::failed);
}

}  // namespace

}  // namespace packetboat::agent
