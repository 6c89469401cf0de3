#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/executor.h"
#include "base/text.h"
#include "smtp/client/client.h"
#include "smtp/client/testing/fake_server.h"

namespace packetboat::smtp {
namespace {

using std::chrono::milliseconds;
using testing::FakePeer;
using testing::FakeServer;
using Strings = std::vector<std::string>;

// A body in pieces, which may fail after some of them.
class Pieces final : public BodySource {
public:
    explicit Pieces(Strings pieces, bool fails = false) : pieces_(std::move(pieces)), fails_(fails) {}
    Task<Result<std::string_view>> next() override {
        if (at_ < pieces_.size()) co_return pieces_[at_++];
        if (fails_) co_return fail(ErrorCode::unavailable, "disk error");
        co_return std::string_view{};
    }

private:
    Strings pieces_;
    bool fails_;
    std::size_t at_ = 0;
};

std::string text(const RecipientResult& result) {
    if (result) return std::to_string(result->code);
    const ClientError& error = result.error();
    const std::string who = error.reply ? "server " : "we ";
    return who + std::string(to_string(error.error.code)) + " " + error.status.text() + (error.in_doubt ? " in doubt" : "");
}

struct SendTest : ::testing::Test {
    FakeServer server;
    ClientOptions options{.name = "client.example"};
    Outgoing message{.reverse_path = "alice@example.test",
                     .recipients = {{.address = "bob@example.test"}, {.address = "carol@example.test"}}};
    Strings body{"Subject: x\r\n\r\nketchup?\r\n"};
    bool body_fails = false;
    bool usable_after = false;
    std::string why;  // the last error's text
    std::string dialogue;
    std::vector<std::uint64_t> progress;

