// A small SCRAM client (RFC 5802, 7677) against a session: that what the mechanism has to say travels as POP3 has it.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "base/cursor.h"
#include "base/executor.h"
#include "base/text.h"
#include "pop3/session/testing/acting_peer.h"
#include "pop3/session/testing/world.h"

namespace packetboat::pop3 {
namespace {

using testing::ActingPeer;
using testing::say;
using testing::World;

constexpr std::size_t key_bytes = 32;

std::string sha256(std::string_view bytes) {
    std::string out(key_bytes, '\0');
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(), nullptr);
    return out;
}

std::string hmac(std::string_view key, std::string_view bytes) {
    std::string out(key_bytes, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}

std::string salted_password(std::string_view password, std::string_view salt, std::uint64_t iterations) {
    std::string out(key_bytes, '\0');
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), reinterpret_cast<const unsigned char*>(salt.data()),
                      static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(), static_cast<int>(key_bytes),
                      reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

std::string exclusive_or(std::string a, std::string_view b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
    return a;
}

struct Client {
    std::string gs2_header = "n,,";
    std::string channel_data;
    std::string password = std::string(World::password);
    std::string bare = "n=alice@example.test,r=abcdefghijkl";
    std::string server_signature;

    std::string first() const { return base64_encode(gs2_header + bare); }

    // The answer to a line "+ server-first-message".
    std::string final(std::string_view line) {
        const std::string server_first = base64_decode(line.substr(2, line.size() - 4)).value();
        Cursor in(server_first);
        const auto value = [](char c) { return c != ','; };
        in.expect_word("r=");
        const std::string nonce(in.while_(value));
        in.expect_word(",s=");
        const std::string salt = base64_decode(in.while_(value)).value();
        in.expect_word(",i=");
        const std::string salted = salted_password(password, salt, in.number());
        const std::string client_key = hmac(salted, "Client Key");
        const std::string without_proof = "c=" + base64_encode(gs2_header + channel_data) + ",r=" + nonce;
        const std::string auth_message = bare + "," + server_first + "," + without_proof;
        const std::string proof = exclusive_or(client_key, hmac(sha256(client_key), auth_message));
        server_signature = "v=" + base64_encode(hmac(hmac(salted, "Server Key"), auth_message));
        return base64_encode(without_proof + ",p=" + base64_encode(proof));
    }
};

// The answers to the client's last two messages: its proof, and what it says to the server's signature.
struct Answers {
    std::string to_proof;
    std::string to_end;
};

Answers log_in(Client& client, const std::string& mechanism, bool tls, const std::string& end) {
    World world;
    Answers answers;
    const auto test = [](World& there, Client& scram, const std::string& name, bool with_tls, const std::string& last,
                         Answers& out) -> Task<> {
        co_await there.build();
        const ActingPeer::Act prove = [&](std::string answer) -> Task<std::string> {
            const std::size_t line = answer.rfind("+ ");
            co_return line == std::string::npos ? "" : scram.final(answer.substr(line)) + "\r\n";
        };
        const ActingPeer::Act finish = [&](std::string answer) -> Task<std::string> {
            out.to_proof = std::move(answer);
            co_return last + "\r\n";
        };
        ActingPeer peer({say("AUTH " + name + " " + scram.first() + "\r\n"), prove, finish});
        if (with_tls) peer.set_tls();
        Session session(peer, there.mail(), there.directory(), there.options);
        co_await session.run();
        out.to_end = peer.answer();
    };
    run_to_end(test(world, client, mechanism, tls, end, answers));
    return answers;
}

TEST(pop3_scram, logs_in_and_proves_the_server_with_a_last_challenge) {
    Client client;
    const Answers answers = log_in(client, "SCRAM-SHA-256", false, "");
    EXPECT_EQ(answers.to_proof, "+ " + base64_encode(client.server_signature) + "\r\n");
    EXPECT_EQ(answers.to_end, "+OK 0 messages (0 octets)\r\n");
}

TEST(pop3_scram, is_bound_to_the_tls_connection) {
    Client client{.gs2_header = "p=tls-exporter,,", .channel_data = std::string(32, 'x')};
    EXPECT_EQ(log_in(client, "SCRAM-SHA-256-PLUS", true, "").to_end, "+OK 0 messages (0 octets)\r\n");
    client.channel_data = std::string(32, 'y');
    EXPECT_TRUE(log_in(client, "SCRAM-SHA-256-PLUS", true, "").to_proof.starts_with("-ERR "));
}

TEST(pop3_scram, refuses_a_wrong_password) {
    Client client{.password = "wrong"};
    EXPECT_EQ(log_in(client, "SCRAM-SHA-256", false, "QUIT").to_proof, "-ERR [AUTH] wrong user name or password\r\n");
}

TEST(pop3_scram, who_does_not_believe_the_server_may_still_cancel) {
    Client client;
    EXPECT_EQ(log_in(client, "SCRAM-SHA-256", false, "*").to_end, "-ERR cancelled\r\n");
}

}  // namespace
}  // namespace packetboat::pop3
