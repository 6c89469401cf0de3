#include "net/stream_peer.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <thread>

#include "base/text.h"
#include "net/testing/client.h"
#include "net/testing/line_server.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::LineServer;

std::vector<std::string> lines(Client& client, int count) {
    std::vector<std::string> all;
    while (count-- > 0) all.push_back(client.line());
    return all;
}

using Lines = std::vector<std::string>;

TEST(StreamPeer, answers_line_by_line) {
    LineServer world;
    Client client = Client::to(world.plain);
    EXPECT_EQ(client.line(), "hello");
    client.send("one\r\n");
    EXPECT_EQ(client.line(), "echo one");
    client.send("tw");
    client.send("o\r");
    client.send("\nQUIT\r\n");
    EXPECT_EQ(client.rest(), "echo two\r\nbye\r\n");
}

TEST(StreamPeer, answers_a_pipelined_group_and_a_half_closed_client) {
    LineServer world;
    for (const Endpoint& endpoint : {world.plain, world.implicit}) {
        Client client = Client::to(endpoint);
        if (endpoint == world.implicit) {
            ASSERT_TRUE(client.start_tls());
        }
        std::string group;
        std::string expected = "hello\r\n";
        for (int i = 0; i < 5000; ++i) {
            group += "line " + std::to_string(i) + "\r\n";
            expected += "echo line " + std::to_string(i) + "\r\n";
        }
        client.send(group + "half a li");
        if (client.tls()) SSL_shutdown(client.tls());
        client.close_write();
        EXPECT_EQ(client.rest(), expected);
    }
}

TEST(StreamPeer, cuts_no_line_that_is_too_long_but_says_so) {
    LineServer world;
    Client client = Client::to(world.plain);
    client.send(std::string(100'000, 'x') + "\r\nnext\r\n");
    EXPECT_EQ(lines(client, 3), (Lines{"hello", "too long", "echo next"}));
}

TEST(StreamPeer, starttls_throws_away_what_was_injected_behind_it) {
    LineServer world;
    Client client = Client::to(world.plain);
    client.send("STARTTLS\r\nEVIL\r\nEV");
    EXPECT_EQ(lines(client, 2), (Lines{"hello", "go"}));
    ASSERT_TRUE(client.start_tls());
    client.send("TLS\r\nQUIT\r\n");
    EXPECT_EQ(client.rest(), "TLSv1.3\r\nbye\r\n");
    EXPECT_EQ(world.seen(), (Lines{"STARTTLS", "TLS", "QUIT"}));
}

TEST(StreamPeer, starttls_is_refused_the_second_time) {
    LineServer world;
    Client client = Client::to(world.implicit);
    ASSERT_TRUE(client.start_tls());
    client.send("STARTTLS\r\n");
    EXPECT_EQ(client.rest(), "hello\r\ngo\r\n");
}

TEST(StreamPeer, starttls_with_garbage_for_a_handshake_ends_the_connection) {
    LineServer world;
    Client client = Client::to(world.plain);
    client.send("STARTTLS\r\n");
    EXPECT_EQ(lines(client, 2), (Lines{"hello", "go"}));
    client.send("MAIL FROM:<evil@example.test>\r\n");
    client.rest();
    EXPECT_EQ(world.seen(), (Lines{"STARTTLS"}));
}

TEST(StreamPeer, a_handshake_is_bounded_in_time) {
    LineServer world({.handshake_timeout = milliseconds{20}});
    Client client = Client::to(world.plain);
    client.send("STARTTLS\r\n");
    EXPECT_EQ(client.rest(), "hello\r\ngo\r\n");
}

TEST(StreamPeer, tells_an_idle_client_and_ends) {
    LineServer world({.idle_timeout = milliseconds{50}});
    Client plain = Client::to(world.plain);
    plain.send("half a line");
    EXPECT_EQ(plain.rest(), "hello\r\ntimed out\r\n");
    Client tls = Client::to(world.implicit);
    ASSERT_TRUE(tls.start_tls());
    EXPECT_EQ(tls.rest(), "hello\r\ntimed out\r\n");
}

TEST(StreamPeer, ends_a_session_that_is_busy_for_too_long) {
    LineServer world({.session_timeout = milliseconds{100}});
    Client client = Client::to(world.plain);
    EXPECT_EQ(client.line(), "hello");
    std::string line;
    while (line != "timed out") {
        client.send("more\r\n");
        line = client.line();
    }
    client.rest();
}

TEST(StreamPeer, streams_a_big_answer_to_a_slow_reader) {
    LineServer world;
    constexpr std::size_t size = 20'000'000;
    for (const Endpoint& endpoint : {world.plain, world.implicit}) {
        Client client = Client::to(endpoint);
        if (endpoint == world.implicit) {
            ASSERT_TRUE(client.start_tls());
        }
        client.send("BIG " + std::to_string(size) + "\r\nQUIT\r\n");
        EXPECT_EQ(client.rest(), "hello\r\n" + std::string(size, 'x') + "bye\r\n");
    }
}

TEST(StreamPeer, does_not_wait_for_ever_for_a_client_that_does_not_read) {
    LineServer world({.idle_timeout = milliseconds{100}});
    Client client = Client::to(world.plain);
    client.send("BIG 100000000\r\n");
    // The server gives up; what is in the sockets' buffers arrives, and no more.
    while (world.seen().empty() || world.server.connections() > 0) std::this_thread::yield();
    EXPECT_LT(client.rest().size(), 100'000'000U);
}

TEST(StreamPeer, bounds_the_output_of_pipelined_commands) {
    LineServer world({.idle_timeout = milliseconds{100}});
    Client client = Client::to(world.plain);
    std::string group;
    for (int i = 0; i < 1000; ++i) group += "BIG 60000\r\n";  // each below the high-water mark
    client.send(group);
    while (world.seen().empty() || world.server.connections() > 0) std::this_thread::yield();
    EXPECT_LT(world.seen().size(), 1000U);
}

TEST(StreamPeer, ends_a_connection_whose_decoder_takes_nothing) {
    LineServer world;
    Client client = Client::to(world.plain);
    client.send("STUCK\r\n" + std::string(BufferPool::buffer_bytes, 'x'));
    EXPECT_EQ(client.rest(), "hello\r\necho STUCK\r\n");
}

TEST(StreamPeer, a_client_may_go_at_any_stage) {
    LineServer world;
    const auto talk = [&](int stage, Client client) {
        if (stage == 0) return client.reset();
        client.line();
        if (stage == 1) return client.reset();
        client.send("half");
        if (stage == 2) return client.reset();
        client.send("\r\nSTARTTLS\r\n");
        if (stage == 3) return client.reset();
        lines(client, 2);
        if (stage == 4) return client.close();
        client.send("\x16\x03\x01");
        if (stage == 5) return client.close();
    };
    for (int stage = 0; stage < 6; ++stage) talk(stage, Client::to(world.plain));
    for (const bool reset : {true, false}) {
        Client tls = Client::to(world.implicit);
        ASSERT_TRUE(tls.start_tls());
        tls.send("BIG 10000000\r\n");
        tls.bytes(1000);
        if (reset) {
            tls.reset();
        } else {
            tls.close();
        }
    }
    while (world.server.connections() > 0) std::this_thread::yield();
}

TEST(StreamPeer, counts_bytes_without_those_of_tls) {
    LineServer world;
    Client client = Client::to(world.implicit);
    ASSERT_TRUE(client.start_tls());
    EXPECT_EQ(client.line(), "hello");
    client.send("BYTES\r\n");
    EXPECT_EQ(client.line(), "7 7");
}

struct Bindings {
    std::string exporter, unique, end_point;
};
Bindings ask_bindings(Client& client) {
    client.send("BINDING 0\r\nBINDING 1\r\nBINDING 2\r\n");
    const Lines all = lines(client, 3);
    return {all[0], all[1], all[2]};
}

std::string hex_of(const unsigned char* bytes, std::size_t size) { return hex({reinterpret_cast<const char*>(bytes), size}); }

std::string end_point_of(ssl_st* tls) {
    X509* certificate = SSL_get1_peer_certificate(tls);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), digest, &size);
    X509_free(certificate);
    return hex_of(digest, size);
}

