#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/executor.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "pop3/client/client.h"
#include "pop3/client/testing/fake_server.h"
#include "sasl/scram_client.h"

namespace packetboat::pop3 {
namespace {

using sasl::salted_password;
using sasl::ScramClient;
using testing::FakePeer;
using testing::FakeServer;
using Strings = std::vector<std::string>;

std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}

// The server's side of SCRAM: a client of ours with the right password says the same as the client, or the proof is wrong.
struct ScramServer {
    std::string password = "packetboat";
    std::string gs2 = "n,,";
    bool give_signature = true;
    bool wrong_signature = false;
    int step = 0;
    std::string first_bare;
    std::string server_first;

    std::string operator()(const std::string& line) {
        switch (step++) {
            case 0: {
                const std::string message = base64_decode(line.substr(line.rfind(' ') + 1)).value();
                EXPECT_TRUE(message.starts_with(gs2)) << message;
                first_bare = message.substr(gs2.size());
                server_first = "r=" + first_bare.substr(first_bare.find(",r=") + 3) + "SERVER,s=c2FsdA==,i=4096";
                return "+ " + base64_encode(server_first) + "\r\n";
            }
            case 1: return proof(base64_decode(line).value());
            default: return line.empty() ? "+OK welcome\r\n" : "-ERR cancelled\r\n";
        }
    }
    std::string proof(const std::string& final) {
        const std::size_t nonce = first_bare.find(",r=");
        ScramClient::Channel channel;
        if (gs2.starts_with("p=")) channel = {ScramClient::Binding::used, "tls-exporter", std::string(32, 'x')};
        if (gs2.starts_with("y")) channel = {ScramClient::Binding::unoffered, "", ""};
        ScramClient twin(first_bare.substr(2, nonce - 2), "", channel, first_bare.substr(nonce + 3));
        const std::string salted = salted_password(password, *twin.read_server_first(server_first));
        if (final != twin.client_final(salted)) return "-ERR [AUTH] wrong\r\n";
        if (!give_signature) return "+OK welcome\r\n";
        const std::string said = first_bare + "," + server_first + "," + final.substr(0, final.find(",p="));
        const std::string signature = wrong_signature ? std::string(32, 'x') : hmac(hmac(salted, "Server Key"), said);
        return "+ " + base64_encode("v=" + base64_encode(signature)) + "\r\n";
    }
};

struct LoginTest : ::testing::Test {
    FakeServer server;
    ClientOptions options;
    LoginCredentials credentials{.user = "alice@example.test", .password = "packetboat", .authorize_as = {}, .mechanism = {}};
    bool tls = true;
    std::string dialogue;

    void offer(Strings capabilities) {
        server = {};
        server.capabilities = std::move(capabilities);
    }
    std::string login() {
        FakePeer peer(server);
        if (tls) peer.set_tls();
        const auto body = [](FakePeer& to, LoginTest& test) -> Task<std::string> {
            Client client(to, test.options);
            (void)co_await client.greeting();
            (void)co_await client.capa();
            const ClientResult<> result = co_await client.login(test.credentials);
            test.dialogue = client.dialogue();
            EXPECT_EQ(client.logged_in(), result.has_value());
            if (result) co_return "ok";
            co_return std::string(to_string(result.error().error.code)) + ": " + result.error().error.text +
                (client.usable() ? "" : " (broken)");
        };
        const std::string out = run_to_end(body(peer, *this));
        // Whatever happened, the password is in nobody's log.
        for (const std::string& secret : {credentials.password, base64_encode(credentials.password)})
            EXPECT_EQ(dialogue.find(secret), std::string::npos) << dialogue;
        return out;
    }
    Strings said() const { return {server.commands.begin() + 1, server.commands.end()}; }
};

TEST_F(LoginTest, user_and_pass) {
    offer({"USER"});
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said(), (Strings{"USER alice@example.test", "PASS packetboat"}));
}

TEST_F(LoginTest, user_may_be_refused) {
    offer({"USER"});
    server.answers["USER"] = {"-ERR never heard of\r\n"};
    EXPECT_EQ(login(), "denied: the login was answered \"-ERR never heard of\"");
    EXPECT_EQ(said().size(), 1U);
}

TEST_F(LoginTest, utf8_is_said_before_it_and_may_be_refused) {
    for (const char* answer : {"+OK\r\n", "-ERR no\r\n"}) {
        offer({"USER", "UTF8 USER"});
        server.answers["UTF8"] = {answer};
        EXPECT_EQ(login(), "ok");
        EXPECT_EQ(said(), (Strings{"UTF8", "USER alice@example.test", "PASS packetboat"}));
    }
    options.utf8 = false;
    offer({"USER", "UTF8"});
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said().size(), 2U);
}

TEST_F(LoginTest, plain_waits_to_be_asked) {
    offer({"USER", "SASL PLAIN"});
    credentials.authorize_as = "bob";
    server.auth = [](const std::string& line) { return line == "AUTH PLAIN" ? "+ \r\n" : "+OK\r\n"; };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said(), (Strings{"AUTH PLAIN", base64_encode(std::string("bob\0alice@example.test\0packetboat", 33))}));
    EXPECT_TRUE(dialogue.ends_with("C: AUTH PLAIN\nS: + ********\nC: ********\nS: +OK\n")) << dialogue;
}

TEST_F(LoginTest, no_password_is_shown_without_tls) {
    tls = false;
    offer({"USER", "SASL PLAIN"});
    EXPECT_EQ(login(),
              "denied: there is no way to log in that is safe here: the server offers USER PLAIN, and the connection is not encrypted");
    EXPECT_EQ(said(), Strings{});
    options.plain_text_login_without_tls = true;
    offer({"USER"});
    EXPECT_EQ(login(), "ok");
}

