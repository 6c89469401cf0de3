#include "smtp/client/client.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "smtp/client/testing/fake_server.h"

namespace packetboat::smtp {
namespace {

using std::chrono::milliseconds;
using testing::FakePeer;
using testing::FakeServer;
using Strings = std::vector<std::string>;

std::string text(const ClientResult<>& result) {
    if (result) return "ok";
    const ClientError& error = result.error();
    return std::string(to_string(error.error.code)) + " " + error.status.text() + ": " + error.error.text;
}

struct Conversation : ::testing::Test {
    FakeServer server;
    ClientOptions options{.name = "client.example"};

    // What the client's calls answer, with "; " between; it stops after the first that fails.
    std::string talk(FakePeer& peer, Strings calls) {
        const auto body = [](FakePeer& to, ClientOptions with, Strings all, std::string& dialogue) -> Task<std::string> {
            Client client(to, with);
            std::string out;
            for (const std::string& call : all) {
                ClientResult<> result;
                if (call == "greeting") result = co_await client.greeting();
                if (call == "hello") result = co_await client.hello();
                if (call == "tls") result = co_await client.start_tls();
                if (call == "rset") result = co_await client.rset();
                if (call == "quit") co_await client.quit();
                out += (out.empty() ? "" : "; ") + text(result);
                if (!result) break;
            }
            dialogue = client.dialogue();
            co_return out;
        };
        return run_to_end(body(peer, options, std::move(calls), dialogue));
    }
    std::string talk(Strings calls) {
        FakePeer peer(server);
        return talk(peer, std::move(calls));
    }
    std::string dialogue;
};

TEST_F(Conversation, from_the_greeting_to_the_goodbye) {
    EXPECT_EQ(talk({"greeting", "hello", "rset", "quit"}), "ok; ok; ok; ok");
    EXPECT_EQ(server.commands, (Strings{"EHLO client.example", "RSET", "QUIT"}));
    EXPECT_EQ(dialogue,
              "S: 220 mail.example.test ESMTP\nC: EHLO client.example\nS: 250-mail.example.test\nS: 250-PIPELINING\nS: 250-SIZE 1000000\n"
              "S: 250-8BITMIME\nS: 250-SMTPUTF8\nS: 250-ENHANCEDSTATUSCODES\nS: 250 DSN\nC: RSET\nS: 250 2.0.0 Ok\nC: QUIT\n"
              "S: 221 2.0.0 Bye\n");
}

TEST_F(Conversation, nothing_is_said_after_the_goodbye) {
    EXPECT_EQ(talk({"greeting", "hello", "quit", "rset"}), "ok; ok; ok; closed 4.4.2: the conversation is over");
    EXPECT_EQ(server.commands.back(), "QUIT");
}

TEST_F(Conversation, a_greeting_may_refuse) {
    server.greeting = "554 5.7.1 Not for you\r\n";
    EXPECT_EQ(talk({"greeting"}), "denied 5.7.1: the connection was answered \"554 5.7.1 Not for you\"");
    server.greeting = "451 Later\r\n";
    EXPECT_EQ(talk({"greeting"}), "unavailable 4.0.0: the connection was answered \"451 Later\"");
    server.greeting = "421 4.3.2 Going down\r\n";
    EXPECT_EQ(talk({"greeting"}), "unavailable 4.3.2: the connection was answered \"421 4.3.2 Going down\"");
}

TEST_F(Conversation, helo_where_ehlo_is_not_known) {
    for (const char* refused : {"500 What?\r\n", "502 5.5.1 No\r\n", "550 No\r\n"}) {
        server = {};
        server.answers["EHLO"] = {refused};
        EXPECT_EQ(talk({"greeting", "hello"}), "ok; ok");
        EXPECT_EQ(server.commands, (Strings{"EHLO client.example", "HELO client.example"}));
    }
}

TEST_F(Conversation, no_helo_where_ehlo_is_refused_for_now) {
    server.answers["EHLO"] = {"450 4.7.0 Greylisted\r\n"};
    EXPECT_EQ(talk({"greeting", "hello"}), "ok; unavailable 4.7.0: our greeting was answered \"450 4.7.0 Greylisted\"");
    EXPECT_EQ(server.commands, (Strings{"EHLO client.example"}));
}

TEST_F(Conversation, lmtp_says_lhlo_and_nothing_else) {
    options.protocol = ClientProtocol::lmtp;
    server.answers["LHLO"] = {"500 What?\r\n"};
    EXPECT_EQ(talk({"greeting", "hello"}), "ok; denied 5.0.0: our greeting was answered \"500 What?\"");
    EXPECT_EQ(server.commands, (Strings{"LHLO client.example"}));
}

TEST_F(Conversation, our_name_must_be_one) {
    options.name = "a\r\nMAIL FROM:<x>";
    EXPECT_EQ(talk({"greeting", "hello"}).substr(0, 18), "ok; invalid 5.5.4:");
    EXPECT_EQ(server.commands, Strings{});
}

TEST_F(Conversation, tls_begins_anew) {
    server.extensions = {"STARTTLS", "SIZE 1"};
    EXPECT_EQ(talk({"greeting", "hello", "tls", "tls"}), "ok; ok; ok; exists 5.5.4: TLS is on already");
    EXPECT_EQ(server.commands, (Strings{"EHLO client.example", "STARTTLS", "EHLO client.example"}));
    EXPECT_NE(dialogue.find("(TLSv1.3 with TLS_AES_256_GCM_SHA384 from here)\n"), std::string::npos);
}

TEST_F(Conversation, what_was_injected_behind_starttls_is_never_believed) {
    server.extensions = {"STARTTLS"};
    server.answers["STARTTLS"] = {"220 Go\r\n250-evil.example\r\n250 AUTH PLAIN\r\n"};
    FakePeer peer(server);
    const auto body = [](FakePeer& to) -> Task<wire::Capabilities> {
        Client client(to, {.name = "client.example"});
        (void)co_await client.greeting();
        (void)co_await client.hello();
        (void)co_await client.start_tls();
        co_return client.capabilities();
    };
    const wire::Capabilities after = run_to_end(body(peer));
    EXPECT_TRUE(after.starttls);
    EXPECT_TRUE(after.auth.empty());
}

TEST_F(Conversation, tls_may_be_refused_not_offered_or_fail) {
    EXPECT_EQ(talk({"greeting", "hello", "tls"}), "ok; ok; denied 4.7.10: the server does not offer STARTTLS");
    server = {};
    server.extensions = {"STARTTLS"};
    server.answers["STARTTLS"] = {"454 4.7.0 No entropy\r\n"};
    EXPECT_EQ(talk({"greeting", "hello", "tls"}), "ok; ok; unavailable 4.7.0: STARTTLS was answered \"454 4.7.0 No entropy\"");
    server = {};
    server.extensions = {"STARTTLS"};
    FakePeer peer(server);
    peer.tls_works = false;
    EXPECT_EQ(talk(peer, {"greeting", "hello", "tls"}),
              "ok; ok; denied 4.7.5: the certificate of mail.example.test is not to be trusted: it is self-signed");
}

TEST_F(Conversation, each_stage_has_its_time) {
    server.extensions = {"STARTTLS"};
    FakePeer peer(server);
    talk(peer, {"greeting", "hello", "tls", "rset", "quit"});
    using namespace std::chrono_literals;
    // greeting, EHLO, STARTTLS, the handshake, EHLO, RSET, QUIT
    EXPECT_EQ(peer.deadlines, (std::vector<milliseconds>{5min, 5min, 5min, 2min, 5min, 5min, 10s}));
}

TEST_F(Conversation, says_where_the_server_closed) {
    const Strings expected = {"the server closed the connection without a greeting",
                              "the server closed the connection without an answer to our greeting",
                              "the server closed the connection without an answer to RSET"};
    for (std::size_t at = 0; at < expected.size(); ++at) {
        server = {};
        server.close_at_reply = at;
        const std::string said = talk({"greeting", "hello", "rset"});
        EXPECT_TRUE(said.ends_with("closed 4.4.2: " + expected[at])) << said;
    }
}

TEST_F(Conversation, says_where_the_server_hung) {
    const Strings expected = {"timed_out 4.4.1: the server did not answer to the connection in time",
                              "timed_out 4.4.2: the server did not answer to our greeting in time",
                              "timed_out 4.4.2: the server did not answer to RSET in time"};
    for (std::size_t at = 0; at < expected.size(); ++at) {
        server = {};
        server.hang_at_reply = at;
        const std::string said = talk({"greeting", "hello", "rset"});
        EXPECT_TRUE(said.ends_with(expected[at])) << said;
    }
}

TEST_F(Conversation, an_answer_that_makes_no_sense_ends_it) {
    server.answers["EHLO"] = {"<html>\r\n"};
    EXPECT_EQ(talk({"greeting", "hello"}), "ok; invalid 4.5.0: our greeting got an answer that is no SMTP reply: \"<html>\"");
}

TEST_F(Conversation, an_answer_that_nobody_asked_for_ends_it) {
    server.greeting = "220 mail.example.test\r\n250 and more\r\n";
    EXPECT_EQ(talk({"greeting", "hello"}), "ok; invalid 4.5.0: the server said what nobody asked for: \"250 and more\"");
    EXPECT_EQ(server.commands, Strings{});
    server = {};
    server.greeting = "220 mail.example.test\r\n421 4.3.2 Going down\r\n";
    EXPECT_EQ(talk({"greeting", "hello"}), "ok; unavailable 4.3.2: our greeting was answered \"421 4.3.2 Going down\"");
}

TEST_F(Conversation, an_endless_answer_ends_it) {
    std::string endless;
    while (endless.size() < 3'000'000) endless += "250-more and more\r\n";
    server.answers["EHLO"] = {endless};
    FakePeer peer(server);
    peer.piece_bytes = 16'000;
    EXPECT_EQ(talk(peer, {"greeting", "hello"}), "ok; invalid 4.5.0: our greeting got an answer that is too long");
}

TEST_F(Conversation, a_closing_reply_ends_it_whatever_it_was_said_to) {
    server.answers["RSET"] = {"421 4.3.2 Going down\r\n"};
    EXPECT_EQ(talk({"greeting", "hello", "rset"}), "ok; ok; unavailable 4.3.2: RSET was answered \"421 4.3.2 Going down\"");
}

TEST(dialogue, forgets_its_beginning) {
    Dialogue dialogue(100);
    for (int i = 0; i < 100; ++i) dialogue.client("NOOP " + std::to_string(i) + "\r\n");
    EXPECT_LE(dialogue.text().size(), 140U);
    EXPECT_TRUE(dialogue.text().starts_with("(91 lines before are left out)\nC: NOOP 91\n")) << dialogue.text();
}

TEST(dialogue, is_fit_to_be_shown) {
    Dialogue dialogue(10'000);
    dialogue.client(std::string(2'000, 'x'));
    dialogue.client("a\x1b[2J\r\n");
    EXPECT_EQ(dialogue.text(), "C: " + std::string(512, 'x') + "…\nC: a\\x1b[2J\n");
}

}  // namespace
}  // namespace packetboat::smtp
