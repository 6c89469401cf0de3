#include "net/connect.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "net/resolve.h"
#include "net/run_on.h"
#include "net/socket.h"
#include "net/testing/client.h"
#include "net/testing/line_server.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::LineServer;

constexpr milliseconds patience{30'000};

struct Connect : ::testing::Test {
    Connect() { reactor.start(); }

    // The stream is used, and goes, on its reactor.
    template <class Use>
    std::string with_connection(Endpoint remote, Use use, std::optional<IpAddress> source = std::nullopt, milliseconds timeout = patience) {
        const auto body = [](Reactor& on, Endpoint to, Use inner, std::optional<IpAddress> from, milliseconds wait) -> Task<std::string> {
            Result<Stream> stream = co_await connect(on, to, wait, from);
            if (!stream) co_return std::string(to_string(stream.error().code)) + ": " + stream.error().text;
            co_return co_await inner(*stream);
        };
        return run_on(reactor, body(reactor, remote, use, source, timeout));
    }
    Reactor reactor{0};
};

Task<std::string> read_greeting(Stream& stream) {
    std::array<char, 64> into;
    const Result<std::size_t> got = co_await stream.read_some(into);
    co_return got ? std::string(into.data(), *got) : got.error().text;
}

Endpoint unused_port() {
    const Result<Descriptor> socket = listen_at({IpAddress::v4(127, 0, 0, 1), 0}, Sharing::alone);
    return local_endpoint(socket->get());
}

TEST_F(Connect, reads_what_the_server_says) {
    LineServer world;
    EXPECT_EQ(with_connection(world.plain, read_greeting), "hello\r\n");
}

TEST_F(Connect, knows_both_ends) {
    LineServer world;
    const auto ends = [](Stream& stream) -> Task<std::string> { co_return stream.remote().text() + " " + stream.local().address.text(); };
    EXPECT_EQ(with_connection(world.plain, ends), world.plain.text() + " 127.0.0.1");
}

TEST_F(Connect, comes_from_the_address_it_was_told) {
    LineServer world;
    const auto source = [](Stream& stream) -> Task<std::string> { co_return stream.local().address.text(); };
    EXPECT_EQ(with_connection(world.plain, source, IpAddress::v4(127, 0, 0, 99)), "127.0.0.99");
}

TEST_F(Connect, says_that_the_source_address_is_not_ours) {
    LineServer world;
    EXPECT_TRUE(
        with_connection(world.plain, read_greeting, IpAddress::v4(192, 0, 2, 1)).starts_with("unavailable: cannot send from 192.0.2.1"));
    EXPECT_EQ(with_connection(world.plain, read_greeting, IpAddress::parse("::1")),
              "unavailable: there is no way from ::1 to " + world.plain.text() + ": one is IPv4");
}

TEST_F(Connect, says_that_it_was_refused) {
    const Endpoint nobody = unused_port();
    EXPECT_EQ(with_connection(nobody, read_greeting), "closed: " + nobody.text() + " refuses the connection");
}

TEST_F(Connect, gives_up_when_nobody_answers) {
    // A backlog of one that is full: the kernel drops what else knocks.
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in anywhere{};
    anywhere.sin_family = AF_INET;
    anywhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&anywhere), sizeof anywhere), 0);
    ASSERT_EQ(::listen(socket.get(), 0), 0);
    const Endpoint full = local_endpoint(socket.get());
    const testing::Client first = testing::Client::to(full);
    EXPECT_EQ(with_connection(full, read_greeting, std::nullopt, milliseconds{50}), "timed_out: " + full.text() + " does not answer");
}

TEST_F(Connect, tries_one_address_after_the_other) {
    LineServer world;
    const Endpoint nobody = unused_port();
    const auto body = [](Reactor& on, std::vector<Endpoint> remotes) -> Task<std::string> {
        Result<Stream> stream = co_await connect_any(on, remotes, patience);
        co_return stream ? stream->remote().text() : stream.error().text;
    };
    EXPECT_EQ(run_on(reactor, body(reactor, {nobody, world.plain})), world.plain.text());
    EXPECT_EQ(run_on(reactor, body(reactor, {nobody})), nobody.text() + " refuses the connection");
    EXPECT_EQ(run_on(reactor, body(reactor, {})), "there is no address to connect to");
}

std::string resolved(const std::string& host) {
    WorkerPool pool({.threads = 1, .queue_max = 4, .name = "resolver"});
    const Result<std::vector<Endpoint>> found = run_to_end(resolve(pool, host, 25));
    if (!found) return std::string(to_string(found.error().code)) + ": " + found.error().text;
    std::string out;
    for (const Endpoint& endpoint : *found) out += (out.empty() ? "" : " ") + endpoint.text();
    return out;
}

TEST(Resolve, takes_numeric_addresses_as_they_are) {
    EXPECT_EQ(resolved("192.0.2.7"), "192.0.2.7:25");
    EXPECT_EQ(resolved("2001:db8::1"), "[2001:db8::1]:25");
    EXPECT_EQ(resolved("[2001:db8::1]"), "[2001:db8::1]:25");
}

TEST(Resolve, finds_this_machine) { EXPECT_NE(resolved("localhost").find(":25"), std::string::npos) << resolved("localhost"); }

TEST(Resolve, refuses_what_can_be_no_host) {
    EXPECT_EQ(resolved(""), "invalid: \"\" is no host name in ASCII");
    EXPECT_EQ(resolved("a b"), "invalid: \"a b\" is no host name in ASCII");
    EXPECT_EQ(resolved(std::string(256, 'a')).substr(0, 8), "invalid:");
}

TEST(RunOn, passes_on_what_is_thrown) {
    Reactor reactor{0};
    reactor.start();
    const auto thrower = []() -> Task<int> {
        throw std::runtime_error("as the test asked for");
        co_return 0;
    };
    EXPECT_THROW(run_on(reactor, thrower()), std::runtime_error);
}

}  // namespace
}  // namespace packetboat::net