TEST_F(LoginTest, says_when_there_is_no_way) {
    offer({"TOP"});
    EXPECT_EQ(login(), "denied: there is no way to log in that is safe here: the server offers none");
    offer({"USER", "SASL PLAIN"});
    credentials.mechanism = "scram-sha-256\x1b";
    EXPECT_EQ(login(), "denied: there is no way to log in by scram-sha-256\\x1b here: the server offers USER PLAIN");
    credentials.mechanism = "user";
    EXPECT_EQ(login(), "ok");
}

TEST_F(LoginTest, nothing_gets_into_a_line_that_would_end_it) {
    offer({"USER"});
    for (const char* evil : {"a\r\nDELE 1", "a\nDELE 1", "a\rb"}) {
        server.commands.clear();
        credentials.user = evil;
        EXPECT_EQ(login(), "invalid: there is a control character in the user name");
        credentials.user = "alice";
        credentials.password = evil;
        EXPECT_EQ(login(), "invalid: there is a control character in the password");
        credentials.password = std::string(600, 'x');
        EXPECT_EQ(login(), "too_large: the password is too long for POP3");
        credentials.password = "packetboat";
        for (const std::string& line : server.commands) EXPECT_EQ(line, "CAPA");
    }
}

TEST_F(LoginTest, scram_binds_to_the_channel_where_it_can) {
    struct Case {
        std::string offered;
        bool tls;
        std::string mechanism;
        std::string gs2;
    };
    const std::vector<Case> cases = {{"SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", true, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,"},
                                     {"SASL PLAIN SCRAM-SHA-256", true, "SCRAM-SHA-256", "y,,"},
                                     {"SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", false, "SCRAM-SHA-256", "n,,"}};
    WorkerPool pool({.threads = 1, .queue_max = 1, .name = "hashing"});
    for (const Case& one : cases) {
        options.hashing = options.hashing ? nullptr : &pool;
        offer({one.offered});
        tls = one.tls;
        server.auth = ScramServer{.gs2 = one.gs2};
        EXPECT_EQ(login(), "ok");
        EXPECT_TRUE(said()[0].starts_with("AUTH " + one.mechanism + " ")) << said()[0];
        EXPECT_EQ(said().back(), "");
    }
}

TEST_F(LoginTest, a_wrong_password_is_not_tried_by_other_means) {
    offer({"USER", "SASL SCRAM-SHA-256 PLAIN"});
    server.auth = ScramServer{.password = "other", .gs2 = "y,,"};
    EXPECT_EQ(login(), "denied: the login was answered \"-ERR [AUTH] wrong\"");
    EXPECT_EQ(said().size(), 2U);
    offer({"USER", "SASL PLAIN"});
    server.auth = [](const std::string& line) { return line == "AUTH PLAIN" ? "+\r\n" : "-ERR wrong\r\n"; };
    EXPECT_EQ(login(), "denied: the login was answered \"-ERR wrong\"");
    EXPECT_EQ(said().size(), 2U);
}

TEST_F(LoginTest, the_next_mechanism_where_one_is_refused_as_such) {
    offer({"USER", "SASL SCRAM-SHA-256 PLAIN"});
    server.auth = [](const std::string&) { return "-ERR no such mechanism\r\n"; };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said()[1], "AUTH PLAIN");
    EXPECT_EQ(said().back(), "PASS packetboat");
    offer({"USER", "SASL SCRAM-SHA-256 PLAIN"});
    server.auth = [](const std::string&) { return "-ERR [SYS/TEMP] later\r\n"; };
    EXPECT_EQ(login(), "unavailable: the login was answered \"-ERR [SYS/TEMP] later\"");
    EXPECT_EQ(said().size(), 1U);
}

TEST_F(LoginTest, scram_believes_no_server_without_the_right_signature) {
    offer({"SASL SCRAM-SHA-256"});
    server.auth = ScramServer{.gs2 = "y,,", .wrong_signature = true};
    EXPECT_EQ(login(), "denied: the server does not know the password: it is not the one we want to talk to");
    EXPECT_EQ(said().back(), "*");
    offer({"SASL SCRAM-SHA-256"});
    server.auth = ScramServer{.gs2 = "y,,", .give_signature = false};
    EXPECT_EQ(login(), "denied: the server took the login without proving that it knows the password (broken)");
}

TEST_F(LoginTest, a_server_that_asks_nonsense_is_told_so) {
    for (const char* nonsense : {"+ !!!\r\n", "+ QQ==\r\n"}) {
        for (const char* mechanism : {"SCRAM-SHA-256", "PLAIN"}) {
            offer({std::string("SASL ") + mechanism});
            server.auth = [&](const std::string& line) { return line == "*" ? "-ERR cancelled\r\n" : nonsense; };
            const std::string out = login();
            EXPECT_TRUE(out.starts_with("invalid: the server")) << out;
            EXPECT_EQ(said().back(), "*");
            // Who lets us in after that has understood nothing.
            offer({std::string("SASL ") + mechanism});
            server.auth = [&](const std::string& line) { return line == "*" ? "+OK welcome\r\n" : nonsense; };
            EXPECT_TRUE(login().ends_with("(broken)"));
        }
    }
}

TEST_F(LoginTest, the_connection_may_end_at_every_stage) {
    for (std::size_t at = 2; at < 5; ++at) {
        offer({"SASL SCRAM-SHA-256"});
        server.auth = ScramServer{.gs2 = "y,,"};
        server.close_at_reply = at;
        EXPECT_EQ(login(), "closed: the server closed the connection without a full answer to the login (broken)");
    }
}

}  // namespace
}  // namespace packetboat::pop3
