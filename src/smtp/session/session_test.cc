#include "smtp/session/session.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <functional>
#include <regex>
#include <string>
#include <utility>

#include "base/executor.h"
#include "base/text.h"
#include "smtp/session/replies.h"
#include "smtp/session/testing/world.h"
#include "smtp/session/trace.h"
#include "smtp/wire/date_time.h"

// What a transcript cannot say: a client that computes its answers, and the pure parts.
namespace packetboat::smtp {
namespace {

// A client that answers what it is told; nullopt: it goes away.
class ThinkingPeer final : public Peer {
public:
    using Client = std::function<std::optional<std::string>(std::string_view said)>;
    explicit ThinkingPeer(Client client) : client_(std::move(client)) {
        info_.remote = {*IpAddress::parse("192.0.2.7"), 54321};
        info_.local = {*IpAddress::parse("192.0.2.1"), 587};
        info_.session_id = "0123456789a";
    }
    void set_tls() {
        info_.tls_version = "TLSv1.3";
        info_.tls_cipher = "TLS_AES_256_GCM_SHA384";
    }

    Task<std::optional<wire::Event>> next(wire::Mode mode) override {
        for (;;) {
            std::size_t consumed = 0;
            std::optional<wire::Event> event = decoder_.next(mode, std::string_view(input_).substr(begin_), consumed);
            begin_ += consumed;
            if (event) co_return event;
            input_.erase(0, std::exchange(begin_, 0));
            const std::optional<std::string> more = client_(std::exchange(said_, {}));
            if (!more) co_return std::nullopt;
            input_ += *more;
        }
    }
    void send(std::string_view bytes) override {
        said_ += bytes;
        output += bytes;
    }
    Task<bool> drain() override { co_return true; }
    bool has_input() const override { return begin_ < input_.size(); }
    Task<bool> start_tls() override {
        tls_started = true;
        set_tls();
        co_return true;
    }
    std::optional<std::string> channel_binding(ChannelBinding kind) const override {
        return kind == ChannelBinding::tls_exporter ? std::optional<std::string>(std::string(32, 'x')) : std::nullopt;
    }
    const PeerInfo& info() const override { return info_; }

    std::string output;
    bool tls_started = false;

private:
    Client client_;
    wire::Decoder decoder_;
    PeerInfo info_;
    std::string input_;
    std::size_t begin_ = 0;
    std::string said_;
};

Task<std::string> converse(ThinkingPeer& peer, std::vector<packetboat::testing::Setting> settings) {
    testing::World world(settings);
    co_await world.build();
    Session session(peer, world.services(), world.options);
    co_await session.run();
    co_return peer.output;
}

TEST(smtp_session, a_command_injected_behind_starttls_is_never_run) {
    int step = 0;
    ThinkingPeer peer([&](std::string_view) -> std::optional<std::string> {
        switch (step++) {
            case 0: return "HELO c\r\n";
            case 1: return "STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n";
            case 2: return "NOOP\r\n";
            default: return std::nullopt;
        }
    });
    const std::string output = run_to_end(converse(peer, {{"starttls", ""}}));
    EXPECT_TRUE(output.ends_with("554 5.5.0 SMTP protocol synchronization error: STARTTLS is the last of a group\r\n")) << output;
    EXPECT_FALSE(peer.tls_started);
}

std::string hmac(std::string_view key, std::string_view bytes) {
    std::string out(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}
std::string sha256(std::string_view bytes) {
    std::string out(32, '\0');
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(), nullptr);
    return out;
}

// The client's side of SCRAM (RFC 5802 §3), one step for each line that the server says.
struct ScramClient {
    std::string mechanism;
    std::string gs2_header;
    std::string binding;
    std::string password{testing::World::password};
    int step = 0;
    std::string first_bare = "n=alice@example.test,r=abcdefgh";
    std::string expected_signature;

    std::optional<std::string> answer(std::string_view said) {
        switch (step++) {
            case 0: return "HELO c\r\n";
            case 1: return "AUTH " + mechanism + " " + base64_encode(gs2_header + first_bare) + "\r\n";
            case 2: return final_message(text(said));
            case 3:
                return said.starts_with("334 ") ? std::optional<std::string>(text(said) == expected_signature ? "\r\n" : "*\r\n")
                                                : std::nullopt;
            default: return std::nullopt;
        }
    }
    static std::string text(std::string_view challenge) { return base64_decode(challenge.substr(4, challenge.size() - 6)).value_or("?"); }

