#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "agent/server.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "net/reactor.h"
#include "net/stream_peer.h"
#include "net/tls_client.h"
#include "smtp/client/client.h"
#include "smtp/wire/reply_decoder.h"

namespace packetboat::agent {

// How something ended that was to be done with a server; the command's exit statuses are made of it.
enum class Outcome : std::uint8_t {
    done,
    partly_done,
    failed,
    usage,
    not_found,
    denied,
    unreachable,
    timed_out,
    over_limit,
    refused,
    deferred
};
std::string_view to_string(Outcome outcome);  // "accepted" of a recipient who is done, "refused" …

struct Trouble {
    Outcome outcome = Outcome::failed;
    std::string text;                              // for people
    std::optional<smtp::wire::ServerReply> reply;  // what the server said, if it was the server
    smtp::wire::EnhancedStatus status;             // its own, or ours
    bool in_doubt = false;                         // the message may have been accepted
};
Trouble trouble_of(const smtp::ClientError& error);
Outcome outcome_of(const Error& error);  // of what is no server's answer

// Connected with the server by TCP, and by TLS where uses_implicit_tls() says so. `tls` is null where it is not needed.
Task<Result<net::Stream>> connect_to(net::Reactor& reactor, WorkerPool& pool, const Server& server, const net::TlsClientContext* tls,
                                     std::chrono::milliseconds timeout);
// What to connect with: certificates are looked at unless the server is one where any will do.
Result<std::unique_ptr<net::TlsClientContext>> tls_context(const Server& server);

// A conversation with a submission server that has come to the point where messages are taken: greeted, encrypted, logged in.
// On one reactor; `pool` outlives it.
class SmtpConnection {
public:
    static Task<std::expected<std::unique_ptr<SmtpConnection>, Trouble>> open(net::Reactor& reactor, WorkerPool& pool, const Server& server,
                                                                              std::chrono::milliseconds timeout);

    smtp::Client& client() { return client_; }
    smtp::ClientPeer& peer() { return peer_; }
    // Sends what was said, within the peer's deadline. False: the server is gone.
    Task<bool> flush() { return peer_.flush(); }
    const std::string& tls_version() const { return peer_.info().tls_version; }  // empty: none
    std::string certificate_problem() const;  // why the certificate was not to be trusted, where any would do

    Task<> close();  // says goodbye
    Task<> drop();   // does not

private:
    SmtpConnection(net::Stream stream, std::unique_ptr<net::TlsClientContext> tls, const Server& server, WorkerPool& pool,
                   std::chrono::milliseconds timeout);
    Task<std::optional<Trouble>> begin(const Server& server);
    Task<std::optional<Trouble>> encrypt(const Server& server);

    net::Stream stream_;
    std::unique_ptr<net::TlsClientContext> tls_;
    net::StreamPeer<smtp::wire::ReplyDecoder> peer_;
    smtp::Client client_;
};

}  // namespace packetboat::agent
