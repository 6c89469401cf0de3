#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "net/connect.h"
#include "net/listener.h"
#include "net/run_on.h"
#include "net/stream_peer.h"
#include "net/testing/certificates.h"
#include "net/testing/line_server.h"
#include "net/tls_client.h"

// A client that trusts by TLSA records, or demands something else than its context does (RFC 7671, 7672), over real sockets.
namespace packetboat::net {
namespace {

using testing::Authority;
using testing::TemporaryFolder;
using testing::tlsa_of;

constexpr std::chrono::milliseconds patience{30'000};
constexpr long day_s = 24 * 3600;

struct Seen {
    Result<> handshake;
    ServerCertificate certificate;
};

Task<Seen> look(Reactor& reactor, Endpoint remote, const TlsClientContext& context, std::string name, TlsDemand demand) {
    Result<Stream> stream = co_await connect(reactor, remote, patience);
    if (!stream) co_return Seen{.handshake = fail(stream.error())};
    stream->deadline(patience);
    Seen seen;
    seen.handshake = co_await stream->start_tls_client(context, name, std::move(demand));
    seen.certificate = *stream->server_certificate();
    // TLS 1.3's client is done before the server has heard of it: only bytes prove that both are.
    std::array<char, 8> into;
    if (seen.handshake) {
        if (const Result<std::size_t> got = co_await stream->read_some(into); !got) seen.handshake = fail(got.error());
    }
    co_await stream->close();
    co_return seen;
}

struct Dane : ::testing::Test {
    Dane() {
        reactor.start();
        context = std::move(*TlsClientContext::make({.ca_file = authority.certificate()}));
    }

    Seen see(const TlsFiles& files, const std::string& name, TlsDemand demand) {
        const auto tls = std::move(*TlsContext::load(files));
        Server server(1);
        const Server::Serve serve = [](Stream& stream, const std::string&) -> Task<> { (void)co_await stream.write("hi"); };
        const Endpoint anywhere{IpAddress::v4(127, 0, 0, 1), 0};
        const Endpoint at = *server.listen({.name = "test", .endpoint = anywhere, .implicit_tls = true}, tls.get(), serve);
        server.start();
        return run_on(reactor, look(reactor, at, *context, name, std::move(demand)));
    }
    Seen see_dane(const TlsFiles& files, const std::string& name, std::vector<TlsaRecord> tlsa, std::vector<std::string> other_names = {}) {
        return see(files, name, {.trust = TlsTrust::dane, .other_names = std::move(other_names), .tlsa = std::move(tlsa)});
    }
    // The chain as RFC 7672 §3.1.2 wants it: with the trust anchor in it.
    TlsFiles with_chain(const TlsFiles& files, const Authority& issuer) {
        std::ofstream out(files.certificate, std::ios::app);
        out << std::ifstream(issuer.certificate()).rdbuf();
        return files;
    }

    TemporaryFolder folder;
    Authority authority{folder.path(), "Test Authority"};
    TemporaryFolder elsewhere;
    Authority stranger{elsewhere.path(), "Stranger"};
    Reactor reactor{0};
    std::unique_ptr<TlsClientContext> context;
};

void expect_trusted(const Seen& seen, const std::string& tlsa) {
    ASSERT_TRUE(seen.handshake) << seen.handshake.error().text;
    EXPECT_TRUE(seen.certificate.trusted);
    EXPECT_EQ(seen.certificate.problem, "");
    EXPECT_EQ(seen.certificate.tlsa, tlsa);
    EXPECT_FALSE(seen.certificate.tlsa_unusable);
}

void expect_denied(const Seen& seen, const std::string& problem) {
    ASSERT_FALSE(seen.handshake);
    EXPECT_EQ(seen.handshake.error().code, ErrorCode::denied) << seen.handshake.error().text;
    EXPECT_EQ(seen.certificate.problem, problem);
    EXPECT_FALSE(seen.certificate.trusted);
}

// RFC 7672 §3.1.1: the certificate's names, dates and issuer count for nothing.
TEST_F(Dane, an_end_entity_record_is_enough) {
    const TlsFiles files = stranger.issue({.names = {"other.example.test"}});
    const struct {
        std::uint8_t selector, matching;
        const char* text;
    } cases[] = {
        {0, 0, "DANE-EE(3) Cert(0) Full(0)"}, {0, 1, "DANE-EE(3) Cert(0) SHA2-256(1)"}, {0, 2, "DANE-EE(3) Cert(0) SHA2-512(2)"},
        {1, 0, "DANE-EE(3) SPKI(1) Full(0)"}, {1, 1, "DANE-EE(3) SPKI(1) SHA2-256(1)"}, {1, 2, "DANE-EE(3) SPKI(1) SHA2-512(2)"},
    };
    for (const auto& c : cases)
        expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(files.certificate, 3, c.selector, c.matching)}), c.text);
}