    std::string final_message(const std::string& server_first) {
        std::smatch match;
        EXPECT_TRUE(std::regex_match(server_first, match, std::regex("r=(abcdefgh[^,]+),s=([^,]+),i=([0-9]+)"))) << server_first;
        const std::string salt = *base64_decode(match[2].str());
        std::string salted(32, '\0');
        PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), reinterpret_cast<const unsigned char*>(salt.data()),
                          static_cast<int>(salt.size()), std::stoi(match[3].str()), EVP_sha256(), 32,
                          reinterpret_cast<unsigned char*>(salted.data()));
        const std::string without_proof = "c=" + base64_encode(gs2_header + binding) + ",r=" + match[1].str();
        const std::string auth_message = first_bare + "," + server_first + "," + without_proof;
        expected_signature = "v=" + base64_encode(hmac(hmac(salted, "Server Key"), auth_message));
        const std::string client_key = hmac(salted, "Client Key");
        std::string proof = hmac(sha256(client_key), auth_message);
        for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
        return base64_encode(without_proof + ",p=" + base64_encode(proof)) + "\r\n";
    }
};

std::string scram(ScramClient client) {
    ThinkingPeer peer([&](std::string_view said) { return client.answer(said); });
    peer.set_tls();
    const std::string output = run_to_end(converse(peer, {{"role", "submission"}}));
    const std::size_t last = output.rfind("\r\n", output.size() - 3);
    return output.substr(last + 2, output.size() - last - 4);
}

TEST(smtp_session, scram_ends_with_the_servers_own_proof_as_a_challenge) {
    EXPECT_EQ(scram({.mechanism = "SCRAM-SHA-256", .gs2_header = "n,,", .binding = {}, .expected_signature = {}}),
              "235 2.7.0 Authentication successful");
}

TEST(smtp_session, scram_plus_binds_to_the_channel) {
    EXPECT_EQ(scram({.mechanism = "SCRAM-SHA-256-PLUS",
                     .gs2_header = "p=tls-exporter,,",
                     .binding = std::string(32, 'x'),
                     .expected_signature = {}}),
              "235 2.7.0 Authentication successful");
    EXPECT_TRUE(scram({.mechanism = "SCRAM-SHA-256-PLUS",
                       .gs2_header = "p=tls-exporter,,",
                       .binding = std::string(32, 'y'),
                       .expected_signature = {}})
                    .starts_with("5"));
}

TEST(smtp_session, scram_with_a_wrong_password_is_refused) {
    EXPECT_EQ(scram({.mechanism = "SCRAM-SHA-256", .gs2_header = "n,,", .binding = {}, .password = "wrong", .expected_signature = {}}),
              "535 5.7.8 Authentication credentials invalid");
}

TEST(smtp_session, an_answer_to_scrams_last_message_is_a_mistake) {
    ScramClient client{.mechanism = "SCRAM-SHA-256", .gs2_header = "n,,", .binding = {}, .expected_signature = {}};
    ThinkingPeer peer([&](std::string_view said) { return client.step == 3 ? (client.step++, "YWJj\r\n") : client.answer(said); });
    peer.set_tls();
    const std::string output = run_to_end(converse(peer, {{"role", "submission"}}));
    EXPECT_TRUE(output.ends_with("501 5.5.2 Malformed authentication exchange\r\n")) << output;
}

TEST(smtp_session, a_message_waits_until_the_time_that_was_said) {
    const auto mail_at = [](Time time) {
        int step = 0;
        ThinkingPeer peer([&](std::string_view) -> std::optional<std::string> {
            switch (step++) {
                case 0: return "EHLO c\r\n";
                case 1: return "AUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABwYWNrZXRib2F0\r\n";
                case 2: return "MAIL FROM:<alice@example.test> HOLDUNTIL=" + wire::format_date_time(time) + "\r\n";
                default: return std::nullopt;
            }
        });
        peer.set_tls();
        const std::string output = run_to_end(converse(peer, {{"role", "submission"}, {"limit", "future_release 3600"}}));
        const std::size_t last = output.rfind("\r\n", output.size() - 3);
        return output.substr(last + 2, output.size() - last - 4);
    };
    EXPECT_EQ(mail_at(Time::now() + std::chrono::minutes(59)), "250 2.1.0 Ok");
    EXPECT_EQ(mail_at(Time::now() + std::chrono::minutes(61)), "501 5.5.4 HOLDUNTIL is too far in the future");
    EXPECT_EQ(mail_at(Time::now() - std::chrono::minutes(1)), "501 5.5.4 HOLDUNTIL is in the past");
}

