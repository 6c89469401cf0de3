#include "trust/policy_fetch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/executor.h"
#include "net/listener.h"
#include "net/reactor.h"
#include "net/testing/certificates.h"
#include "net/testing/line_server.h"
#include "trust/mta_sts.h"

namespace packetboat::trust {
namespace {

using net::testing::Authority;
using net::testing::TemporaryFolder;

constexpr std::string_view policy = "version: STSv1\nmode: none\nmax_age: 86400\n";

std::string answer(std::string_view status, std::string_view type, std::string_view body) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + std::string(body);
}

// An HTTPS server on loopback that gives everybody one answer; empty: it says nothing until the other side goes.
class WebServer {
public:
    WebServer(const net::TlsFiles& files, std::string reply) : tls_(std::move(*net::TlsContext::load(files))), reply_(std::move(reply)) {
        const net::Server::Serve serve = [this](net::Stream& stream, const std::string&) -> Task<> { return this->serve(stream); };
        const Endpoint anywhere{IpAddress::v4(127, 0, 0, 1), 0};
        at_ = *server_.listen({.name = "web", .endpoint = anywhere, .implicit_tls = true}, tls_.get(), serve);
        server_.start();
    }
    ~WebServer() { server_.stop(std::chrono::milliseconds{0}); }

    std::uint16_t port() const { return at_.port; }
    std::string seen() const {
        const std::scoped_lock lock(mutex_);
        return seen_;
    }
    void wait_for_request() const { asked_.wait(false); }

private:
    Task<> serve(net::Stream& stream) {
        std::string request;
        std::array<char, 4096> into;
        while (!request.contains("\r\n\r\n")) {
            const Result<std::size_t> got = co_await stream.read_some(into);
            if (!got) co_return;
            request.append(into.data(), *got);
        }
        {
            const std::scoped_lock lock(mutex_);
            seen_ += request;
        }
        asked_ = true;
        asked_.notify_all();
        if (reply_.empty()) (void)co_await stream.read_some(into);
        (void)co_await stream.write(reply_);
        co_await stream.close();
    }

    std::unique_ptr<net::TlsContext> tls_;
    const std::string reply_;
    mutable std::mutex mutex_;
    std::string seen_;
    std::atomic<bool> asked_ = false;
    net::Server server_{1};
    Endpoint at_;
};

struct PolicyFetch : ::testing::Test {
    net::TlsFiles good() { return authority.issue({.names = {"mta-sts.example.test"}}); }

    PolicyFetcher::Options options(std::uint16_t port) const { return {.threads = 1, .ca_file = authority.certificate(), .port = port}; }
    Result<std::string> fetch(PolicyFetcher& fetcher) {
        return run_to_end(fetcher.fetch({.domain = "example.test", .addresses = {IpAddress::v4(127, 0, 0, 1)}}));
    }
    std::string fetch(const net::TlsFiles& files, const std::string& reply) {
        const WebServer server(files, reply);
        PolicyFetcher fetcher(options(server.port()));
        const Result<std::string> got = fetch(fetcher);
        seen = server.seen();
        return got ? *got : std::string(to_string(got.error().code)) + ": " + got.error().text;
    }