    // Sends the message `times`, and answers what became of each recipient.
    Strings send(FakePeer& peer, int times = 1) {
        const auto conversation = [](FakePeer& to, SendTest& test, int count) -> Task<Strings> {
            Client client(to, test.options);
            Strings out;
            const ClientResult<> greeted = co_await client.greeting();
            const ClientResult<> hello = greeted ? co_await client.hello() : greeted;
            if (!hello) co_return Strings{"no hello"};
            for (int i = 0; i < count; ++i) {
                Pieces source(test.body, test.body_fails);
                const std::vector<RecipientResult> results =
                    co_await client.send(test.message, source, [&test](std::uint64_t bytes) { test.progress.push_back(bytes); });
                for (const RecipientResult& result : results) {
                    out.push_back(text(result));
                    if (!result) test.why = result.error().error.text;
                }
            }
            test.usable_after = client.usable();
            co_await client.quit();
            test.dialogue = client.dialogue();
            co_return out;
        };
        return run_to_end(conversation(peer, *this, times));
    }
    Strings send(int times = 1) {
        FakePeer peer(server);
        return send(peer, times);
    }
    // The commands after EHLO, without the QUIT.
    Strings said() const {
        Strings out(server.commands.begin() + 1, server.commands.end());
        if (!out.empty() && out.back() == "QUIT") out.pop_back();
        return out;
    }
    std::string whole_body() const {
        std::string out;
        for (const std::string& piece : body) out += piece;
        return out;
    }
    void offer(Strings extensions) { server.extensions = std::move(extensions); }
    void recipients(std::size_t count) {
        message.recipients.clear();
        for (std::size_t i = 0; i < count; ++i) message.recipients.push_back({.address = "r" + std::to_string(i) + "@example.test"});
    }
};

const Strings envelope = {"MAIL FROM:<alice@example.test>", "RCPT TO:<bob@example.test>", "RCPT TO:<carol@example.test>", "DATA"};

TEST_F(SendTest, with_and_without_pipelining) {
    for (const bool pipelining : {true, false}) {
        server = {};
        if (!pipelining) offer({});
        EXPECT_EQ(send(), (Strings{"250", "250"}));
        EXPECT_EQ(said(), envelope);
        EXPECT_EQ(server.messages, body);
        EXPECT_TRUE(usable_after);
        EXPECT_TRUE(
            dialogue.ends_with("C: DATA\nS: 250 2.1.0 Ok\nS: 250 2.1.5 Ok\nS: 250 2.1.5 Ok\nS: 354 Go\n(a message of 24 bytes, and a "
                               "dot)\nS: 250 2.0.0 Stored\nC: QUIT\nS: 221 2.0.0 Bye\n") == pipelining)
            << dialogue;
    }
}

TEST_F(SendTest, a_pipelined_group_goes_in_one_write) {
    FakePeer peer(server);
    send(peer);
    EXPECT_EQ(
        peer.high_water,
        std::string("MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<carol@example.test>\r\nDATA\r\n").size());
}

TEST_F(SendTest, each_stage_has_its_time) {
    FakePeer peer(server);
    send(peer);
    using namespace std::chrono_literals;
    // greeting, EHLO, MAIL, RCPT, RCPT, DATA, a piece, the end, QUIT
    EXPECT_EQ(peer.deadlines, (std::vector<milliseconds>{5min, 5min, 5min, 5min, 5min, 2min, 3min, 10min, 10s}));
}

TEST_F(SendTest, says_the_parameters_that_are_offered) {
    message.size_bytes = 1000;
    message.body = wire::Body::eight_bit_mime;
    message.ret = wire::Ret::headers;
    message.envid = "id";
    message.recipients = {{.address = "bob@example.test", .notify = {.success = true}, .orcpt = "rfc822;b@c.test"}};
    EXPECT_EQ(send(), Strings{"250"});
    EXPECT_EQ(said()[0], "MAIL FROM:<alice@example.test> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=id");
    EXPECT_EQ(said()[1], "RCPT TO:<bob@example.test> NOTIFY=SUCCESS ORCPT=rfc822;b@c.test");
    server = {};
    offer({"8BITMIME"});
    EXPECT_EQ(send(), Strings{"250"});
    EXPECT_EQ(said()[0], "MAIL FROM:<alice@example.test> BODY=8BITMIME");
    EXPECT_EQ(said()[1], "RCPT TO:<bob@example.test>");
}

TEST_F(SendTest, dots_and_line_ends_arrive_as_they_were_meant) {
    body = {"a\r", "\n.", "b\n", ".\r\n..", "\rc"};
    EXPECT_EQ(send(), (Strings{"250", "250"}));
    EXPECT_EQ(server.messages, Strings{"a\r\n.b\r\n.\r\n..\r\nc\r\n"});
    server = {};
    offer({"CHUNKING"});
    EXPECT_EQ(send(), (Strings{"250", "250"}));
    EXPECT_EQ(server.messages, Strings{"a\r\n.b\r\n.\r\n..\r\nc\r\n"});
}

TEST_F(SendTest, an_empty_message) {
    body = {};
    for (const bool chunking : {false, true}) {
        server = {};
        if (chunking) server.extensions.push_back("CHUNKING");
        EXPECT_EQ(send(), (Strings{"250", "250"}));
        EXPECT_EQ(server.messages, Strings{""});
    }
}

TEST_F(SendTest, a_big_message_is_never_held_whole) {
    body.assign(100, std::string(65'536 - 2, 'x') + "\r\n");
    for (const bool chunking : {false, true}) {
        server = {};
        if (chunking) server.extensions.push_back("CHUNKING");
        FakePeer peer(server);
        progress.clear();
        EXPECT_EQ(send(peer), (Strings{"250", "250"}));
        ASSERT_EQ(server.messages.size(), 1U);
        EXPECT_EQ(server.messages[0], whole_body());
        EXPECT_LE(peer.high_water, 256U * 1024);
        EXPECT_EQ(progress.size(), 100U);
        EXPECT_EQ(progress.back(), 6'553'600U);
    }
}

// ---- partial failures

TEST_F(SendTest, one_recipient_of_two_is_refused) {
    for (const char* extension : {"PIPELINING", "HELP", "CHUNKING"}) {
        server = {};
        offer({extension});
        server.answers["RCPT TO:<bob@example.test>"] = {"550 5.1.1 No such user\r\n"};
        EXPECT_EQ(send(), (Strings{"server denied 5.1.1", "250"}));
        EXPECT_EQ(why, "RCPT was answered \"550 5.1.1 No such user\"");
        EXPECT_EQ(server.messages, body);
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, the_sender_is_refused) {
    for (const char* extension : {"PIPELINING", "HELP", "CHUNKING"}) {
        server = {};
        offer({extension});
        server.answers["MAIL"] = {"451 4.7.1 Greylisted\r\n"};
        EXPECT_EQ(send(), (Strings{"server unavailable 4.7.1", "server unavailable 4.7.1"}));
        EXPECT_EQ(why, "MAIL was answered \"451 4.7.1 Greylisted\"");
        EXPECT_EQ(said().size(), server.extensions[0] == "PIPELINING" ? 4U : 1U);
        EXPECT_TRUE(server.messages.empty());
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, the_sender_is_refused_and_the_server_goes_on_as_if_nothing_were) {
    server.answers["MAIL"] = {"550 5.7.1 No\r\n"};
    server.answers["RCPT"] = {"250 Ok\r\n", "250 Ok\r\n"};
    server.answers["DATA"] = {"354 Go\r\n"};
    EXPECT_EQ(send(), (Strings{"server denied 5.7.1", "server denied 5.7.1"}));
    EXPECT_EQ(server.messages, Strings{""});  // the dot alone
    EXPECT_TRUE(usable_after);
}

TEST_F(SendTest, all_recipients_are_refused_and_data_was_said_already) {
    server.answers["RCPT"] = {"550 5.1.1 No\r\n", "450 4.2.1 Later\r\n"};
    EXPECT_EQ(send(2), (Strings{"server denied 5.1.1", "server unavailable 4.2.1", "250", "250"}));
    EXPECT_EQ(said(), (Strings{envelope[0], envelope[1], envelope[2], "DATA", "RSET", envelope[0], envelope[1], envelope[2], "DATA"}));
    EXPECT_EQ(server.messages, body);
}

TEST_F(SendTest, all_recipients_are_refused_and_the_server_waits_for_a_message) {
    server.answers["RCPT"] = {"550 5.1.1 No\r\n", "550 5.1.1 No\r\n"};
    server.answers["DATA"] = {"354 Go\r\n"};
    server.answers["."] = {"554 5.5.1 No valid recipients\r\n"};
    EXPECT_EQ(send(2), (Strings{"server denied 5.1.1", "server denied 5.1.1", "250", "250"}));
    EXPECT_EQ(server.messages, (Strings{"", body[0]}));
    EXPECT_TRUE(usable_after);
}

TEST_F(SendTest, without_pipelining_nothing_is_said_in_vain) {
    offer({});
    server.answers["RCPT"] = {"550 5.1.1 No\r\n", "550 5.1.1 No\r\n"};
    EXPECT_EQ(send(), (Strings{"server denied 5.1.1", "server denied 5.1.1"}));
    EXPECT_EQ(said(), (Strings{envelope[0], envelope[1], envelope[2]}));
}

TEST_F(SendTest, data_is_refused) {
    for (const bool pipelining : {true, false}) {
        server = {};
        if (!pipelining) offer({});
        server.answers["RCPT TO:<bob@example.test>"] = {"550 5.1.1 No\r\n"};
        server.answers["DATA"] = {"451 4.3.0 Later\r\n"};
        EXPECT_EQ(send(), (Strings{"server denied 5.1.1", "server unavailable 4.3.0"}));
        EXPECT_EQ(why, "DATA was answered \"451 4.3.0 Later\"");
        EXPECT_TRUE(server.messages.empty());
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, data_is_answered_with_what_is_no_answer) {
    server.answers["DATA"] = {"250 Ok\r\n"};
    EXPECT_EQ(send(), (Strings{"we invalid 4.5.0", "we invalid 4.5.0"}));
    EXPECT_FALSE(usable_after);
}

TEST_F(SendTest, an_answer_before_the_end_of_the_message_is_none_to_it) {
    server.answers["DATA"] = {"354 Go\r\n250 2.0.0 Stored\r\n"};
    EXPECT_EQ(send(), (Strings{"we invalid 4.5.0", "we invalid 4.5.0"}));
    EXPECT_EQ(why, "the server answered before the end of the message");
    server = {};
    server.answers["DATA"] = {"354 Go\r\n552 5.3.4 Too big\r\n"};
    EXPECT_EQ(send(), (Strings{"server denied 5.3.4", "server denied 5.3.4"}));
    EXPECT_FALSE(usable_after);
    EXPECT_TRUE(server.messages.empty());
}

TEST_F(SendTest, an_answer_too_many_is_not_the_next_message_s) {
    server.answers["."] = {"250 Ok\r\n250 and more\r\n"};
    EXPECT_EQ(send(2), (Strings{"250", "250", "we invalid 4.5.0", "we invalid 4.5.0"}));
    EXPECT_EQ(server.messages.size(), 1U);
}

TEST_F(SendTest, the_message_is_refused) {
    for (const char* extension : {"PIPELINING", "CHUNKING"}) {
        server = {};
        offer({extension});
        server.answers["."] = {"554 5.7.1 Spam\r\n"};
        EXPECT_EQ(send(2), (Strings{"server denied 5.7.1", "server denied 5.7.1", "250", "250"}));
        EXPECT_EQ(why, "the message was answered \"554 5.7.1 Spam\"");
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, one_recipient_too_many_is_temporary) {
    server.answers["RCPT TO:<carol@example.test>"] = {"552 Too many recipients\r\n"};
    EXPECT_EQ(send(), (Strings{"250", "server unavailable 4.0.0"}));
}

TEST_F(SendTest, a_closing_reply_is_everybodys) {
    server.answers["RCPT TO:<carol@example.test>"] = {"421 4.3.2 Going down\r\n"};
    EXPECT_EQ(send(), (Strings{"server unavailable 4.3.2", "server unavailable 4.3.2"}));
    EXPECT_FALSE(usable_after);
}

TEST_F(SendTest, four_and_five_hundreds_at_every_stage_leave_nobody_without_an_answer) {
    for (const std::string key : {"MAIL", "RCPT", "DATA", ".", "BDAT"}) {
        for (const char* reply : {"421 4.3.2 x\r\n", "450 x\r\n", "550 5.0.0 x\r\n", "250 x\r\n", "354 x\r\n", "nonsense\r\n", "2"}) {
            for (const Strings& extensions : {Strings{}, Strings{"PIPELINING"}, Strings{"CHUNKING", "PIPELINING"}, Strings{"CHUNKING"}}) {
                server = {};
                offer(extensions);
                options.chunk_bytes = 10;
                server.answers[key] = {reply, reply};
                const Strings results = send(2);
                ASSERT_EQ(results.size(), 4U);
                // A message that nobody took is nobody's.
                const bool taken = std::ranges::any_of(results, [](const std::string& one) { return one == "250"; });
                EXPECT_TRUE(!taken || !server.messages.empty()) << key << reply;
            }
        }
    }
}

// ---- the connection

TEST_F(SendTest, it_may_end_at_every_reply) {
    for (const Strings& extensions : {Strings{}, Strings{"PIPELINING"}, Strings{"PIPELINING", "CHUNKING"}}) {
        const std::size_t last = extensions.size() == 2 ? 5 : 6;  // of the message
        for (std::size_t at = 2; at <= last; ++at) {
            for (const bool hangs : {false, true}) {
                server = {};
                offer(extensions);
                (hangs ? server.hang_at_reply : server.close_at_reply) = at;
                const std::string code = hangs ? "we timed_out 4.4.2" : "we closed 4.4.2";
                const std::string expected = at == last ? code + " in doubt" : code;
                EXPECT_EQ(send(), (Strings{expected, expected})) << at;
                EXPECT_FALSE(usable_after);
            }
        }
    }
}

TEST_F(SendTest, replies_may_be_cut_anywhere) {
    for (std::size_t piece = 1; piece < 60; ++piece) {
        server = {};
        server.answers["RCPT TO:<bob@example.test>"] = {"550-5.1.1 No\r\n550 5.1.1 such user\r\n"};
        FakePeer peer(server);
        peer.piece_bytes = piece;
        EXPECT_EQ(send(peer), (Strings{"server denied 5.1.1", "250"})) << piece;
    }
}

TEST_F(SendTest, the_server_may_be_gone_after_every_byte) {
    for (const bool lmtp : {false, true}) {
        for (std::size_t end = 0; end < 1000; ++end) {
            server = {};
            server.lmtp = lmtp;
            options.protocol = lmtp ? ClientProtocol::lmtp : ClientProtocol::smtp;
            FakePeer peer(server);
            peer.end_at = end;
            const Strings results = send(peer);
            if (results == Strings{"no hello"}) continue;
            ASSERT_EQ(results.size(), 2U);
            if (results == Strings{"250", "250"}) break;
            EXPECT_NE(results[1], "250");
            // In doubt exactly where the server has the message.
            EXPECT_EQ(results[1].ends_with("in doubt"), !server.messages.empty()) << end;
        }
    }
}

TEST_F(SendTest, a_server_that_closes_during_the_message_may_have_said_why) {
    body.assign(10, std::string(65'536 - 2, 'x') + "\r\n");
    FakePeer deaf(server);
    deaf.take_at_most = 100'000;
    EXPECT_EQ(send(deaf), (Strings{"we closed 4.4.2", "we closed 4.4.2"}));
    EXPECT_EQ(why, "the server closed the connection without an answer to the message (Broken pipe)");
    server = {};
    FakePeer full(server);
    full.take_at_most = 100'000;
    full.last_words = "552 5.3.4 Too big\r\n";
    EXPECT_EQ(send(full), (Strings{"server denied 5.3.4", "server denied 5.3.4"}));
    EXPECT_TRUE(server.messages.empty());
    EXPECT_FALSE(usable_after);
}

TEST_F(SendTest, a_body_that_cannot_be_read_is_never_ended) {
    body_fails = true;
    for (const char* extension : {"PIPELINING", "CHUNKING"}) {
        server = {};
        offer({extension});
        EXPECT_EQ(send(), (Strings{"we unavailable 4.3.0", "we unavailable 4.3.0"}));
        EXPECT_EQ(why, "the message cannot be read: disk error");
        EXPECT_TRUE(server.messages.empty());
        EXPECT_FALSE(usable_after);
    }
}

// ---- chunks

TEST_F(SendTest, chunks_are_counted_and_refused_ones_end_it) {
    offer({"CHUNKING", "PIPELINING"});
    options.chunk_bytes = 10;
    EXPECT_EQ(send(), (Strings{"250", "250"}));
    EXPECT_EQ(said(), (Strings{envelope[0], envelope[1], envelope[2], "BDAT 10", "BDAT 10", "BDAT 4 LAST"}));
    EXPECT_EQ(server.messages, body);
    for (std::size_t refused = 0; refused < 2; ++refused) {
        server = {};
        offer({"CHUNKING", "PIPELINING"});
        if (refused == 1) server.answers["BDAT"].push_back("250 Ok\r\n");
        server.answers["BDAT"].push_back("452 4.3.1 Full\r\n");
        EXPECT_EQ(send(2), (Strings{"server unavailable 4.3.1", "server unavailable 4.3.1", "250", "250"}));
        EXPECT_EQ(std::ranges::count(said(), "RSET"), 1);
    }
}

TEST_F(SendTest, no_chunks_where_they_are_not_wanted) {
    offer({"CHUNKING"});
    options.chunking = false;
    EXPECT_EQ(send(), (Strings{"250", "250"}));
    EXPECT_EQ(said(), envelope);
}

TEST_F(SendTest, binary_goes_in_chunks_and_stays_as_it_is) {
    offer({"CHUNKING", "BINARYMIME"});
    options.chunking = false;
    message.body = wire::Body::binary_mime;
    body = {"a\n.\r", std::string("\0b", 2)};
    EXPECT_EQ(send(), (Strings{"250", "250"}));
    EXPECT_EQ(said()[0], "MAIL FROM:<alice@example.test> BODY=BINARYMIME");
    EXPECT_EQ(server.messages, Strings{whole_body()});
}

// ---- LMTP

TEST_F(SendTest, lmtp_answers_for_each_recipient) {
    options.protocol = ClientProtocol::lmtp;
    for (const char* extension : {"PIPELINING", "CHUNKING"}) {
        server = {};
        server.lmtp = true;
        offer({extension});
        recipients(4);
        server.answers["RCPT TO:<r1@example.test>"] = {"550 5.1.1 No\r\n"};
        server.answers["."] = {"250 Ok\r\n", "452 4.2.2 Full\r\n", "250 Ok\r\n"};
        EXPECT_EQ(send(), (Strings{"250", "server denied 5.1.1", "server unavailable 4.2.2", "250"}));
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, lmtp_answers_that_do_not_come_are_in_doubt) {
    options.protocol = ClientProtocol::lmtp;
    server.lmtp = true;
    server.close_at_reply = 7;
    EXPECT_EQ(send(), (Strings{"250", "we closed 4.4.2 in doubt"}));
}

TEST_F(SendTest, lmtp_that_wants_a_message_for_nobody_is_left_alone) {
    options.protocol = ClientProtocol::lmtp;
    server.lmtp = true;
    server.answers["RCPT"] = {"550 5.1.1 No\r\n", "550 5.1.1 No\r\n"};
    server.answers["DATA"] = {"354 Go\r\n"};
    EXPECT_EQ(send(), (Strings{"server denied 5.1.1", "server denied 5.1.1"}));
    EXPECT_FALSE(usable_after);
}

// ---- what is known beforehand

TEST_F(SendTest, what_the_server_cannot_do_is_not_begun) {
    struct Case {
        std::function<void(Outgoing&)> need;
        Strings offered;
        std::string result;
        std::string why;
    };
    const std::vector<Case> cases = {
        {[](Outgoing& m) { m.size_bytes = 1001; },
         {"SIZE 1000"},
         "we too_large 5.3.4",
         "the message has 1001 bytes, and the server takes at most 1000"},
        {[](Outgoing& m) { m.body = wire::Body::eight_bit_mime; },
         {},
         "we denied 5.6.3",
         "the message has 8-bit text, and the server does not offer 8BITMIME"},
        {[](Outgoing& m) { m.body = wire::Body::binary_mime; },
         {"8BITMIME", "CHUNKING"},
         "we denied 5.6.3",
         "the message is binary, and the server does not offer BINARYMIME"},
        {[](Outgoing& m) { m.smtputf8 = true; },
         {},
         "we denied 5.6.7",
         "the message's header or sender is internationalised, and the server does not offer SMTPUTF8"},
        {[](Outgoing& m) { m.reverse_path = "\xc3\xbc@example.test"; },
         {},
         "we denied 5.6.7",
         "the message's header or sender is internationalised, and the server does not offer SMTPUTF8"},
        {[](Outgoing& m) { m.require_tls = true; },
         {"REQUIRETLS"},
         "we denied 5.7.30",
         "the message must not go without TLS, and the server does not offer REQUIRETLS"},
        {[](Outgoing& m) { m.hold_for_s = 60; },
         {},
         "we denied 5.3.3",
         "the message is to be held, and the server does not offer FUTURERELEASE"},
        {[](Outgoing& m) { m.hold_for_s = 60; },
         {"FUTURERELEASE 59 2026-11-24T08:00:00Z"},
         "we too_large 5.3.3",
         "the server holds messages for at most 59 seconds"},
        {[](Outgoing& m) { m.reverse_path = "alice\r\nDATA"; }, {}, "we invalid 5.1.7", "\"alice\\x0d\\x0aDATA\" is no address"},
    };
    const Outgoing plain = message;
    for (const Case& one : cases) {
        server = {};
        offer(one.offered);
        message = plain;
        one.need(message);
        EXPECT_EQ(send(), (Strings{one.result, one.result}));
        EXPECT_EQ(why, one.why);
        EXPECT_EQ(said(), Strings{});
        EXPECT_TRUE(usable_after);
    }
}

TEST_F(SendTest, what_the_server_can_do_is_asked_for) {
    message.hold_for_s = 59;
    message.require_tls = true;
    offer({"FUTURERELEASE 59 2026-11-24T08:00:00Z", "REQUIRETLS"});
    FakePeer peer(server);
    peer.set_tls();
    EXPECT_EQ(send(peer), (Strings{"250", "250"}));
    EXPECT_EQ(said()[0], "MAIL FROM:<alice@example.test> REQUIRETLS HOLDFOR=59");
}

TEST_F(SendTest, one_recipient_that_cannot_be_said_does_not_hold_up_the_others) {
    message.recipients = {{.address = "\xc3\xbc@example.test"}, {.address = "a b@example.test"}, {.address = "bob@example.test"}};
    offer({"PIPELINING"});
    EXPECT_EQ(send(), (Strings{"we denied 5.6.7", "we invalid 5.1.3", "250"}));
    server = {};
    EXPECT_EQ(send(), (Strings{"250", "we invalid 5.1.3", "250"}));
    EXPECT_EQ(said()[0], "MAIL FROM:<alice@example.test> SMTPUTF8");
    message.recipients.resize(1);
    server = {};
    offer({});
    EXPECT_EQ(send(), Strings{"we denied 5.6.7"});
    EXPECT_EQ(said(), Strings{});
}

TEST_F(SendTest, no_recipients_no_message) {
    message.recipients.clear();
    EXPECT_EQ(send(), Strings{});
    EXPECT_EQ(said(), Strings{});
}

TEST_F(SendTest, keeps_to_the_servers_limits) {
    offer({"PIPELINING", "LIMITS MAILMAX=1 RCPTMAX=2"});
    recipients(3);
    const std::string later = "we too_many 4.5.3";
    EXPECT_EQ(send(2), (Strings{"250", "250", later, later, later, later}));
    EXPECT_EQ(why, "the server takes no more messages on this connection");
    EXPECT_FALSE(usable_after);
}

TEST_F(SendTest, many_recipients_are_said_within_bounds) {
    recipients(5000);
    server.answers["RCPT TO:<r4321@example.test>"] = {"550 5.1.1 No\r\n"};
    options.pipelined_max = 50;
    FakePeer peer(server);
    Strings expected(5000, "250");
    expected[4321] = "server denied 5.1.1";
    EXPECT_EQ(send(peer), expected);
    EXPECT_LE(peer.high_water, 50U * 40);
}

}  // namespace
}  // namespace packetboat::smtp