TEST(smtp_trace, the_protocol_has_the_word_that_the_registry_has) {
    const auto word = [](Role role, bool extended, bool tls, bool authenticated, bool utf8) {
        return with_protocol({.role = role,
                              .extended = extended,
                              .tls = tls,
                              .authenticated = authenticated,
                              .smtputf8 = utf8,
                              .client_name = {},
                              .hostname = {},
                              .id = {},
                              .only_recipient = {}});
    };
    EXPECT_EQ(word(Role::mx, false, false, false, false), "SMTP");
    EXPECT_EQ(word(Role::mx, true, false, false, false), "ESMTP");
    EXPECT_EQ(word(Role::mx, true, true, false, false), "ESMTPS");
    EXPECT_EQ(word(Role::submission, true, true, true, false), "ESMTPSA");
    EXPECT_EQ(word(Role::submission, true, false, true, false), "ESMTPA");
    EXPECT_EQ(word(Role::submission, true, true, true, true), "UTF8SMTPSA");
    EXPECT_EQ(word(Role::mx, true, false, false, true), "UTF8SMTP");
    EXPECT_EQ(word(Role::lmtp, true, false, false, false), "LMTP");
    EXPECT_EQ(word(Role::lmtp, true, true, false, false), "LMTPS");
    EXPECT_EQ(word(Role::lmtp, true, true, false, true), "UTF8LMTPS");
}

TEST(smtp_trace, a_received_field_is_that_of_the_rfc) {
    PeerInfo peer;
    peer.remote = {*IpAddress::parse("2001:db8::7"), 1234};
    const Time now = Time::now();
    const Arrival arrival{.client_name = "client.example", .hostname = "mail.example.test", .id = "abc", .only_recipient = "a@b.example"};
    EXPECT_EQ(received_field(arrival, peer, now),
              "Received: from client.example ([IPv6:2001:db8::7])\r\n\tby mail.example.test with ESMTP\r\n\tid abc\r\n\tfor "
              "<a@b.example>;\r\n\t" +
                  now.rfc5322() + "\r\n");
}

TEST(smtp_replies, every_error_has_its_own) {
    const auto recipient = [](ErrorCode code) { return recipient_refused({code, ""}).bytes().substr(0, 9); };
    EXPECT_EQ(recipient(ErrorCode::not_found), "550 5.1.1");
    EXPECT_EQ(recipient(ErrorCode::denied), "550 5.7.1");
    EXPECT_EQ(recipient(ErrorCode::invalid), "501 5.1.3");
    EXPECT_EQ(recipient(ErrorCode::over_quota), "452 4.2.2");
    EXPECT_EQ(recipient(ErrorCode::unavailable), "451 4.3.0");
    EXPECT_EQ(recipient(ErrorCode::internal), "451 4.3.0");
    const auto message = [](ErrorCode code) { return message_refused({code, ""}).bytes().substr(0, 9); };
    EXPECT_EQ(message(ErrorCode::over_quota), "452 4.2.2");
    EXPECT_EQ(message(ErrorCode::unavailable), "452 4.3.1");
    EXPECT_EQ(message(ErrorCode::too_many), "452 4.3.1");
    EXPECT_EQ(message(ErrorCode::too_large), "552 5.3.4");
    EXPECT_EQ(message(ErrorCode::internal), "451 4.3.0");
    const auto login = [](ErrorCode code) { return login_refused({code, ""}).bytes().substr(0, 9); };
    EXPECT_EQ(login(ErrorCode::denied), "535 5.7.8");
    EXPECT_EQ(login(ErrorCode::invalid), "501 5.5.2");
    EXPECT_EQ(login(ErrorCode::too_many), "454 4.7.0");
    EXPECT_EQ(login(ErrorCode::unavailable), "454 4.7.0");
}

}  // namespace
}  // namespace packetboat::smtp
