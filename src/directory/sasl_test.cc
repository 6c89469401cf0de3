#include "directory/sasl.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "directory/credentials.h"
#include "directory/scram.h"
#include "directory/testing/world.h"

namespace packetboat::directory {
namespace {

using testing::at;
using testing::World;

std::string nul(std::string text) {
    for (char& c : text) {
        if (c == '|') c = '\0';
    }
    return text;
}

// "challenge: …", "success: address: data" or "code: text".
std::string shown(const SaslStep& step) {
    if (const auto* challenge = std::get_if<SaslChallenge>(&step)) return "challenge: " + challenge->data;
    if (const auto* success = std::get_if<SaslSuccess>(&step)) return "success: " + success->account.address.text() + ": " + success->data;
    const Error& error = std::get<Error>(step);
    return std::string(to_string(error.code)) + ": " + error.text;
}

struct sasl : ::testing::Test {
    sasl() {
        world.domain("example.test");
        world.account("alice@example.test", "packetboat");
        context = {World::client(), true, [](ChannelBinding kind) -> std::optional<std::string> {
                       if (kind == ChannelBinding::tls_unique) return std::nullopt;
                       return std::string(32, kind == ChannelBinding::tls_exporter ? 'x' : 'e');
                   }};
    }
    std::unique_ptr<SaslServer> start(std::string_view mechanism) { return make_sasl_server(mechanism, *world.directory, context, true); }
    static std::string step(SaslServer& server, std::optional<std::string> response) {
        return shown(run_to_end(server.step(std::move(response))));
    }
    std::string plain(const std::string& message) { return step(*start("PLAIN"), nul(message)); }

