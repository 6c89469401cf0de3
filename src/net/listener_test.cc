#include "net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <set>
#include <thread>

#include "net/reactor.h"
#include "net/socket.h"
#include "net/testing/client.h"
#include "net/testing/line_server.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::LineServer;

const Endpoint anywhere{IpAddress::v4(127, 0, 0, 1), 0};

TEST(Server, accepts_on_every_reactor_at_one_port) {
    Server server(2);
    const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write(std::to_string(Reactor::current().number()) + "\r\n");
    };
    const Result<Endpoint> at = server.listen({.name = "test", .endpoint = anywhere}, nullptr, serve);
    ASSERT_TRUE(at);
    EXPECT_NE(at->port, 0);
    server.start();
    // Which reactor gets a connection is the kernel's choice, by a hash over the ports; it does not choose one for ever.
    std::set<std::string> reactors;
    while (reactors.size() < 2) reactors.insert(Client::to(*at).line());
    server.stop(milliseconds{1000});
}

TEST(Server, speaks_ipv6) {
    Server server(1);
    const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write(stream.remote().address.text() + " " + stream.local().text() + "\r\n");
    };
    const Result<Endpoint> at = server.listen({.name = "test", .endpoint = {*IpAddress::parse("::1"), 0}}, nullptr, serve);
    if (!at) GTEST_SKIP() << at.error().text;
    server.start();
    EXPECT_EQ(Client::to(*at).line(), "::1 " + at->text());
}

TEST(Server, says_which_address_is_taken) {
    Server first(2);
    const Server::Serve serve = [](Stream&, const std::string&) -> Task<> { co_return; };
    const Result<Endpoint> at = first.listen({.name = "test", .endpoint = anywhere}, nullptr, serve);
    ASSERT_TRUE(at);
    Server second(2);
    const Result<Endpoint> taken = second.listen({.name = "test", .endpoint = *at}, nullptr, serve);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::unavailable);
    EXPECT_NE(taken.error().text.find(at->text()), std::string::npos) << taken.error().text;
    const Result<Endpoint> foreign = second.listen({.name = "test", .endpoint = {IpAddress::v4(192, 0, 2, 1), 0}}, nullptr, serve);
    EXPECT_FALSE(foreign);
}

TEST(Server, tells_those_over_a_limit_and_admits_them_when_there_is_room) {
    LineServer world({}, {.connections_per_address_max = 2, .count_loopback = true});
    std::optional<Client> first = Client::to(world.plain);
    Client second = Client::to(world.plain);
    EXPECT_EQ(first->line(), "hello");
    EXPECT_EQ(second.line(), "hello");
    EXPECT_EQ(Client::to(world.plain).rest(), "too busy\r\n");
    EXPECT_TRUE(Client::to(world.implicit).start_tls());  // another listener, another count
    first.reset();
    std::string answer = "too busy";
    while (answer == "too busy") answer = Client::to(world.plain).line();
    EXPECT_EQ(answer, "hello");
}

TEST(Server, counts_the_listeners_of_one_name_together) {
    Server server(2);
    const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write("hello\r\n");
        std::array<char, 16> into;
        while (co_await stream.read_some(into)) {
        }
    };
    const auto listen = [&](const std::string& name) {
        return server
            .listen({.name = name,
                     .endpoint = anywhere,
                     .admission = {.connections_per_address_max = 1, .count_loopback = true, .too_busy = "too busy\r\n"}},
                    nullptr, serve)
            .value();
    };
    const Endpoint one = listen("smtp");
    const Endpoint other = listen("smtp");
    const Endpoint third = listen("pop3");
    server.start();
    Client first = Client::to(one);
    EXPECT_EQ(first.line(), "hello");
    EXPECT_EQ(Client::to(other).rest(), "too busy\r\n");
    Client second = Client::to(third);
    EXPECT_EQ(second.line(), "hello");
}

TEST(Server, admits_no_more_on_all_listeners_together_than_it_was_told) {
    Server server(2, 2);
    const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write("hello\r\n");
        std::array<char, 16> into;
        while (co_await stream.read_some(into)) {
        }
    };
    const auto listen = [&] {
        return server.listen({.name = "test", .endpoint = anywhere, .admission = {.too_busy = "too busy\r\n"}}, nullptr, serve).value();
    };
    const Endpoint one = listen();
    const Endpoint other = listen();
    server.start();
    std::optional<Client> first = Client::to(one);
    Client second = Client::to(other);
    EXPECT_EQ(first->line(), "hello");
    EXPECT_EQ(second.line(), "hello");
    EXPECT_EQ(Client::to(one).rest(), "too busy\r\n");
    EXPECT_EQ(Client::to(other).rest(), "too busy\r\n");
    first.reset();
    std::string answer = "too busy";
    while (answer == "too busy") answer = Client::to(one).line();
    EXPECT_EQ(answer, "hello");
}

