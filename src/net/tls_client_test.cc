#include "net/tls_client.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include <ctime>
#include <fstream>

#include "base/text.h"
#include "base/time.h"
#include "net/connect.h"
#include "net/run_on.h"
#include "net/testing/certificates.h"
#include "net/testing/line_server.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::Authority;
using testing::LineDecoder;
using testing::LineServer;
using testing::TemporaryFolder;

constexpr milliseconds patience{30'000};

// What a client learns of a server.
struct Seen {
    Result<> handshake;
    ServerCertificate certificate;
    std::string greeting;
};

Task<Seen> look(Reactor& reactor, Endpoint remote, const TlsClientContext& context, std::string name) {
    Seen seen;
    Result<Stream> stream = co_await connect(reactor, remote, patience);
    if (!stream) co_return Seen{.handshake = fail(stream.error())};
    stream->deadline(patience);
    seen.handshake = co_await stream->start_tls_client(context, name);
    seen.certificate = *stream->server_certificate();
    std::array<char, 64> into;
    const Result<std::size_t> got = co_await stream->read_some(into);
    if (got) seen.greeting.assign(into.data(), *got);
    co_await stream->close();
    co_return seen;
}

// A server that says "hi" behind a handshake with these files.
struct HiServer {
    explicit HiServer(const TlsFiles& files) : tls(std::move(*TlsContext::load(files))), server(1) {
        const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> { (void)co_await stream.write("hi"); };
        at = *server.listen({.name = "test", .endpoint = {IpAddress::v4(127, 0, 0, 1), 0}, .implicit_tls = true}, tls.get(), serve);
        server.start();
    }
    std::unique_ptr<TlsContext> tls;
    Server server;
    Endpoint at;
};

struct TlsClient : ::testing::Test {
    TlsClient() { reactor.start(); }

    std::unique_ptr<TlsClientContext> context(TlsTrust trust, const std::filesystem::path& ca_file) {
        return std::move(*TlsClientContext::make({.trust = trust, .ca_file = ca_file}));
    }
    Seen see(const TlsFiles& files, const std::string& name, TlsTrust trust) {
        const HiServer server(files);
        const auto made = context(trust, authority.certificate());
        return run_on(reactor, look(reactor, server.at, *made, name));
    }
    // Verifying fails, and opportunism goes on, for the same reason.
    void expect_problem(const TlsFiles& files, const std::string& name, const std::string& problem) {
        const Seen verified = see(files, name, TlsTrust::verify);
        ASSERT_FALSE(verified.handshake);
        EXPECT_EQ(verified.handshake.error().code, ErrorCode::denied);
        EXPECT_EQ(verified.handshake.error().text, "the certificate of " + name + " is not to be trusted: " + problem);
        EXPECT_EQ(verified.greeting, "");
        const Seen opportunistic = see(files, name, TlsTrust::opportunistic);
        ASSERT_TRUE(opportunistic.handshake) << opportunistic.handshake.error().text;
        EXPECT_FALSE(opportunistic.certificate.trusted);
        EXPECT_EQ(opportunistic.certificate.problem, problem);
        EXPECT_EQ(opportunistic.greeting, "hi");
    }

    TemporaryFolder folder;
    Authority authority{folder.path(), "Test Authority"};
    Reactor reactor{0};
};

std::string day(long from_now_s) {
    const std::time_t moment = std::time(nullptr) + from_now_s;
    return Time{static_cast<std::int64_t>(moment) * 1'000'000}.rfc3339().substr(0, 10);
}

TEST_F(TlsClient, trusts_a_certificate_that_is_right) {
    const TlsFiles files = authority.issue({.names = {"mail.example.test", "127.0.0.1"}});
    for (const TlsTrust trust : {TlsTrust::verify, TlsTrust::opportunistic}) {
        for (const char* name : {"mail.example.test", "MAIL.example.test.", "127.0.0.1"}) {
            const Seen seen = see(files, name, trust);
            ASSERT_TRUE(seen.handshake) << seen.handshake.error().text;
            EXPECT_TRUE(seen.certificate.trusted) << name;
            EXPECT_EQ(seen.certificate.problem, "");
            EXPECT_EQ(seen.certificate.subject, "CN=mail.example.test");
            EXPECT_EQ(seen.certificate.issuer, "CN=Test Authority");
            EXPECT_EQ(seen.certificate.valid_until, day(3600));
            EXPECT_EQ(seen.certificate.fingerprint.size(), 64U);
            EXPECT_EQ(seen.greeting, "hi");
        }
    }
}

TEST_F(TlsClient, says_what_is_wrong_in_plain_words) {
    constexpr long day_s = 24 * 3600;
    const TlsFiles expired = authority.issue({.names = {"mail.example.test"}, .valid_from_s = -9 * day_s, .valid_until_s = -2 * day_s});
    expect_problem(expired, "mail.example.test", "it expired on " + day(-2 * day_s));
    const TlsFiles early = authority.issue({.names = {"mail.example.test"}, .valid_from_s = 2 * day_s, .valid_until_s = 9 * day_s});
    expect_problem(early, "mail.example.test", "it is not valid before " + day(2 * day_s));
    const TlsFiles other = authority.issue({.names = {"www.example.test", "192.0.2.1"}});
    expect_problem(other, "mail.example.test", "it is for another host: www.example.test, 192.0.2.1");
    expect_problem(other, "127.0.0.1", "it is for another host: www.example.test, 192.0.2.1");
    Authority stranger(folder.path(), "Stranger");
    expect_problem(stranger.issue({.names = {"mail.example.test"}}), "mail.example.test", "its issuer CN=Stranger is not known here");
    const TlsFiles own{folder.path() / "own.pem", folder.path() / "own.key"};
    ASSERT_TRUE(make_self_signed(own, "mail.example.test", {}));
    expect_problem(own, "mail.example.test", "it is self-signed");
}

TEST_F(TlsClient, names_in_a_certificate_are_bounded_and_fit_to_be_shown) {
    std::vector<std::string> names;
    for (int i = 0; i < 50; ++i) names.push_back("host" + std::to_string(i) + ".example.test");
    expect_problem(authority.issue({.names = names}), "mail.example.test",
                   "it is for another host: host0.example.test, host1.example.test, host2.example.test, host3.example.test and others");
}

TEST_F(TlsClient, trusts_a_self_signed_certificate_that_it_was_given) {
    const TlsFiles own{folder.path() / "own.pem", folder.path() / "own.key"};
    ASSERT_TRUE(make_self_signed(own, "mail.example.test", {}));
    const HiServer server(own);
    const auto made = context(TlsTrust::verify, own.certificate);
    EXPECT_TRUE(run_on(reactor, look(reactor, server.at, *made, "mail.example.test")).handshake);
    EXPECT_FALSE(run_on(reactor, look(reactor, server.at, *made, "other.example.test")).handshake);
}

TEST_F(TlsClient, uses_the_systems_authorities_when_no_file_is_given) {
    // OpenSSL's own way to say where they are.
    ::setenv("SSL_CERT_FILE", authority.certificate().c_str(), 1);
    const auto made = context(TlsTrust::verify, {});
    ::unsetenv("SSL_CERT_FILE");
    const HiServer server(authority.issue({.names = {"mail.example.test"}}));
    EXPECT_TRUE(run_on(reactor, look(reactor, server.at, *made, "mail.example.test")).handshake);
    Authority stranger(folder.path(), "Stranger");
    const HiServer strange(stranger.issue({.names = {"mail.example.test"}}));
    EXPECT_FALSE(run_on(reactor, look(reactor, strange.at, *made, "mail.example.test")).handshake);
}

TEST_F(TlsClient, refuses_files_without_certificates) {
    EXPECT_EQ(TlsClientContext::make({.ca_file = folder.path() / "none"}).error().code, ErrorCode::unavailable);
    std::ofstream(folder.path() / "empty.pem") << "nothing";
    EXPECT_EQ(TlsClientContext::make({.ca_file = folder.path() / "empty.pem"}).error().code, ErrorCode::invalid);
}

TEST_F(TlsClient, refuses_names_that_no_certificate_can_be_for) {
    const HiServer server(authority.issue({.names = {"mail.example.test"}}));
    const auto made = context(TlsTrust::opportunistic, authority.certificate());
    for (const std::string& name :
         std::vector<std::string>{"", ".", ".a", "a b", "a\r\nb", "*.example.test", std::string(300, 'a'), "b\xc3\xbc.test"})
        EXPECT_EQ(run_on(reactor, look(reactor, server.at, *made, name)).handshake.error().code, ErrorCode::invalid) << name;
}

TEST_F(TlsClient, says_that_the_other_side_does_not_speak_tls) {
    LineServer world;
    const auto made = context(TlsTrust::opportunistic, authority.certificate());
    const Seen seen = run_on(reactor, look(reactor, world.plain, *made, "mail.example.test"));
    ASSERT_FALSE(seen.handshake);
    EXPECT_EQ(seen.handshake.error(), (Error{ErrorCode::invalid, "TLS handshake: the other side does not speak TLS here"}));
}

using LinePeer = StreamPeer<LineDecoder>;

Task<std::string> next_line(LinePeer& peer) {
    const std::optional<LineDecoder::Event> event = co_await peer.next(LineDecoder::Mode::lines);
    if (!event) co_return "end: " + (peer.failure() ? peer.failure()->text : "");
    const auto* line = std::get_if<testing::Line>(&*event);
    co_return line ? std::string(line->text) : "no line";
}

// Both ends are ours: what the client computes is what the server does.
TEST_F(TlsClient, a_client_peer_starts_tls_and_agrees_on_channel_bindings) {
    LineServer world;
    const auto made = context(TlsTrust::verify, world.files.certificate);
    const auto body = [](Reactor& on, Endpoint to, const TlsClientContext& tls) -> Task<std::string> {
        Result<Stream> stream = co_await connect(on, to, patience);
        LinePeer peer(*stream, ClientTls{&tls, "mail.example.test"}, LineDecoder{}, "id", {});
        std::string said = co_await next_line(peer);
        peer.send("STARTTLS\r\n");
        said += " " + co_await next_line(peer);
        if (!co_await peer.start_tls()) co_return "failed: " + peer.failure()->text;
        peer.send("TLS\r\nBINDING 0\r\nBINDING 2\r\n");
        said += " " + co_await next_line(peer);
        for (const ChannelBinding kind : {ChannelBinding::tls_exporter, ChannelBinding::tls_server_end_point}) {
            if (co_await next_line(peer) != hex(peer.channel_binding(kind).value_or(""))) said += " differs";
        }
        if (co_await peer.start_tls()) said += " twice";
        co_return said + " " + peer.info().tls_version;
    };
    EXPECT_EQ(run_on(reactor, body(reactor, world.plain, *made)), "hello go TLSv1.3 TLSv1.3");
}

TEST_F(TlsClient, a_client_peer_says_why_the_handshake_failed) {
    LineServer world;
    const auto made = context(TlsTrust::verify, authority.certificate());
    const auto body = [](Reactor& on, Endpoint to, const TlsClientContext& tls) -> Task<std::string> {
        Result<Stream> stream = co_await connect(on, to, patience);
        LinePeer peer(*stream, ClientTls{&tls, "mail.example.test"}, LineDecoder{}, "id", {});
        co_await next_line(peer);
        peer.send("STARTTLS\r\n");
        co_await next_line(peer);
        const bool done = co_await peer.start_tls();
        co_return (done ? "done" : peer.failure()->text) + "; " + co_await next_line(peer);
    };
    const std::string why = "the certificate of mail.example.test is not to be trusted: it is self-signed";
    EXPECT_EQ(run_on(reactor, body(reactor, world.plain, *made)), why + "; end: " + why);
}

TEST_F(TlsClient, a_deadline_bounds_a_server_that_answers_byte_by_byte) {
    // One that sends bytes for as long as anybody listens, and never a line's end.
    Server server(1);
    const Server::Serve drip = [](Stream& stream, const std::string&) -> Task<> {
        while (co_await stream.write("x") && co_await sleep_for(milliseconds{1})) {
        }
    };
    const Endpoint at = *server.listen({.name = "test", .endpoint = {IpAddress::v4(127, 0, 0, 1), 0}}, nullptr, drip);
    server.start();
    const auto body = [](Reactor& on, Endpoint to) -> Task<bool> {
        Result<Stream> stream = co_await connect(on, to, patience);
        LinePeer peer(*stream, ClientTls{}, LineDecoder{}, "id", {});
        peer.deadline(milliseconds{60});
        const std::optional<LineDecoder::Event> event = co_await peer.next(LineDecoder::Mode::lines);
        const bool timed_out = event && std::holds_alternative<TimedOut>(*event);
        const bool ended = !co_await peer.next(LineDecoder::Mode::lines);
        co_return timed_out&& ended;
    };
    EXPECT_TRUE(run_on(reactor, body(reactor, at)));
}

TEST_F(TlsClient, a_client_peer_reads_what_was_said_before_the_server_closed) {
    // Says why, and closes with our bytes unread: the kernel resets the connection under our writing.
    Server server(1);
    const Server::Serve refuse = [](Stream& stream, const std::string&) -> Task<> {
        (void)co_await stream.write("no more\r\n");
        stream.cut();
    };
    const Endpoint at = *server.listen({.name = "test", .endpoint = {IpAddress::v4(127, 0, 0, 1), 0}}, nullptr, refuse);
    server.start();
    const auto body = [](Reactor& on, Endpoint to) -> Task<std::string> {
        Result<Stream> stream = co_await connect(on, to, patience);
        LinePeer peer(*stream, ClientTls{}, LineDecoder{}, "id", {});
        const std::string piece(100'000, 'x');
        do {
            peer.send(piece);
        } while (co_await peer.drain());
        const std::string said = co_await next_line(peer);
        co_return said + " " + co_await next_line(peer);
    };
    EXPECT_TRUE(run_on(reactor, body(reactor, at)).starts_with("no more end: ")) << run_on(reactor, body(reactor, at));
}

}  // namespace
}  // namespace packetboat::net
