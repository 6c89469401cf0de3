#include <gtest/gtest.h>

#include "base/executor.h"
#include "net/connect.h"
#include "net/listener.h"
#include "net/run_on.h"
#include "net/stream_peer.h"
#include "net/testing/line_server.h"
#include "smtp/client/client.h"
#include "smtp/session/session.h"
#include "smtp/session/testing/world.h"

// Our client and our server, with sockets and TLS between them.
namespace packetboat::smtp {
namespace {

using std::chrono::milliseconds;
using testing::World;
constexpr milliseconds patience{30'000};

// The session's services over the memory store, behind a listener on loopback.
struct Loopback {
    explicit Loopback(const std::vector<packetboat::testing::Setting>& settings) : world(settings), server(1) {
        run_to_end(world.build());
        const net::TlsFiles files{folder.path() / "cert.pem", folder.path() / "key.pem"};
        EXPECT_TRUE(net::make_self_signed(files, "mail.example.test", {}));
        tls = std::move(*net::TlsContext::load(files));
        client_tls = std::move(*net::TlsClientContext::make({.ca_file = files.certificate}));
        const net::Server::Serve serve = [this](net::Stream& stream, const std::string& id) -> Task<> {
            net::StreamPeer<wire::Decoder> peer(stream, tls.get(), make_decoder(world.options), id, {});
            Session session(peer, world.services(), world.options);
            co_await session.run();
            co_await peer.flush();
        };
        at = *server.listen({.name = "smtp", .endpoint = {IpAddress::v4(127, 0, 0, 1), 0}}, nullptr, serve);
        server.start();
        reactor.start();
    }
    ~Loopback() { server.stop(milliseconds{1'000}); }

    net::testing::TemporaryFolder folder;
    World world;
    std::unique_ptr<net::TlsContext> tls;
    std::unique_ptr<net::TlsClientContext> client_tls;
    net::Server server;
    net::Reactor reactor{0};
    Endpoint at;
};

std::string failure(const ClientResult<>& result) { return result ? "" : result.error().error.text; }

// Greets, starts TLS and logs in where that is offered, and sends the message twice.
Task<std::vector<std::string>> talk(Loopback& loopback, ClientOptions options, Outgoing message, std::string_view text) {
    std::vector<std::string> out;
    Result<net::Stream> stream = co_await net::connect(loopback.reactor, loopback.at, patience);
    if (!stream) co_return std::vector<std::string>{stream.error().text};
    net::StreamPeer<wire::ReplyDecoder> peer(*stream, net::ClientTls{loopback.client_tls.get(), "mail.example.test"}, {}, "client", {});
    Client client(peer, options);
    if (ClientResult<> done = co_await client.greeting(); !done) out.push_back(failure(done));
    if (ClientResult<> done = co_await client.hello(); !done) out.push_back(failure(done));
    if (client.capabilities().starttls) {
        if (ClientResult<> done = co_await client.start_tls(); !done) out.push_back(failure(done));
    }
    if (!client.capabilities().auth.empty()) {
        const LoginCredentials alice{
            .user = "alice@example.test", .password = std::string(World::password), .authorize_as = {}, .mechanism = {}};
        if (ClientResult<> done = co_await client.login(alice); !done) out.push_back(failure(done));
    }
    for (int i = 0; i < 2; ++i) {
        TextBody body(text);
        for (const RecipientResult& result : co_await client.send(message, body))
            out.push_back(result ? std::to_string(result->code) : result.error().error.text);
    }
    co_await client.quit();
    co_await stream->close();
    co_return out;
}

std::string long_text() {
    std::string text = "Subject: dots\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) text += i % 3 == 0 ? ".dot\r\n" : i % 3 == 1 ? ".\r\n" : "line " + std::to_string(i) + "\r\n";
    return text;
}

const Outgoing to_bob{.reverse_path = "alice@example.test",
                      .size_bytes = 1000,
                      .recipients = {{.address = "bob@example.test"}, {.address = "nobody@example.test"}}};

TEST(SmtpLoopback, a_message_by_submission_with_tls_and_a_login) {
    const std::string text = long_text();
    for (const bool chunking : {false, true}) {
        Loopback loopback({{"role", "submission"}, {"starttls", ""}});
        const std::vector<std::string> said =
            net::run_on(loopback.reactor,
                        talk(loopback, {.name = "client.example", .chunking = chunking, .scram = {.iterations_min = 1}}, to_bob, text));
        ASSERT_EQ(said.size(), 4U) << said.front();
        for (std::size_t i = 0; i < 4; i += 2) {
            EXPECT_EQ(said[i], "250");
            EXPECT_TRUE(said[i + 1].starts_with("RCPT was answered \"550 5.1.1")) << said[i + 1];
        }
        const std::vector<std::string> inbox = run_to_end(loopback.world.inbox("bob"));
        ASSERT_EQ(inbox.size(), 2U);
        for (const std::string& body : inbox) EXPECT_NE(body.find(text.substr(text.find("\r\n\r\n"))), std::string::npos);
    }
}

TEST(SmtpLoopback, a_message_by_lmtp) {
    Loopback loopback({{"role", "lmtp"}});
    Outgoing message = to_bob;
    message.recipients = {{.address = "bob@example.test"}, {.address = "alice@example.test"}};
    const std::vector<std::string> said =
        net::run_on(loopback.reactor,
                    talk(loopback, {.name = "client.example", .protocol = ClientProtocol::lmtp}, message, "Subject: x\r\n\r\nhi\r\n"));
    EXPECT_EQ(said, (std::vector<std::string>{"250", "250", "250", "250"}));
    EXPECT_EQ(run_to_end(loopback.world.inbox("alice")).size(), 2U);
}

}  // namespace
}  // namespace packetboat::smtp