TEST(Server, just_closes_over_the_limit_on_an_implicit_tls_listener) {
    LineServer world({}, {.connections_max = 0});
    EXPECT_EQ(Client::to(world.implicit).rest(), "");
    EXPECT_EQ(Client::to(world.plain).rest(), "too busy\r\n");
}

TEST(Server, garbage_for_a_handshake_ends_that_connection_only) {
    LineServer world;
    Client garbage = Client::to(world.implicit);
    garbage.send("EHLO client.example\r\n");
    garbage.rest();
    Client silent = Client::to(world.implicit);
    Client good = Client::to(world.implicit);
    ASSERT_TRUE(good.start_tls());
    EXPECT_EQ(good.line(), "hello");
    EXPECT_TRUE(world.seen().empty());
}

TEST(Server, an_implicit_handshake_is_bounded_in_time) {
    LineServer world;
    Server server(1);
    const Server::Serve serve = [](Stream&, const std::string&) -> Task<> { co_return; };
    const Result<Endpoint> at = server.listen(
        {.name = "test", .endpoint = anywhere, .implicit_tls = true, .handshake_timeout = milliseconds{20}}, world.tls.get(), serve);
    server.start();
    EXPECT_EQ(Client::to(*at).rest(), "");
}

TEST(Server, answers_what_came_right_before_the_end_of_tls_and_ends_too) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        LineServer world;
        Client client = Client::to(world.implicit);
        ASSERT_TRUE(client.start_tls(version));
        EXPECT_EQ(client.line(), "hello");
        const auto cork = [&](int on) { ::setsockopt(client.descriptor(), IPPROTO_TCP, TCP_CORK, &on, sizeof on); };
        cork(1);
        client.send("x\r\n");
        SSL_shutdown(client.tls());
        cork(0);
        EXPECT_EQ(client.line(), "echo x");
        EXPECT_EQ(client.rest(), "");
    }
}

TEST(Server, takes_urgent_data_as_data) {
    LineServer world;
    Client client = Client::to(world.plain);
    EXPECT_EQ(client.line(), "hello");
    client.send("a");
    EXPECT_EQ(::send(client.descriptor(), "b", 1, MSG_OOB), 1);
    client.send("c\r\n");
    EXPECT_EQ(client.line(), "echo abc");
}

TEST(Server, refuses_old_tls_and_cipher_suites_without_forward_secrecy) {
    LineServer world;
    Client old = Client::to(world.implicit);
    EXPECT_FALSE(old.start_tls(TLS1_1_VERSION));
    Client good = Client::to(world.implicit);
    ASSERT_TRUE(good.start_tls(TLS1_2_VERSION));
    EXPECT_TRUE(std::string_view(SSL_get_cipher_name(good.tls())).starts_with("ECDHE-"));
}

TEST(Server, resumes_tls_13_sessions_with_tickets) {
    LineServer world;
    Client first = Client::to(world.implicit);
    ASSERT_TRUE(first.start_tls(TLS1_3_VERSION));
    EXPECT_EQ(first.line(), "hello");  // the ticket comes with the first read
    SSL_SESSION* session = SSL_get1_session(first.tls());
    Client second = Client::to(world.implicit);
    ASSERT_TRUE(second.start_tls(TLS1_3_VERSION, session));
    SSL_SESSION_free(session);
    EXPECT_TRUE(SSL_session_reused(second.tls()));
    EXPECT_EQ(second.line(), "hello");
}

TEST(Server, new_connections_get_the_new_certificate_and_old_ones_go_on) {
    LineServer world;
    Client before = Client::to(world.implicit);
    ASSERT_TRUE(before.start_tls());
    std::filesystem::remove(world.files.certificate);
    std::filesystem::remove(world.files.key);
    ASSERT_TRUE(make_self_signed(world.files, "new.example.test", {}));
    ASSERT_TRUE(world.tls->reload_if_changed());
    Client after = Client::to(world.implicit);
    ASSERT_TRUE(after.start_tls());
    X509* certificate = SSL_get1_peer_certificate(after.tls());
    EXPECT_EQ(X509_check_host(certificate, "new.example.test", 0, 0, nullptr), 1);
    X509_free(certificate);
    before.send("still here\r\nQUIT\r\n");
    EXPECT_EQ(before.rest(), "hello\r\necho still here\r\nbye\r\n");
}