TEST(StreamPeer, channel_bindings_are_the_clients_own_with_tls_13) {
    LineServer world;
    Client client = Client::to(world.implicit);
    ASSERT_TRUE(client.start_tls(TLS1_3_VERSION));
    EXPECT_EQ(client.line(), "hello");
    const Bindings server = ask_bindings(client);
    unsigned char exported[32];
    ASSERT_EQ(SSL_export_keying_material(client.tls(), exported, sizeof exported, "EXPORTER-Channel-Binding", 24, nullptr, 0, 0), 1);
    EXPECT_EQ(server.exporter, hex_of(exported, sizeof exported));
    EXPECT_EQ(server.unique, "none");
    EXPECT_EQ(server.end_point, end_point_of(client.tls()));
}

TEST(StreamPeer, channel_bindings_are_the_clients_own_with_tls_12_also_when_resumed) {
    LineServer world;
    Client full = Client::to(world.implicit);
    ASSERT_TRUE(full.start_tls(TLS1_2_VERSION));
    EXPECT_EQ(full.line(), "hello");
    unsigned char finished[EVP_MAX_MD_SIZE];
    std::size_t size = SSL_get_finished(full.tls(), finished, sizeof finished);
    Bindings server = ask_bindings(full);
    EXPECT_EQ(server.exporter, "none");
    EXPECT_EQ(server.unique, hex_of(finished, size));
    EXPECT_EQ(server.end_point, end_point_of(full.tls()));

    SSL_SESSION* session = SSL_get1_session(full.tls());
    Client resumed = Client::to(world.implicit);
    ASSERT_TRUE(resumed.start_tls(TLS1_2_VERSION, session));
    SSL_SESSION_free(session);
    ASSERT_TRUE(SSL_session_reused(resumed.tls()));
    EXPECT_EQ(resumed.line(), "hello");
    size = SSL_get_peer_finished(resumed.tls(), finished, sizeof finished);
    server = ask_bindings(resumed);
    EXPECT_EQ(server.unique, hex_of(finished, size));
}

TEST(StreamPeer, there_are_no_channel_bindings_without_tls) {
    LineServer world;
    Client client = Client::to(world.plain);
    EXPECT_EQ(client.line(), "hello");
    const Bindings none = ask_bindings(client);
    EXPECT_EQ(none.exporter + none.unique + none.end_point, "nonenonenone");
}

}  // namespace
}  // namespace packetboat::net
