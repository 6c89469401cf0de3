#include "pop3/client/client.h"

#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/text.h"
#include "pop3/client/testing/fake_server.h"

namespace packetboat::pop3 {
namespace {

using testing::FakePeer;
using testing::FakeServer;
using Strings = std::vector<std::string>;
using Numbers = std::vector<std::uint64_t>;

template <class T>
std::string text(const ClientResult<T>& result) {
    if (result) return "ok";
    return std::string(to_string(result.error().error.code)) + ": " + result.error().error.text;
}

// What a call answers, as one line.
std::string shown(const ClientResult<>& result) { return text(result); }
std::string shown(const ClientResult<MaildropSize>& result) {
    return result ? std::to_string(result->messages) + " in " + std::to_string(result->octets) : text(result);
}
std::string shown(const ClientResult<std::vector<ScanListing>>& result) {
    if (!result) return text(result);
    std::string out;
    for (const ScanListing& one : *result) out += std::to_string(one.message) + "=" + std::to_string(one.octets) + " ";
    return out;
}
std::string shown(const ClientResult<std::vector<UniqueId>>& result) {
    if (!result) return text(result);
    std::string out;
    for (const UniqueId& one : *result) out += std::to_string(one.message) + "=" + one.id + " ";
    return out;
}
std::string shown(const ClientResult<Top>& result) { return result ? result->text + (result->cut ? "…" : "") : text(result); }
std::string shown(const ClientResult<std::string>& result) { return result ? *result : text(result); }
template <class T>
std::string shown(const std::vector<ClientResult<T>>& results) {
    std::string out;
    for (const ClientResult<T>& one : results) out += "[" + shown(one) + "]";
    return out;
}

// A sink that fails after some bytes.
class BadSink final : public MessageSink {
public:
    Task<Result<>> take(std::string_view) override { co_return fail(ErrorCode::over_quota, "the disk is full"); }
};

Task<std::string> call(Client& client, std::string name) {
    const Numbers all = {1, 2, 3};
    const Numbers some = {3, 7, 1};
    if (name == "greeting") co_return shown(co_await client.greeting());
    if (name == "capa") co_return shown(co_await client.capa());
    if (name == "tls") co_return shown(co_await client.start_tls());
    if (name == "login") {
        const LoginCredentials who{.user = "alice", .password = "packetboat", .authorize_as = {}, .mechanism = {}};
        co_return shown(co_await client.login(who));
    }
    if (name == "stat") co_return shown(co_await client.stat());
    if (name == "list") co_return shown(co_await client.list());
    if (name == "uidl") co_return shown(co_await client.uidl());
    if (name == "uidl some") co_return shown(co_await client.uidl(some));
    if (name == "top 2") co_return shown(co_await client.top(2, 1));
    if (name == "top all") co_return shown(co_await client.top(all, 0));
    if (name == "top some") co_return shown(co_await client.top(some, 0));
    if (name == "dele 1") co_return shown(co_await client.dele(1));
    if (name == "dele some") co_return shown(co_await client.dele(some));
    if (name == "rset") co_return shown(co_await client.rset());
    if (name == "noop") co_return shown(co_await client.noop());
    if (name == "quit") {
        const ClientResult<> result = co_await client.quit();
        co_return shown(result) + (!result && result.error().in_doubt ? " (in doubt)" : "");
    }
    if (name == "retr bad") {
        BadSink sink;
        co_return text(co_await client.retr(1, sink));
    }
    if (name == "retr all") {
        TextSink one(1000), two(1000), three(1000);
        const std::vector<Retrieval> wanted = {{1, &one}, {2, &two}, {3, &three}};
        const std::vector<ClientResult<std::uint64_t>> got = co_await client.retr(wanted);
        std::string out;
        const TextSink* sinks[] = {&one, &two, &three};
        for (std::size_t i = 0; i < got.size(); ++i) {
            out += "[" + (got[i] ? sinks[i]->text() : text(got[i])) + "]";
            if (got[i]) EXPECT_EQ(*got[i], sinks[i]->text().size());
        }
        co_return out;
    }
    TextSink sink(1'000'000);
    const ClientResult<std::uint64_t> result = co_await client.retr(*parse_u64(name.substr(5)), sink);
    co_return result ? sink.text() : text(result);
}

struct Conversation : ::testing::Test {
    FakeServer server;
    ClientOptions options{.plain_text_login_without_tls = true};