TEST(Server, an_exception_ends_that_session_only) {
    LineServer world;
    Client unlucky = Client::to(world.plain);
    Client lucky = Client::to(world.plain);
    EXPECT_EQ(unlucky.line(), "hello");
    unlucky.send("THROW\r\n");
    EXPECT_EQ(unlucky.rest(), "");
    lucky.send("one\r\n");
    EXPECT_EQ(lucky.line(), "hello");
    EXPECT_EQ(lucky.line(), "echo one");
}

TEST(Server, stop_tells_every_session) {
    LineServer world;
    Client plain = Client::to(world.plain);
    Client tls = Client::to(world.implicit);
    ASSERT_TRUE(tls.start_tls());
    EXPECT_EQ(plain.line(), "hello");
    EXPECT_EQ(tls.line(), "hello");
    Client in_handshake = Client::to(world.implicit);
    while (world.server.connections() < 3) std::this_thread::yield();
    auto stopped = std::async(std::launch::async, [&] { world.server.stop(milliseconds{30'000}); });
    EXPECT_EQ(plain.rest(), "shutting down\r\n");
    EXPECT_EQ(tls.rest(), "shutting down\r\n");
    EXPECT_EQ(in_handshake.rest(), "");
    plain.close();
    tls.close();
    stopped.get();
    EXPECT_EQ(world.server.connections(), 0U);
    EXPECT_THROW(Client::to(world.plain), std::runtime_error);
}

TEST(Server, stop_cuts_those_that_do_not_go) {
    Server server(2);
    // Deaf to news.
    const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write("hello\r\n");
        for (;;) {
            const Result<> ready = co_await stream.readable();
            if (!ready && ready.error().code == ErrorCode::closed) co_return;
        }
    };
    const Result<Endpoint> at = server.listen({.name = "test", .endpoint = anywhere}, nullptr, serve);
    ASSERT_TRUE(at);
    server.start();
    Client client = Client::to(*at);
    EXPECT_EQ(client.line(), "hello");
    server.stop(milliseconds{10});
    EXPECT_EQ(client.rest(), "");
}

TEST(Server, stop_waits_for_services_that_sleep) {
    Server server(2);
    std::promise<void> asleep;
    bool ended = false;
    server.start();
    server.spawn_on(3, [&]() -> Task<> {
        asleep.set_value();
        while (co_await sleep_for(std::chrono::hours{1})) {
        }
        ended = true;
    });
    asleep.get_future().wait();
    server.stop(milliseconds{30'000});
    EXPECT_TRUE(ended);
}

TEST(Server, may_be_destroyed_without_ever_having_started) {
    Server server(2);
    server.spawn_on(0, []() -> Task<> { co_return; });
    const Server::Serve serve = [](Stream&, const std::string&) -> Task<> { co_return; };
    EXPECT_TRUE(server.listen({.name = "test", .endpoint = anywhere}, nullptr, serve));
}

// No descriptor can be opened, until the end of the scope.
class NoDescriptorsLeft {
public:
    NoDescriptorsLeft() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        if (::fcntl(0, F_GETFD) < 0) ::open("/dev/null", O_RDONLY);  // becomes descriptor 0
        // Under one, so that nothing another thread closes can be had again; poll takes as many descriptors as may be open.
        const rlimit none{1, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
    NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

private:
    rlimit before_;
};

TEST(Server, goes_on_accepting_after_descriptors_had_run_out) {
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "the sanitizer itself needs descriptors (it tries memory with a pipe)";
#endif
    LineServer world;
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    std::optional<Client> client;
    {
        const NoDescriptorsLeft none;
        client.emplace(Client::to(world.plain, std::move(socket)));
        pollfd greeting{client->descriptor(), POLLIN, 0};
        EXPECT_EQ(::poll(&greeting, 1, 50), 0);  // it cannot be accepted
    }
    EXPECT_EQ(client->line(), "hello");
    EXPECT_EQ(Client::to(world.plain).line(), "hello");
}

}  // namespace
}  // namespace packetboat::net
