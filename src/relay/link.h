#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "net/reactor.h"
#include "net/stream.h"
#include "net/stream_peer.h"
#include "smtp/client/client.h"
#include "smtp/wire/reply_decoder.h"

namespace packetboat::relay {

class Link;

// All connections there are, so that they can be cut. On the reactor's thread.
class OpenLinks {
public:
    bool stopping() const { return stopping_; }
    std::size_t size() const { return links_.size(); }
    // None is to be begun any more, and those there are are cut, but for those that have said a message to its end: they may hear what
    // became of it, so that it is not sent twice.
    void stop();
    // Those too.
    void cut();

private:
    friend class Link;
    std::unordered_set<Link*> links_;
    bool stopping_ = false;
};

// A socket, its peer and its client, from before the connection is there until it is closed.
class Link {
public:
    struct Parts {
        net::Reactor& reactor;
        OpenLinks& open;  // outlives the link
        Endpoint remote;
        std::optional<IpAddress> source;
        net::ClientTls tls;
        smtp::ClientOptions client;
    };
    // The connection is on its way; await connected(). Errors: as net::connect, what is known at once.
    static Result<std::unique_ptr<Link>> begin(Parts parts);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // Errors: as net::connect.
    Task<Result<>> connected(std::chrono::milliseconds timeout);
    // TLS before the first word. Errors: as net::Stream::start_tls_client.
    Task<Result<>> encrypt(std::chrono::milliseconds timeout);
    smtp::Client& client() { return client_; }
    const smtp::Client& client() const { return client_; }
    bool tls() const { return stream_.tls(); }
    // The certificate is what it was to be.
    bool trusted() const;
    // Why the certificate is not to be trusted; empty: it is, or there is none.
    std::string certificate_problem() const;
    bool stopping() const { return open_.stopping(); }
    void cut() { stream_.cut(); }
    const std::string& session_id() const { return peer_.info().session_id; }
    // Says goodbye where somebody still listens.
    Task<> close();

private:
    Link(Parts parts, Descriptor socket);

    OpenLinks& open_;
    net::Stream stream_;
    net::StreamPeer<smtp::wire::ReplyDecoder> peer_;
    smtp::Client client_;
};

}  // namespace packetboat::relay