    TemporaryFolder folder;
    TemporaryFolder elsewhere;
    Authority authority{folder.path(), "Test Authority"};
    std::string seen;
};

TEST_F(PolicyFetch, a_policy_over_https) {
    EXPECT_EQ(fetch(good(), answer("200 OK", "text/plain", policy)), policy);
    EXPECT_TRUE(seen.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.test:")) << seen;
    EXPECT_EQ(fetch(good(), answer("200 OK", "Text/Plain ; charset=utf-8", policy)), policy);
    const std::string largest(sts_policy_max_bytes, 'x');
    EXPECT_EQ(fetch(good(), answer("200 OK", "text/plain", largest)), largest);
}

// RFC 8461 §3.3.
TEST_F(PolicyFetch, only_200_is_an_answer) {
    const std::string host = "unavailable: mta-sts.example.test answers with status ";
    EXPECT_EQ(fetch(good(), answer("404 Not Found", "text/plain", policy)), host + "404");
    EXPECT_EQ(fetch(good(), answer("203 Somebody Else's", "text/plain", policy)), host + "203");
    EXPECT_EQ(fetch(good(), "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.example.test/other\r\nContent-Length: 0\r\n\r\n"),
              host + "301");
    EXPECT_FALSE(seen.contains("/other"));
}

TEST_F(PolicyFetch, only_plain_text_is_a_policy) {
    const std::string wrong = "invalid: the MTA-STS policy of mta-sts.example.test is not text/plain: ";
    EXPECT_EQ(fetch(good(), answer("200 OK", "text/html; charset=text/plain", policy)), wrong + "text/html; charset=text/plain");
    EXPECT_EQ(fetch(good(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), wrong);
}

TEST_F(PolicyFetch, a_body_or_head_that_is_too_large) {
    const std::string large = "too_large: the MTA-STS policy of mta-sts.example.test is larger than 64 KiB";
    EXPECT_EQ(fetch(good(), answer("200 OK", "text/plain", std::string(sts_policy_max_bytes + 1, 'x'))), large);
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 3'000; ++i) head += "X-Field: " + std::string(30, 'x') + "\r\n";
    EXPECT_EQ(fetch(good(), head + "\r\n"), large);
}

TEST_F(PolicyFetch, a_certificate_that_is_not_to_be_trusted) {
    const std::string reply = answer("200 OK", "text/plain", policy);
    const std::string denied = "denied: the certificate of mta-sts.example.test is not to be trusted: ";
    EXPECT_TRUE(fetch(authority.issue({.names = {"example.test"}}), reply).starts_with(denied));
    constexpr long day_s = 24 * 3600;
    EXPECT_TRUE(fetch(authority.issue({.names = {"mta-sts.example.test"}, .valid_from_s = -2 * day_s, .valid_until_s = -day_s}), reply)
                    .starts_with(denied));
    Authority stranger(elsewhere.path(), "Stranger");
    EXPECT_TRUE(fetch(stranger.issue({.names = {"mta-sts.example.test"}}), reply).starts_with(denied));
    EXPECT_EQ(seen, "");
}

TEST_F(PolicyFetch, no_proxy_of_the_environment_is_used) {
    ::setenv("https_proxy", "http://127.0.0.1:1", 1);
    ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    EXPECT_EQ(fetch(good(), answer("200 OK", "text/plain", policy)), policy);
    ::unsetenv("https_proxy");
    ::unsetenv("ALL_PROXY");
}

TEST_F(PolicyFetch, a_server_that_says_nothing_is_left_after_the_timeout) {
    const WebServer server(good(), "");
    PolicyFetcher::Options brief = options(server.port());
    brief.timeout = std::chrono::milliseconds{50};
    PolicyFetcher fetcher(brief);
    const Result<std::string> got = fetch(fetcher);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::timed_out);
}

TEST_F(PolicyFetch, nobody_listens) {
    std::uint16_t port = 0;
    {
        port = WebServer(good(), "").port();
    }
    PolicyFetcher fetcher(options(port));
    EXPECT_EQ(fetch(fetcher).error().code, ErrorCode::unavailable);
}

TEST_F(PolicyFetch, a_stop_ends_what_is_under_way) {
    const WebServer server(good(), "");
    PolicyFetcher fetcher(options(server.port()));
    std::thread stopper([&] {
        server.wait_for_request();
        fetcher.stop();
    });
    const Result<std::string> got = fetch(fetcher);
    stopper.join();
    EXPECT_EQ(got.error(), (Error{ErrorCode::unavailable, "stopped while fetching from mta-sts.example.test"}));
    EXPECT_EQ(fetch(fetcher).error(), (Error{ErrorCode::unavailable, "stopped"}));
}

}  // namespace
}  // namespace packetboat::trust