    // What the client's calls answer, with "; " between; it stops after the first that breaks the connection.
    std::string talk(FakePeer& peer, Strings calls) {
        const auto body = [](FakePeer& to, Conversation& test, Strings all) -> Task<std::string> {
            Client client(to, test.options);
            std::string out;
            for (const std::string& one : all) out += (out.empty() ? "" : "; ") + co_await call(client, one);
            test.dialogue = client.dialogue();
            test.capabilities = client.capabilities();
            co_return out;
        };
        return run_to_end(body(peer, *this, std::move(calls)));
    }
    std::string talk(Strings calls) {
        FakePeer peer(server);
        return talk(peer, std::move(calls));
    }
    std::string dialogue;
    wire::Capabilities capabilities;
};

const std::string second = "Subject: two\r\n\r\n.dots\r\n..\r\n.\r\nend\r\n";

TEST_F(Conversation, from_the_greeting_to_the_goodbye) {
    EXPECT_EQ(talk({"greeting", "capa", "login", "stat", "list", "uidl", "retr 2", "top 2", "dele 1", "noop", "quit"}),
              "ok; ok; ok; 3 in 76; 1=23 2=35 3=18 ; 1=uid-1 2=uid-2 3=uid-3 ; " + second + "; Subject: two\r\n\r\n.dots\r\n; ok; ok; ok");
    EXPECT_EQ(server.commands,
              (Strings{"CAPA", "USER alice", "PASS packetboat", "STAT", "LIST", "UIDL", "RETR 2", "TOP 2 1", "DELE 1", "NOOP", "QUIT"}));
    EXPECT_EQ(server.deleted, Strings{server.messages[0]});
    EXPECT_TRUE(
        dialogue.starts_with("S: +OK mail.example.test ready <1896.697170952@mail.example.test>\nC: CAPA\nS: +OK\n(7 lines)\n"
                             "C: USER alice\nS: +OK\nC: PASS ********\nS: +OK\n"))
        << dialogue;
    EXPECT_TRUE(dialogue.find("(35 bytes)\n") != std::string::npos) << dialogue;
}

TEST_F(Conversation, however_it_arrives_it_is_the_same) {
    const Strings calls = {"greeting", "capa", "login", "stat", "list", "uidl some", "retr all", "top some", "dele some", "rset", "quit"};
    const std::string whole = talk(calls);
    for (const bool pipelining : {true, false}) {
        options.pipelining = pipelining;
        for (std::size_t piece = 1; piece < 40; ++piece) {
            server = {};
            FakePeer peer(server);
            peer.piece_bytes = piece;
            ASSERT_EQ(talk(peer, calls), whole) << piece;
        }
    }
}

TEST_F(Conversation, the_connection_may_end_after_every_byte) {
    const Strings calls = {"greeting", "capa", "login", "stat", "list", "uidl", "uidl some", "retr all", "top some", "dele some", "quit"};
    FakePeer all(server);
    const std::string whole = talk(all, calls);
    ASSERT_EQ(whole.find("closed"), std::string::npos) << whole;
    for (std::size_t at = 0; at < all.arrived; ++at) {
        server = {};
        FakePeer peer(server);
        peer.end_at = at;
        std::string out = talk(peer, calls);
        if (out.ends_with(" (in doubt)")) out.resize(out.size() - 11);
        const std::size_t cut = out.find("closed: the server closed the connection without a ");
        ASSERT_NE(cut, std::string::npos) << at << " " << out;
        ASSERT_EQ(out.substr(0, cut), whole.substr(0, cut)) << at;
        // From the first failure on every call says the same.
        ASSERT_TRUE(out.ends_with(out.substr(cut, out.find_first_of(";]", cut) - cut))) << at << " " << out;
    }
}

TEST_F(Conversation, the_server_may_close_or_hang_at_every_stage) {
    const Strings calls = {"greeting", "capa", "login", "stat", "list", "uidl", "uidl some", "retr all", "top some", "dele some", "rset"};
    talk(calls);
    const std::size_t replies = server.replies;
    for (std::size_t at = 0; at < replies; ++at) {
        server = {};
        server.close_at_reply = at;
        EXPECT_NE(talk(calls).find("closed: the server closed"), std::string::npos) << at;
        server = {};
        server.hang_at_reply = at;
        EXPECT_NE(talk(calls).find("timed_out: the server did not answer"), std::string::npos) << at;
    }
}

TEST_F(Conversation, pipelines_where_the_server_says_that_it_can) {
    options.pipelined_max = 2;
    talk({"greeting", "capa", "top all"});
    EXPECT_EQ(server.groups, (std::vector<std::size_t>{1, 2, 1}));
    server = {};
    std::erase(server.capabilities, "PIPELINING");
    talk({"greeting", "capa", "top all"});
    EXPECT_EQ(server.groups, (std::vector<std::size_t>{1, 1, 1, 1}));
}

TEST_F(Conversation, one_refused_message_does_not_matter_to_the_others) {
    EXPECT_EQ(talk({"greeting", "capa", "top some"}),
              "ok; ok; [Subject: three\r\n\r\n][not_found: TOP was answered \"-ERR no such message\"][Subject: one\r\n\r\n]");
    server = {};
    EXPECT_EQ(talk({"greeting", "capa", "uidl some", "dele some"}),
              "ok; ok; [uid-3][not_found: UIDL was answered \"-ERR no such message\"][uid-1]; "
              "[ok][not_found: DELE was answered \"-ERR no such message\"][ok]");
}

TEST_F(Conversation, codes_in_answers_are_values) {
    struct Case {
        std::string answer;
        std::string expected;
    };
    const std::vector<Case> cases = {
        {"-ERR [IN-USE] locked\r\n", "conflict: the login was answered \"-ERR [IN-USE] locked\""},
        {"-ERR [AUTH] wrong\r\n", "denied: the login was answered \"-ERR [AUTH] wrong\""},
        {"-ERR [SYS/TEMP] later\r\n", "unavailable: the login was answered \"-ERR [SYS/TEMP] later\""},
        {"-ERR [SYS/TEMP/DISK] later\r\n", "unavailable: the login was answered \"-ERR [SYS/TEMP/DISK] later\""},
        {"-ERR [SYS/PERM] never\r\n", "denied: the login was answered \"-ERR [SYS/PERM] never\""},
        {"-ERR [LOGIN-DELAY] slow\r\n", "unavailable: the login was answered \"-ERR [LOGIN-DELAY] slow\""},
        {"-ERR no\r\n", "denied: the login was answered \"-ERR no\""},
        {"-ERR\n", "denied: the login was answered \"-ERR\""},
    };
    for (const Case& one : cases) {
        server = {};
        server.answers["PASS"] = {one.answer};
        EXPECT_EQ(talk({"greeting", "capa", "login"}), "ok; ok; " + one.expected);
    }
}

TEST_F(Conversation, a_greeting_may_refuse) {
    server.greeting = "-ERR [SYS/TEMP] too many\r\n";
    EXPECT_EQ(talk({"greeting"}), "unavailable: the connection was answered \"-ERR [SYS/TEMP] too many\"");
    server.greeting = "220 mail.example.test ESMTP\r\n";
    EXPECT_EQ(talk({"greeting"}), "invalid: the connection got an answer that is no POP3: \"220 mail.example.test ESMTP\"");
    server.greeting = "+ \r\n";
    EXPECT_EQ(talk({"greeting"}), "invalid: the connection got an answer that is no POP3: \"+ \"");
}

TEST_F(Conversation, a_server_of_old_knows_no_capa) {
    server.answers["CAPA"] = {"-ERR what?\r\n"};
    EXPECT_EQ(talk({"greeting", "capa", "login", "top some"}).substr(0, 24), "ok; ok; ok; [Subject: th");
    EXPECT_FALSE(capabilities.known);
    EXPECT_EQ(server.groups, (std::vector<std::size_t>{1, 1, 1, 1, 1, 1}));
}

TEST_F(Conversation, what_capa_does_not_have_is_not_asked_for) {
    server.capabilities = {"USER"};
    EXPECT_EQ(
        talk({"greeting", "capa", "top 2", "uidl", "tls"}),
        "ok; ok; denied: the server does not offer TOP; denied: the server does not offer UIDL; denied: the server does not offer STLS");
    EXPECT_EQ(server.commands, Strings{"CAPA"});
}

TEST_F(Conversation, with_tls_everything_is_asked_anew) {
    EXPECT_EQ(talk({"greeting", "capa", "tls", "tls"}), "ok; ok; ok; exists: TLS is on already");
    EXPECT_EQ(server.commands, (Strings{"CAPA", "STLS", "CAPA"}));
    EXPECT_TRUE(dialogue.find("(TLSv1.3 with TLS_AES_256_GCM_SHA384 from here)\n") != std::string::npos);
}

TEST_F(Conversation, what_stands_behind_the_answer_to_stls_is_not_believed) {
    FakePeer peer(server);
    peer.behind_stls = "+OK\r\nUSER\r\nSASL EVIL\r\n.\r\n";
    EXPECT_EQ(talk(peer, {"greeting", "capa", "tls"}), "ok; ok; ok");
    EXPECT_TRUE(capabilities.sasl.empty());
}

TEST_F(Conversation, tls_may_fail) {
    {
        FakePeer peer(server);
        peer.tls_works = false;
        const std::string failed = "denied: the certificate of mail.example.test is not to be trusted: it is self-signed";
        EXPECT_EQ(talk(peer, {"greeting", "capa", "tls", "login"}), "ok; ok; " + failed + "; " + failed);
    }
    server = {};
    server.answers["STLS"] = {"-ERR [SYS/TEMP] no\r\n"};
    EXPECT_EQ(talk({"greeting", "capa", "tls", "noop"}), "ok; ok; unavailable: STLS was answered \"-ERR [SYS/TEMP] no\"; ok");
}

TEST_F(Conversation, what_nobody_asked_for_is_not_taken_for_an_answer) {
    server.answers["STAT"] = {"+OK 1 1\r\n+OK 2 2\r\n"};
    EXPECT_EQ(talk({"greeting", "stat", "noop", "noop"}),
              "ok; 1 in 1; invalid: the server said what nobody asked for: \"+OK 2 2\"; "
              "invalid: the server said what nobody asked for: \"+OK 2 2\"");
    server = {};
    server.answers["STAT"] = {"+OK 1 1\r\n-ERR [SYS/TEMP] server is stopping\r\n"};
    EXPECT_EQ(talk({"greeting", "stat", "dele 1"}),
              "ok; 1 in 1; unavailable: the connection was answered \"-ERR [SYS/TEMP] server is stopping\"");
}

TEST_F(Conversation, answers_that_make_no_sense_end_it) {
    struct Case {
        std::string call;
        std::string answer;
    };
    const std::vector<Case> cases = {{"stat", "+OK\r\n"},
                                     {"stat", "+OK x 1\r\n"},
                                     {"stat", "+OK 99999999999999999999 1\r\n"},
                                     {"stat", "+OK 1 2x\r\n"},
                                     {"list", "+OK\r\n1\r\n.\r\n"},
                                     {"list", "+OK\r\n0 5\r\n.\r\n"},
                                     {"list", "+OK\r\n1 5\r\n1 6\r\n.\r\n"},
                                     {"uidl", "+OK\r\n1\r\n.\r\n"},
                                     {"uidl", "+OK\r\n1 \x1b[31m\r\n.\r\n"},
                                     {"uidl", "+OK\r\n1 " + std::string(300, 'x') + "\r\n.\r\n"},
                                     {"uidl some", "+OK 1 abc\r\n"}};
    for (const Case& one : cases) {
        server = {};
        server.answers[one.call.substr(0, 4) == "stat" ? "STAT" : one.call == "list" ? "LIST" : "UIDL"] = {one.answer};
        const std::string out = talk({"greeting", one.call, "noop"});
        EXPECT_NE(out.find("invalid: "), std::string::npos) << one.answer << out;
        EXPECT_NE(out.find(" got an answer that makes no sense: "), std::string::npos) << one.answer << out;
        EXPECT_EQ(out.find("\x1b"), std::string::npos);
    }
}

TEST_F(Conversation, listings_may_be_sparse_unordered_and_chatty) {
    server.answers["LIST"] = {"+OK\n7 70 octets\n3\t30\n.\n"};
    server.answers["UIDL"] = {"+OK\r\n7 a.b  \r\n3 !~\r\n.\r\n"};
    EXPECT_EQ(talk({"greeting", "list", "uidl", "noop"}), "ok; 3=30 7=70 ; 3=!~ 7=a.b ; ok");
}

TEST_F(Conversation, endless_lines_listings_and_messages_are_given_up) {
    options.messages_max = 1000;
    options.message_max_bytes = 100'000;
    struct Case {
        std::string call;
        std::string begin;
        std::string again;
        std::string expected;
    };
    const std::vector<Case> cases = {
        {"noop", "", std::string(4000, 'x'), "invalid: NOOP got an answer without an end"},
        {"noop", "+OK ", std::string(4000, 'x'), "invalid: NOOP got an answer without an end"},
        {"list", "+OK\r\n", std::string(4000, '1'), "invalid: LIST got an answer without an end"},
        {"list", "+OK\r\n", "1 1\r\n", "too_many: LIST was answered with more than 1000 lines"},
        {"capa", "+OK\r\n", "X\r\n", "too_many: CAPA was answered with more than 500 lines"},
        {"retr 1", "+OK\r\n", std::string(5000, 'x') + "\r\n", "too_large: the message is larger than 100000 bytes"},
        {"retr 1", "+OK\r\n", std::string(5000, '.'), "too_large: the message is larger than 100000 bytes"},
        {"top 2", "+OK\r\n", "\r\n.x", "too_large: the message is larger than 100000 bytes"},
    };
    for (const Case& one : cases) {
        server = {};
        const std::string verb = upper(one.call.substr(0, one.call.find(' ')));
        server.answers[verb] = {one.begin};
        FakePeer peer(server);
        peer.endless = [&one] { return one.again; };
        const std::string out = talk(peer, {"greeting", one.call, "noop"});
        EXPECT_TRUE(out.starts_with("ok; " + one.expected)) << one.call << ": " << out.substr(0, 200);
        EXPECT_LT(peer.arrived, 500'000U);
        EXPECT_LT(peer.input_high_water, 16'384U + 5002U);
        EXPECT_LT(dialogue.size(), 40'000U);
    }
}

TEST_F(Conversation, a_long_answer_has_its_time_by_the_block_and_not_by_the_piece) {
    server.messages = {std::string(200'000, 'x') + "\r\n"};
    FakePeer peer(server);
    peer.piece_bytes = 100;
    talk(peer, {"greeting", "retr 1"});
    // The greeting, RETR, and 200,000 bytes in blocks of 64 KiB.
    EXPECT_EQ(peer.deadlines.size(), 2U + 1U + 3U);
}

TEST_F(Conversation, top_keeps_the_front_of_a_header_without_an_end) {
    options.top_max_bytes = 10;
    EXPECT_EQ(talk({"greeting", "capa", "top all", "noop"}), "ok; ok; [Subject: o…][Subject: t…][Subject: t…]; ok");
}

TEST_F(Conversation, a_sink_that_fails_ends_the_connection) {
    EXPECT_EQ(talk({"greeting", "retr bad", "noop"}), "ok; over_quota: the disk is full; over_quota: the disk is full");
}

TEST_F(Conversation, a_text_sink_keeps_no_more_than_it_may) {
    TextSink sink(5);
    EXPECT_TRUE(run_to_end(sink.take("12345")));
    EXPECT_EQ(run_to_end(sink.take("6")).error().code, ErrorCode::too_large);
    EXPECT_EQ(sink.take_text(), "12345");
}

TEST_F(Conversation, a_message_cannot_end_itself_early) {
    server.answers["RETR"] = {"+OK\r\nevil\n.\r\n+OK fake\r\n.\r\n"};
    EXPECT_EQ(talk({"greeting", "retr 1", "noop"}), "ok; evil\n.\r\n+OK fake\r\n; ok");
}

TEST_F(Conversation, quit_tells_what_became_of_the_marked) {
    EXPECT_EQ(talk({"greeting", "dele 1", "quit", "noop"}), "ok; ok; ok; closed: the conversation is over");
    server = {};
    server.answers["QUIT"] = {"-ERR [SYS/TEMP] some deleted messages not removed\r\n"};
    EXPECT_EQ(talk({"greeting", "dele 1", "quit"}),
              "ok; ok; unavailable: QUIT was answered \"-ERR [SYS/TEMP] some deleted messages not removed\"");
    server = {};
    server.close_at_reply = 2;
    EXPECT_EQ(talk({"greeting", "dele 1", "quit"}),
              "ok; ok; closed: the server closed the connection without a full answer to QUIT (in doubt)");
    server = {};
    server.close_at_reply = 1;
    EXPECT_EQ(talk({"greeting", "dele 1", "quit"}).find("in doubt"), std::string::npos);
    server = {};
    server.close_at_reply = 3;
    EXPECT_EQ(talk({"greeting", "dele 1", "rset", "quit"}).find("in doubt"), std::string::npos);
}

TEST_F(Conversation, a_quit_with_deletions_is_waited_for_longer) {
    FakePeer with(server);
    talk(with, {"greeting", "dele 1", "quit"});
    EXPECT_EQ(with.deadlines.back(), options.timeouts.update);
    server = {};
    FakePeer without(server);
    talk(without, {"greeting", "dele 1", "rset", "quit"});
    EXPECT_EQ(without.deadlines.back(), options.timeouts.quit);
}

}  // namespace
}  // namespace packetboat::pop3