TEST_F(Dane, an_end_entity_may_have_expired) {
    const TlsFiles files = stranger.issue({.names = {"mail.example.test"}, .valid_from_s = -9 * day_s, .valid_until_s = -2 * day_s});
    expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(files.certificate, 3, 1, 1)}), "DANE-EE(3) SPKI(1) SHA2-256(1)");
}

// Also one that our authorities would vouch for: DANE is in their place, not beside them.
TEST_F(Dane, a_certificate_without_its_record_is_refused) {
    const TlsFiles files = authority.issue({.names = {"mail.example.test"}});
    const TlsFiles other = authority.issue({.names = {"mail.example.test"}});
    expect_denied(see_dane(files, "mail.example.test", {tlsa_of(other.certificate, 3, 1, 1)}), "no TLSA record of its host is for it");
}

// A server that changes its key publishes both for a while (RFC 7671 §8.1).
TEST_F(Dane, one_of_several_records_is_enough) {
    const TlsFiles files = stranger.issue({.names = {"mail.example.test"}});
    const TlsFiles next = stranger.issue({.names = {"mail.example.test"}});
    expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(next.certificate, 3, 1, 1), tlsa_of(files.certificate, 3, 1, 1)}),
                   "DANE-EE(3) SPKI(1) SHA2-256(1)");
}

TEST_F(Dane, a_trust_anchor_of_the_chain_is_enough) {
    const TlsFiles files = with_chain(stranger.issue({.names = {"mail.example.test"}}), stranger);
    expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(stranger.certificate(), 2, 0, 1)}), "DANE-TA(2) Cert(0) SHA2-256(1)");
    expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(stranger.certificate(), 2, 1, 2)}), "DANE-TA(2) SPKI(1) SHA2-512(2)");
}

// RFC 7672 §3.1.2: a digest of what the server does not send cannot be compared with anything; the thing itself can.
TEST_F(Dane, a_trust_anchor_outside_the_chain_is_needed_in_full) {
    const TlsFiles files = stranger.issue({.names = {"mail.example.test"}});
    EXPECT_FALSE(see_dane(files, "mail.example.test", {tlsa_of(stranger.certificate(), 2, 0, 1)}).handshake);
    expect_trusted(see_dane(files, "mail.example.test", {tlsa_of(stranger.certificate(), 2, 0, 0)}), "DANE-TA(2) Cert(0) Full(0)");
}

// RFC 7672 §3.2.2: the base domain, the next hop's domain and what CNAMEs led to.
TEST_F(Dane, a_trust_anchor_vouches_for_its_names_only) {
    const std::vector<TlsaRecord> tlsa = {tlsa_of(stranger.certificate(), 2, 0, 1)};
    const TlsFiles files = with_chain(stranger.issue({.names = {"example.test"}}), stranger);
    expect_denied(see_dane(files, "mail.example.test", tlsa), "it is for another host: example.test");
    expect_denied(see_dane(files, "mail.example.test", tlsa, {"mx.example.test"}), "it is for another host: example.test");
    expect_trusted(see_dane(files, "mail.example.test", tlsa, {"mx.example.test", "Example.test."}), "DANE-TA(2) Cert(0) SHA2-256(1)");
}

TEST_F(Dane, a_trust_anchors_certificate_may_not_have_expired) {
    const TlsFiles files =
        with_chain(stranger.issue({.names = {"mail.example.test"}, .valid_from_s = -9 * day_s, .valid_until_s = -2 * day_s}), stranger);
    const Seen seen = see_dane(files, "mail.example.test", {tlsa_of(stranger.certificate(), 2, 0, 1)});
    ASSERT_FALSE(seen.handshake);
    EXPECT_TRUE(seen.certificate.problem.starts_with("it expired on ")) << seen.certificate.problem;
}

TEST_F(Dane, unusable_records_are_left_out) {
    const TlsFiles files = stranger.issue({.names = {"mail.example.test"}});
    const TlsaRecord right = tlsa_of(files.certificate, 3, 1, 1);
    std::vector<TlsaRecord> unusable = {
        tlsa_of(files.certificate, 1, 1, 1),        // PKIX-EE: RFC 7672 §3.1.3
        tlsa_of(authority.certificate(), 0, 0, 1),  // PKIX-TA
        {4, 1, 1, right.data},                      // no such usage
        {3, 2, 1, right.data},                      // no such selector
        {3, 1, 3, right.data},                      // no such digest
        {3, 1, 1, right.data.substr(1)},            // too short a digest
        {3, 1, 2, right.data},
        {3, 1, 1, right.data + "x"},
        {3, 0, 0, "no certificate"},
        {3, 1, 0, "no key"},
        {3, 1, 1, ""},
    };
    // RFC 7672 §2.2: with nothing usable the connection is encrypted, and whoever asked for it hears that it is no more than that.
    for (const TlsaRecord& record : unusable) {
        const Seen seen = see_dane(files, "mail.example.test", {record});
        ASSERT_TRUE(seen.handshake) << int{record.usage} << int{record.selector} << int{record.matching} << seen.handshake.error().text;
        EXPECT_TRUE(seen.certificate.tlsa_unusable);
        EXPECT_FALSE(seen.certificate.trusted);
        EXPECT_EQ(seen.certificate.problem, "its issuer CN=Stranger is not known here");
    }
    EXPECT_TRUE(see_dane(files, "mail.example.test", {}).certificate.tlsa_unusable);
    unusable.push_back(right);
    expect_trusted(see_dane(files, "mail.example.test", unusable), "DANE-EE(3) SPKI(1) SHA2-256(1)");
}