    World world;
    SaslContext context;
    const std::string failed = "denied: authentication failed";
};

TEST_F(sasl, offers_the_best_mechanism_first) {
    using Names = std::vector<std::string_view>;
    EXPECT_EQ(sasl_mechanisms(true, true), (Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"}));
    EXPECT_EQ(sasl_mechanisms(false, true), (Names{"SCRAM-SHA-256", "PLAIN", "LOGIN"}));
    EXPECT_EQ(sasl_mechanisms(false, false), (Names{"SCRAM-SHA-256"}));
    EXPECT_NE(start("plain"), nullptr);
    EXPECT_EQ(start("CRAM-MD5"), nullptr);
    context.tls = false;
    EXPECT_EQ(start("SCRAM-SHA-256-PLUS"), nullptr);
    EXPECT_EQ(make_sasl_server("PLAIN", *world.directory, context, false), nullptr);
}

TEST_F(sasl, plain_with_and_without_an_initial_response) {
    EXPECT_EQ(plain("|alice@example.test|packetboat"), "success: alice@example.test: ");
    EXPECT_EQ(plain("|alice|packetboat"), "success: alice@example.test: ");
    const auto server = start("PLAIN");
    EXPECT_EQ(step(*server, std::nullopt), "challenge: ");
    EXPECT_EQ(step(*server, nul("|alice@example.test|packetboat")), "success: alice@example.test: ");
    EXPECT_EQ(step(*server, nul("|alice@example.test|packetboat")), "invalid: the exchange is over");
}

TEST_F(sasl, plain_refuses_to_act_for_another) {
    EXPECT_EQ(plain("alice@example.test|alice@example.test|packetboat"), "success: alice@example.test: ");
    EXPECT_EQ(plain("Alice@Example.test|alice|packetboat"), "success: alice@example.test: ");
    EXPECT_EQ(plain("alice|alice|packetboat"), "success: alice@example.test: ");
    EXPECT_EQ(plain("bob@example.test|alice@example.test|packetboat"), "denied: you may not act for another user");
    EXPECT_EQ(plain("bob@example.test|alice@example.test|wrong"), failed);
}

TEST_F(sasl, plain_refuses_what_is_malformed) {
    for (const char* message : {"", "|", "||", "|alice|", "||packetboat", "alice|packetboat", "|alice|pack|et", "|||", "|\xff|packetboat"})
        EXPECT_TRUE(plain(message).starts_with("invalid: ")) << message;
    const auto server = start("PLAIN");
    EXPECT_EQ(step(*server, std::nullopt), "challenge: ");
    EXPECT_TRUE(step(*server, std::nullopt).starts_with("invalid: "));
    EXPECT_EQ(plain("|alice@example.test|wrong"), failed);
    EXPECT_EQ(plain("|nobody@example.test|wrong"), failed);
}

TEST_F(sasl, login_asks_for_both) {
    const auto server = start("LOGIN");
    EXPECT_EQ(step(*server, std::nullopt), "challenge: Username:");
    EXPECT_EQ(step(*server, "alice@example.test"), "challenge: Password:");
    EXPECT_EQ(step(*server, "packetboat"), "success: alice@example.test: ");
    EXPECT_EQ(step(*server, "packetboat"), "invalid: the exchange is over");
    const auto with_initial = start("LOGIN");
    EXPECT_EQ(step(*with_initial, "alice"), "challenge: Password:");
    EXPECT_EQ(step(*with_initial, "wrong"), failed);
    const auto broken = start("LOGIN");
    EXPECT_EQ(step(*broken, std::nullopt), "challenge: Username:");
    EXPECT_TRUE(step(*broken, std::nullopt).starts_with("invalid: "));
}

TEST_F(sasl, passes_on_that_a_client_has_to_wait) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(plain("|alice|wrong" + std::to_string(i)), failed);
    EXPECT_TRUE(plain("|alice|packetboat").starts_with("too_many: "));
    EXPECT_TRUE(step(*start("SCRAM-SHA-256"), "n,,n=alice,r=abc").starts_with("too_many: "));
}

// ---- SCRAM

// The example of RFC 7677 §3.
TEST(scram, computes_the_example_of_rfc_7677) {
    const std::string salt = *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==");
    const ScramKeys keys = make_scram_keys("pencil", salt, 4096);
    const Result<ScramClientFirst> first = parse_scram_client_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->user, "user");
    EXPECT_EQ(first->gs2_header, "n,,");
    EXPECT_EQ(first->bare, "n=user,r=rOprNGfwEbeRWgbNEkqO");
    const std::string server_first = scram_server_first(first->nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", keys);
    EXPECT_EQ(server_first, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const Result<ScramClientFinal> final = parse_scram_client_final(
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    ASSERT_TRUE(final);
    EXPECT_EQ(final->channel_binding, "n,,");
    EXPECT_EQ(final->nonce, first->nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    const std::string auth_message = first->bare + "," + server_first + "," + final->without_proof;
    const std::optional<std::string> signature = scram_verify(keys, auth_message, final->proof);
    ASSERT_TRUE(signature);
    EXPECT_EQ(base64_encode(*signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    EXPECT_FALSE(scram_verify(keys, auth_message + "x", final->proof));
    EXPECT_FALSE(scram_verify(keys, auth_message, final->proof.substr(1)));
    EXPECT_FALSE(scram_verify(keys, auth_message, ""));
}

TEST(scram, parses_first_messages) {
    const auto parsed = [](std::string_view message) -> std::string {
        const Result<ScramClientFirst> first = parse_scram_client_first(message);
        if (!first) return first.error().text;
        return first->authzid + "/" + first->user + "/" + first->nonce + "/" + first->binding_name;
    };
    EXPECT_EQ(parsed("n,,n=user,r=abc"), "/user/abc/");
    EXPECT_EQ(parsed("y,a=other,n=user,r=abc"), "other/user/abc/");
    EXPECT_EQ(parsed("p=tls-exporter,,n=user,r=abc"), "/user/abc/tls-exporter");
    EXPECT_EQ(parsed("n,,n=a=2Cb=3Dc,r=abc"), "/a,b=c/abc/");
    EXPECT_EQ(parsed("n,,n=j\u00f6rg,r=abc,x=ext,Y=more"), "/j\u00f6rg/abc/");
    for (const char* bad : {"n,,n=a=2c,r=abc", "n,,n=a=,r=abc", "n,,n=a=2,r=abc", "n,,n=a=41,r=abc", "n,,n=\xff,r=abc", "n,a=x=,n=u,r=abc"})
        EXPECT_EQ(parsed(bad), "invalid-username-encoding") << bad;
    EXPECT_EQ(parsed("n,,m=must,n=user,r=abc"), "extensions-not-supported");
    for (const char* bad : {"",
                            "n",
                            "n,",
                            "n,,",
                            "n,,n=user",
                            "n,,n=user,r=",
                            "n,,n=,r=abc",
                            "n,,r=abc,n=user",
                            "p,,n=user,r=abc",
                            "p=,,n=user,r=abc",
                            "p=a_b,,n=user,r=abc",
                            "N,,n=user,r=abc",
                            "n,,N=user,r=abc",
                            "n,a=,n=user,r=abc",
                            "n,,n=user,r=a b",
                            "n,,n=user,r=abc,",
                            "n,,n=user,r=abc,x",
                            "n,,n=user,r=abc,x=",
                            "n,,n=user,r=abc,1=x",
                            "q,,n=user,r=abc",
                            "n,b=x,n=user,r=abc"})
        EXPECT_EQ(parsed(bad), "other-error") << bad;
    EXPECT_EQ(parsed("n,,n=user,r=" + std::string(600, 'x')), "other-error");
    EXPECT_EQ(parsed("n,,n=" + std::string(5000, 'x') + ",r=abc"), "other-error");
    EXPECT_EQ(parsed(nul("n,,n=us|er,r=abc")), "other-error");
}

TEST(scram, parses_final_messages) {
    const auto parsed = [](std::string_view message) -> std::string {
        const Result<ScramClientFinal> final = parse_scram_client_final(message);
        if (!final) return final.error().text;
        return final->channel_binding + "/" + final->nonce + "/" + final->proof + "/" + final->without_proof;
    };
    EXPECT_EQ(parsed("c=biws,r=abc,p=eA=="), "n,,/abc/x/c=biws,r=abc");
    EXPECT_EQ(parsed("c=biws,r=abc,e=1,p=eA=="), "n,,/abc/x/c=biws,r=abc,e=1");
    EXPECT_EQ(parsed("c=biw,r=abc,p=eA=="), "invalid-encoding");
    EXPECT_EQ(parsed("c=biws,r=abc,p=eA="), "invalid-encoding");
    for (const char* bad : {"", "c=biws", "c=biws,r=abc", "c=biws,r=abc,p=", "c=,r=abc,p=eA==", "r=abc,c=biws,p=eA==",
                            "c=biws,r=abc,p=eA==,x=y", "c=biws,r=abc,,p=eA==", "c=biws,r=abc,p=eA== ", "c=biws,r=,p=eA=="})
        EXPECT_EQ(parsed(bad), "other-error") << bad;
}

// A client of our own.
struct ScramClient {
    std::string user = "alice@example.test";
    std::string password = "packetboat";
    std::string gs2 = "n,,";
    std::string binding;  // channel data
    std::string nonce = "fyko+d2lbbFgONRv9qkxdawL";

    std::string first() const { return gs2 + bare(); }
    std::string bare() const { return "n=" + user + ",r=" + nonce; }

    std::string final(const std::string& server_first) {
        const auto field = [&](std::string_view name) {
            const std::size_t begin = server_first.find(name) + name.size();
            return server_first.substr(begin, server_first.find(',', begin) - begin);
        };
        std::string salted = *base64_decode(field(",s="));
        const ScramKeys keys = make_scram_keys(password, salted, *parse_u64(field(",i=")));
        const std::string without_proof = "c=" + base64_encode(gs2 + binding) + ",r=" + field("r=");
        const std::string message = bare() + "," + server_first + "," + without_proof;
        std::string proof = client_key(password, salted, *parse_u64(field(",i=")));
        const std::string signature = hmac_sha256(keys.stored_key, message);
        for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
        server_final = "v=" + base64_encode(hmac_sha256(keys.server_key, message));
        return without_proof + ",p=" + base64_encode(proof);
    }
    std::string server_final;  // what the server must prove itself with

    // Hi() by its definition, so that nothing of the server's is used.
    static std::string client_key(const std::string& password, const std::string& salt, std::uint64_t iterations) {
        std::string u = hmac_sha256(password, salt + std::string("\0\0\0\1", 4));
        std::string salted = u;
        for (std::uint64_t i = 1; i < iterations; ++i) {
            u = hmac_sha256(password, u);
            for (std::size_t k = 0; k < u.size(); ++k) salted[k] = static_cast<char>(salted[k] ^ u[k]);
        }
        return hmac_sha256(salted, "Client Key");
    }
};

struct scram_exchange : sasl {
    // The whole exchange; how it ended.
    std::string run(std::string_view mechanism, ScramClient client) {
        const auto server = start(mechanism);
        const std::string first = step(*server, client.first());
        if (!first.starts_with("challenge: ")) return first;
        const std::string last = step(*server, client.final(first.substr(11)));
        if (last.starts_with("success")) {
            EXPECT_EQ(last, "success: alice@example.test: " + client.server_final);
            return "success";
        }
        return last;
    }
    static std::string wrong(std::string_view what) { return "invalid: authentication failed: " + std::string(what); }
};

TEST_F(scram_exchange, succeeds) {
    EXPECT_EQ(run("SCRAM-SHA-256", {}), "success");
    EXPECT_EQ(run("SCRAM-SHA-256", {.user = "alice"}), "success");
    EXPECT_EQ(run("SCRAM-SHA-256", {.gs2 = "n,a=Alice@example.test,"}), "success");
    EXPECT_EQ(run("SCRAM-SHA-256", {.gs2 = "n,a=bob@example.test,"}), "denied: you may not act for another user");
    EXPECT_EQ(world->password_hashes(), 0U);
}

TEST_F(scram_exchange, has_an_empty_challenge_when_there_is_no_initial_response) {
    const auto server = start("SCRAM-SHA-256");
    EXPECT_EQ(step(*server, std::nullopt), "challenge: ");
    ScramClient client;
    const std::string first = step(*server, client.first());
    EXPECT_TRUE(step(*server, client.final(first.substr(11))).starts_with("success"));
    EXPECT_EQ(step(*server, ""), "invalid: the exchange is over");
    const auto silent = start("SCRAM-SHA-256");
    EXPECT_EQ(step(*silent, std::nullopt), "challenge: ");
    EXPECT_EQ(step(*silent, std::nullopt), wrong("other-error"));
}

TEST_F(scram_exchange, answers_alike_whoever_it_is) {
    world.account("mute@example.test");
    world.account("off@example.test", "packetboat");
    ASSERT_TRUE(run_to_end(world->set_enabled(at("off@example.test"), false)));
    EXPECT_EQ(run("SCRAM-SHA-256", {.password = "wrong"}), failed);
    for (const char* user : {"nobody@example.test", "mute@example.test", "off@example.test", "nonsense"})
        EXPECT_EQ(run("SCRAM-SHA-256", {.user = user}), failed) << user;
}

TEST_F(scram_exchange, made_up_keys_look_like_real_ones_and_outlive_a_restart) {
    const auto keys = [&](std::string_view user) { return run_to_end(world->scram_keys(World::client(), user)).value().keys; };
    const ScramKeys real = keys("alice@example.test");
    const ScramKeys fake = keys("nobody@example.test");
    EXPECT_EQ(fake.salt.size(), real.salt.size());
    EXPECT_EQ(fake.iterations, real.iterations);
    EXPECT_EQ(fake.stored_key.size(), 32U);
    EXPECT_EQ(keys("Nobody@EXAMPLE.test").salt, fake.salt);
    EXPECT_NE(keys("nobody2@example.test").salt, fake.salt);
    world.open(testing::cheap_limits());
    EXPECT_EQ(keys("nobody@example.test").salt, fake.salt);
    EXPECT_EQ(keys("alice@example.test").salt, real.salt);
    World other;
    other.domain("example.test");
    EXPECT_NE(run_to_end(other->scram_keys(World::client(), "nobody@example.test")).value().keys.salt, fake.salt);
}

TEST_F(scram_exchange, binds_to_the_channel) {
    const auto plus = [&](std::string gs2, std::string data) {
        return run("SCRAM-SHA-256-PLUS", {.gs2 = std::move(gs2), .binding = std::move(data)});
    };
    EXPECT_EQ(plus("p=tls-exporter,,", std::string(32, 'x')), "success");
    EXPECT_EQ(plus("p=tls-server-end-point,,", std::string(32, 'e')), "success");
    EXPECT_EQ(plus("p=tls-exporter,,", std::string(32, 'y')), wrong("channel-bindings-dont-match"));
    EXPECT_EQ(plus("p=tls-exporter,,", ""), wrong("channel-bindings-dont-match"));
    EXPECT_EQ(plus("p=tls-unique,,", ""), wrong("unsupported-channel-binding-type"));
    EXPECT_EQ(plus("p=tls-nonsense,,", ""), wrong("unsupported-channel-binding-type"));
    EXPECT_EQ(plus("n,,", ""), wrong("channel-bindings-dont-match"));
    EXPECT_EQ(run("SCRAM-SHA-256", {.gs2 = "p=tls-exporter,,", .binding = std::string(32, 'x')}), wrong("channel-binding-not-supported"));
}

TEST_F(scram_exchange, notices_that_the_offer_of_plus_was_taken_out) {
    EXPECT_EQ(run("SCRAM-SHA-256", {.gs2 = "y,,"}), wrong("server-does-support-channel-binding"));
    EXPECT_EQ(run("SCRAM-SHA-256-PLUS", {.gs2 = "y,,"}), wrong("server-does-support-channel-binding"));
    context.tls = false;
    EXPECT_EQ(run("SCRAM-SHA-256", {.gs2 = "y,,"}), "success");
}

TEST_F(scram_exchange, refuses_another_nonce_and_another_header) {
    const auto altered = [&](std::string_view from, std::string_view to) {
        const auto server = start("SCRAM-SHA-256");
        ScramClient client;
        std::string final = client.final(step(*server, client.first()).substr(11));
        final.replace(final.find(from), from.size(), to);
        return step(*server, final);
    };
    EXPECT_EQ(altered("fyko", "fykp"), wrong("other-error"));
    EXPECT_EQ(altered("c=biws", "c=eSws"), wrong("channel-bindings-dont-match"));
    EXPECT_EQ(altered(",p=", ",x=1,p="), failed);
    EXPECT_EQ(altered(",p=", ",p=="), wrong("invalid-encoding"));
}

TEST_F(scram_exchange, makes_its_half_of_the_nonce_and_takes_a_given_one) {
    const auto first = [&](SaslServer& server) { return step(server, "n,,n=alice,r=abc"); };
    EXPECT_NE(first(*start("SCRAM-SHA-256")), first(*start("SCRAM-SHA-256")));
    const auto given = make_scram_server(*world.directory, context, false, [] { return std::string("server"); });
    EXPECT_TRUE(first(*given).starts_with("challenge: r=abcserver,s="));
}

TEST_F(scram_exchange, counts_failures_and_tells_nothing_over_the_limit) {
    const auto waiting = start("SCRAM-SHA-256");
    ScramClient client;
    const std::string first = step(*waiting, client.first());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(run("SCRAM-SHA-256", {.password = "wrong"}), failed);
    EXPECT_TRUE(run("SCRAM-SHA-256", {}).starts_with("too_many: "));
    EXPECT_TRUE(step(*waiting, client.final(first.substr(11))).starts_with("too_many: "));
    world.now += std::chrono::seconds(600);
    EXPECT_EQ(run("SCRAM-SHA-256", {}), "success");
}

TEST_F(scram_exchange, an_account_disabled_in_between_does_not_get_in) {
    const auto server = start("SCRAM-SHA-256");
    ScramClient client;
    const std::string first = step(*server, client.first());
    ASSERT_TRUE(run_to_end(world->set_enabled(at("alice@example.test"), false)));
    EXPECT_EQ(step(*server, client.final(first.substr(11))), failed);
}

}  // namespace
}  // namespace packetboat::directory
