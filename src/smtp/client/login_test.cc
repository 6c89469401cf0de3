#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/executor.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "sasl/scram_client.h"
#include "smtp/client/client.h"
#include "smtp/client/testing/fake_server.h"

namespace packetboat::smtp {
namespace {

using sasl::salted_password;
using sasl::ScramClient;

using testing::FakePeer;
using testing::FakeServer;
using Strings = std::vector<std::string>;

// The example of RFC 7677 §3.
TEST(scram_client, computes_the_example_of_rfc_7677) {
    ScramClient scram("user", "", {}, "rOprNGfwEbeRWgbNEkqO");
    EXPECT_EQ(scram.client_first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    const Result<ScramClient::Salting> salting =
        scram.read_server_first("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    ASSERT_TRUE(salting);
    EXPECT_EQ(scram.client_final(salted_password("pencil", *salting)),
              "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_FALSE(scram.server_verified());
    EXPECT_TRUE(scram.read_server_final("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
    EXPECT_TRUE(scram.server_verified());
}

TEST(scram_client, writes_names_and_channel_bindings) {
    const ScramClient acting("a,b=c", "boss", {}, "n");
    EXPECT_EQ(acting.client_first(), "n,a=boss,n=a=2Cb=3Dc,r=n");
    const ScramClient unoffered("u", "", {.binding = ScramClient::Binding::unoffered, .name = {}, .data = {}}, "n");
    EXPECT_EQ(unoffered.client_first(), "y,,n=u,r=n");
    ScramClient bound("u", "", {.binding = ScramClient::Binding::used, .name = "tls-exporter", .data = "DATA"}, "n");
    EXPECT_EQ(bound.client_first(), "p=tls-exporter,,n=u,r=n");
    ASSERT_TRUE(bound.read_server_first("r=nm,s=c2FsdA==,i=4096"));
    EXPECT_TRUE(bound.client_final("salted").starts_with("c=" + base64_encode("p=tls-exporter,,DATA") + ",r=nm,p="));
}

TEST(scram_client, believes_no_challenge_that_is_wrong) {
    const auto code = [](std::string_view challenge) {
        ScramClient scram("u", "", {}, "abc");
        const Result<ScramClient::Salting> salting = scram.read_server_first(challenge, {.iterations_max = 100'000});
        return salting ? std::string("ok") : std::string(to_string(salting.error().code));
    };
    EXPECT_EQ(code("r=abcd,s=c2FsdA==,i=4096"), "ok");
    EXPECT_EQ(code("r=abcd,s=c2FsdA==,i=4096,x=more"), "ok");
    for (const char* malformed :
         {"", "r=abcd", "s=c2FsdA==,r=abcd,i=4096", "r=abcd,s=!,i=4096", "r=abcd,s=,i=4096", "r=abcd,s=c2FsdA==,i=x",
          "r=abcd,s=c2FsdA==,i=4096x", "m=ext,r=abcd,s=c2FsdA==,i=4096", "r=abcd,s=c2FsdA==,i=99999999999999999999"})
        EXPECT_EQ(code(malformed), "invalid") << malformed;
    EXPECT_EQ(code("r=abc,s=c2FsdA==,i=4096"), "invalid");   // it has added nothing
    EXPECT_EQ(code("r=abxd,s=c2FsdA==,i=4096"), "invalid");  // an answer to somebody else
    EXPECT_EQ(code("r=abcd,s=c2FsdA==,i=4095"), "denied");
    EXPECT_EQ(code("r=abcd,s=c2FsdA==,i=100001"), "too_large");
    EXPECT_EQ(code("r=abcd,s=" + std::string(8192, 'A') + ",i=4096"), "invalid");
}

TEST(scram_client, believes_no_server_that_does_not_know_the_password) {
    ScramClient scram("u", "", {}, "abc");
    EXPECT_FALSE(scram.read_server_final("v="));  // too early
    ASSERT_TRUE(scram.read_server_first("r=abcd,s=c2FsdA==,i=4096"));
    scram.client_final("salted");
    for (const char* wrong : {"", "v=", "v=AAAA", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "x"})
        EXPECT_EQ(scram.read_server_final(wrong).error().code, ErrorCode::denied) << wrong;
    EXPECT_EQ(scram.read_server_final("e=invalid-proof").error().text, "the server refuses the login: invalid-proof");
    EXPECT_FALSE(scram.server_verified());
}

// ---- the exchange

// The server's side of SCRAM, with the keys it would have stored; the RFC's arithmetic, from the same primitives.
struct ScramServer {
    std::string password = "packetboat";
    std::string gs2_expected = "n,,";
    std::string binding_data;
    bool give_signature = true;
    bool wrong_signature = false;
    int step = 0;
    std::string first_bare;
    std::string server_first;

    std::string operator()(const std::string& line) {
        switch (step++) {
            case 0: {
                const std::string message = base64_decode(line.substr(line.rfind(' ') + 1)).value();
                EXPECT_TRUE(message.starts_with(gs2_expected)) << message;
                first_bare = message.substr(gs2_expected.size());
                server_first = "r=" + first_bare.substr(first_bare.find(",r=") + 3) + "SERVER,s=c2FsdA==,i=4096";
                return "334 " + base64_encode(server_first) + "\r\n";
            }
            case 1: {
                const std::string final = base64_decode(line).value();
                // A client of our own with the right password says the same, or the proof is wrong.
                const std::string nonce = first_bare.substr(first_bare.find(",r=") + 3);
                ScramClient::Channel channel;
                if (gs2_expected.starts_with("p=")) channel = {ScramClient::Binding::used, "tls-exporter", binding_data};
                if (gs2_expected.starts_with("y")) channel = {ScramClient::Binding::unoffered, "", ""};
                ScramClient twin(first_bare.substr(2, first_bare.find(",r=") - 2), "", channel, nonce);
                const auto salting = twin.read_server_first(server_first);
                const std::string salted = salted_password(password, *salting);
                if (final != twin.client_final(salted)) return "535 5.7.8 Wrong\r\n";
                if (!give_signature) return "235 2.7.0 Welcome\r\n";
                return "334 " + base64_encode("v=" + signature(salted, final)) + "\r\n";
            }
            default: return line.empty() ? "235 2.7.0 Welcome\r\n" : "501 Cancelled\r\n";
        }
    }
    std::string signature(const std::string& salted, const std::string& final) const;
};

std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}

std::string ScramServer::signature(const std::string& salted, const std::string& final) const {
    const std::string auth_message = first_bare + "," + server_first + "," + final.substr(0, final.find(",p="));
    return base64_encode(wrong_signature ? std::string(32, 'x') : hmac(hmac(salted, "Server Key"), auth_message));
}

struct LoginTest : ::testing::Test {
    FakeServer server;
    ClientOptions options{.name = "client.example"};
    LoginCredentials credentials{.user = "alice@example.test", .password = "packetboat", .authorize_as = {}, .mechanism = {}};
    bool tls = true;
    std::string dialogue;

    void offer(const std::string& mechanisms) { server.extensions = {"AUTH " + mechanisms}; }
    std::string login() {
        FakePeer peer(server);
        if (tls) peer.set_tls();
        const auto body = [](FakePeer& to, LoginTest& test) -> Task<std::string> {
            Client client(to, test.options);
            (void)co_await client.greeting();
            (void)co_await client.hello();
            const ClientResult<> result = co_await client.login(test.credentials);
            test.dialogue = client.dialogue();
            if (result) co_return "ok";
            co_return std::string(to_string(result.error().error.code)) + " " + result.error().status.text() + ": " +
                result.error().error.text + (client.usable() ? "" : " (broken)");
        };
        const std::string out = run_to_end(body(peer, *this));
        // Whatever happened, the password is in nobody's log.
        for (const std::string& secret : {credentials.password, base64_encode(credentials.password)})
            EXPECT_EQ(dialogue.find(secret), std::string::npos) << dialogue;
        return out;
    }
    Strings said() const { return {server.commands.begin() + 1, server.commands.end()}; }
};

TEST_F(LoginTest, plain) {
    offer("PLAIN LOGIN");
    server.auth = [](const std::string&) { return "235 2.7.0 Welcome\r\n"; };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said(), (Strings{"AUTH PLAIN " + base64_encode(std::string("\0alice@example.test\0packetboat", 30))}));
    EXPECT_TRUE(dialogue.ends_with("C: AUTH PLAIN ********\nS: 235 2.7.0 Welcome\n")) << dialogue;
}

TEST_F(LoginTest, plain_for_somebody_else) {
    offer("LOGIN PLAIN");
    credentials.authorize_as = "bob";
    server.auth = [](const std::string&) { return "235 2.7.0 Welcome\r\n"; };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said(), (Strings{"AUTH PLAIN " + base64_encode(std::string("bob\0alice@example.test\0packetboat", 33))}));
}

TEST_F(LoginTest, a_long_initial_response_waits_to_be_asked_for) {
    offer("PLAIN");
    credentials.password = std::string(600, 'p');
    server.auth = [](const std::string& line) { return line == "AUTH PLAIN" ? "334 \r\n" : "235 Welcome\r\n"; };
    EXPECT_EQ(login(), "ok");
    ASSERT_EQ(said().size(), 2U);
    EXPECT_EQ(said()[1], base64_encode(std::string("\0alice@example.test\0", 20) + credentials.password));
}

TEST_F(LoginTest, login_answers_two_questions) {
    offer("LOGIN");
    server.auth = [n = 0](const std::string&) mutable {
        const Strings answers = {"334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 Welcome\r\n"};
        return answers[static_cast<std::size_t>(n++)];
    };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said(), (Strings{"AUTH LOGIN", base64_encode("alice@example.test"), base64_encode("packetboat")}));
    EXPECT_TRUE(dialogue.ends_with("C: AUTH LOGIN\nS: 334 ********\nC: ********\nS: 334 ********\nC: ********\nS: 235 Welcome\n"))
        << dialogue;
}

TEST_F(LoginTest, no_password_is_shown_without_tls) {
    offer("PLAIN LOGIN");
    tls = false;
    EXPECT_EQ(
        login(),
        "denied 5.7.4: there is no way to log in that is safe here: the server offers PLAIN LOGIN, and the connection is not encrypted");
    EXPECT_EQ(said(), Strings{});
    server.commands.clear();
    options.plain_text_auth_without_tls = true;
    server.auth = [](const std::string&) { return "235 2.7.0 Welcome\r\n"; };
    EXPECT_EQ(login(), "ok");
}

TEST_F(LoginTest, says_when_there_is_no_way) {
    server.extensions = {};
    EXPECT_EQ(login(), "denied 5.7.4: there is no way to log in that is safe here: the server offers none");
    offer("PLAIN");
    credentials.mechanism = "SCRAM-SHA-256";
    EXPECT_EQ(login(), "denied 5.7.4: there is no way to log in by SCRAM-SHA-256 here: the server offers PLAIN");
}

TEST_F(LoginTest, scram_binds_to_the_channel_where_it_can) {
    struct Case {
        std::string offered;
        bool tls;
        std::string mechanism;
        std::string gs2;
    };
    const std::vector<Case> cases = {{"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", true, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,"},
                                     {"PLAIN SCRAM-SHA-256", true, "SCRAM-SHA-256", "y,,"},
                                     {"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", false, "SCRAM-SHA-256", "n,,"}};
    for (const Case& one : cases) {
        server = {};
        offer(one.offered);
        tls = one.tls;
        server.auth = ScramServer{.gs2_expected = one.gs2, .binding_data = std::string(32, 'x')};
        EXPECT_EQ(login(), "ok");
        EXPECT_TRUE(said()[0].starts_with("AUTH " + one.mechanism + " ")) << said()[0];
        EXPECT_EQ(said().back(), "");
    }
}

TEST_F(LoginTest, scram_computes_on_a_pool) {
    WorkerPool pool({.threads = 1, .queue_max = 1, .name = "hashing"});
    options.hashing = &pool;
    offer("SCRAM-SHA-256");
    server.auth = ScramServer{.gs2_expected = "y,,"};
    EXPECT_EQ(login(), "ok");
}

TEST_F(LoginTest, scram_with_a_wrong_password_is_not_tried_by_other_means) {
    offer("SCRAM-SHA-256 PLAIN");
    server.auth = ScramServer{.password = "other", .gs2_expected = "y,,"};
    EXPECT_EQ(login(), "denied 5.7.8: AUTH was answered \"535 5.7.8 Wrong\"");
    EXPECT_EQ(said().size(), 2U);
}

TEST_F(LoginTest, scram_believes_no_server_without_the_right_signature) {
    offer("SCRAM-SHA-256");
    server.auth = ScramServer{.gs2_expected = "y,,", .wrong_signature = true};
    EXPECT_EQ(login(), "denied 5.7.8: the server does not know the password: it is not the one we want to talk to");
    EXPECT_EQ(said().back(), "*");
    server = {};
    offer("SCRAM-SHA-256");
    server.auth = ScramServer{.gs2_expected = "y,,", .give_signature = false};
    EXPECT_EQ(login(), "denied 5.7.8: the server took the login without proving that it knows the password (broken)");
}

TEST_F(LoginTest, the_next_mechanism_where_one_is_refused_as_such) {
    offer("SCRAM-SHA-256 PLAIN LOGIN");
    server.auth = [](const std::string& line) {
        return line.starts_with("AUTH PLAIN") ? "235 2.7.0 Welcome\r\n" : "504 5.5.4 Not that one\r\n";
    };
    EXPECT_EQ(login(), "ok");
    EXPECT_EQ(said().size(), 2U);
}

TEST_F(LoginTest, a_server_may_fail_for_now) {
    offer("PLAIN");
    server.auth = [](const std::string&) { return "454 4.7.0 Later\r\n"; };
    EXPECT_EQ(login(), "unavailable 4.7.0: AUTH was answered \"454 4.7.0 Later\"");
}

TEST_F(LoginTest, a_server_that_asks_nonsense_is_told_so) {
    for (const char* nonsense : {"334 !!!\r\n", "334 QQ==\r\n"}) {
        for (const char* mechanism : {"SCRAM-SHA-256", "PLAIN", "LOGIN"}) {
            server = {};
            offer(mechanism);
            server.auth = [&](const std::string& line) { return line == "*" ? "501 5.0.0 Cancelled\r\n" : nonsense; };
            const std::string out = login();
            EXPECT_TRUE(out.starts_with("invalid 4.7.0: the server")) << out;
            EXPECT_EQ(said().back(), "*");
        }
    }
}

TEST_F(LoginTest, the_connection_may_end_at_every_stage) {
    for (std::size_t at = 2; at < 5; ++at) {
        server = {};
        offer("SCRAM-SHA-256");
        server.auth = ScramServer{.gs2_expected = "y,,"};
        server.close_at_reply = at;
        EXPECT_EQ(login(), "closed 4.4.2: the server closed the connection without an answer to AUTH (broken)");
    }
}

}  // namespace
}  // namespace packetboat::smtp