TEST_F(Dane, an_address_has_no_base_domain) {
    const TlsFiles files = stranger.issue({.names = {"127.0.0.1"}});
    EXPECT_EQ(see_dane(files, "127.0.0.1", {tlsa_of(files.certificate, 3, 1, 1)}).handshake.error().code, ErrorCode::invalid);
}

// One context, and every connection demands what its host needs.
TEST_F(Dane, a_connection_demands_what_its_context_does_not) {
    const TlsFiles known = authority.issue({.names = {"mail.example.test"}});
    const TlsFiles unknown = stranger.issue({.names = {"mail.example.test"}});
    for (const TlsTrust usual : {TlsTrust::verify, TlsTrust::opportunistic}) {
        context = std::move(*TlsClientContext::make({.trust = usual, .ca_file = authority.certificate()}));
        EXPECT_EQ(see(unknown, "mail.example.test", {}).handshake.has_value(), usual == TlsTrust::opportunistic);
        expect_denied(see(unknown, "mail.example.test", {.trust = TlsTrust::verify}), "its issuer CN=Stranger is not known here");
        const Seen looked = see(unknown, "mail.example.test", {.trust = TlsTrust::opportunistic});
        ASSERT_TRUE(looked.handshake);
        EXPECT_EQ(looked.certificate.problem, "its issuer CN=Stranger is not known here");
        expect_trusted(see(known, "mail.example.test", {.trust = TlsTrust::verify}), "");
        expect_trusted(see(known, "mail.example.test", {.trust = TlsTrust::opportunistic}), "");
        expect_trusted(see_dane(unknown, "mail.example.test", {tlsa_of(unknown.certificate, 3, 1, 1)}), "DANE-EE(3) SPKI(1) SHA2-256(1)");
    }
}

TEST_F(Dane, an_authoritys_certificate_may_be_for_one_of_several_names) {
    const TlsFiles files = authority.issue({.names = {"example.test"}});
    const TlsDemand demand{.trust = TlsTrust::verify, .other_names = {"example.test"}};
    expect_denied(see(files, "mail.example.test", {.trust = TlsTrust::verify}), "it is for another host: example.test");
    expect_trusted(see(files, "mail.example.test", demand), "");
    EXPECT_EQ(see(files, "mail.example.test", {.other_names = {"a b"}}).handshake.error().code, ErrorCode::invalid);
    EXPECT_EQ(see(files, "mail.example.test", {.other_names = {"192.0.2.1"}}).handshake.error().code, ErrorCode::invalid);
    EXPECT_EQ(see(files, "mail.example.test", {.other_names = std::vector<std::string>(17, "a.test")}).handshake.error().code,
              ErrorCode::invalid);
}

TEST_F(Dane, a_client_peer_takes_its_demand_along) {
    testing::LineServer world;
    using LinePeer = StreamPeer<testing::LineDecoder>;
    const auto body = [](Reactor& on, Endpoint to, const TlsClientContext& tls, TlsDemand demand) -> Task<std::string> {
        Result<Stream> stream = co_await connect(on, to, patience);
        LinePeer peer(*stream, ClientTls{&tls, "mail.example.test", std::move(demand)}, testing::LineDecoder{}, "id", {});
        (void)co_await peer.next(testing::LineDecoder::Mode::lines);
        peer.send("STARTTLS\r\n");
        (void)co_await peer.next(testing::LineDecoder::Mode::lines);
        if (!co_await peer.start_tls()) co_return "failed: " + peer.failure()->text;
        co_return stream->server_certificate()->tlsa;
    };
    const TlsDemand demand{.trust = TlsTrust::dane, .tlsa = {tlsa_of(world.files.certificate, 3, 1, 1)}};
    EXPECT_EQ(run_on(reactor, body(reactor, world.plain, *context, demand)), "DANE-EE(3) SPKI(1) SHA2-256(1)");
    EXPECT_EQ(run_on(reactor, body(reactor, world.plain, *context, {})),
              "failed: the certificate of mail.example.test is not to be trusted: it is self-signed");
}

}  // namespace
}  // namespace packetboat::net
