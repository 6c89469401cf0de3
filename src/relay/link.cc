#include "relay/link.h"

#include <utility>

#include "base/id.h"
#include "net/socket.h"

namespace packetboat::relay {

namespace {

using Peer = net::StreamPeer<smtp::wire::ReplyDecoder>;

// A message may be large, and the line slow; what may take too long is a stage (smtp::ClientTimeouts).
constexpr Peer::Options peer_options{.session_timeout = std::chrono::hours(24)};

}  // namespace

void OpenLinks::stop() {
    stopping_ = true;
    for (Link* link : links_) {
        if (!link->client().awaits_outcome()) link->cut();
    }
}

void OpenLinks::cut() {
    for (Link* link : links_) link->cut();
}

Link::Link(Parts parts, Descriptor socket)
    : open_(parts.open),
      stream_(parts.reactor, socket.get(), parts.remote, net::local_endpoint(socket.get())),
      peer_(stream_, std::move(parts.tls), smtp::wire::ReplyDecoder{}, new_session_id(), peer_options),
      client_(peer_, std::move(parts.client)) {
    socket.release();  // it is the stream's
    open_.links_.insert(this);
}

Link::~Link() { open_.links_.erase(this); }

Result<std::unique_ptr<Link>> Link::begin(Parts parts) {
    Result<Descriptor> socket = net::begin_connect(parts.remote, parts.source);
    if (!socket) return fail(std::move(socket).error());
    return std::unique_ptr<Link>(new Link(std::move(parts), std::move(*socket)));
}

Task<Result<>> Link::connected(std::chrono::milliseconds timeout) {
    stream_.deadline(timeout);
    Result<> done = co_await stream_.connected();
    if (done) stream_.deadline(std::nullopt);
    co_return done;
}

Task<Result<>> Link::encrypt(std::chrono::milliseconds timeout) {
    peer_.deadline(timeout);
    if (co_await peer_.start_tls()) co_return Result<>{};
    const Error* why = peer_.failure();
    co_return fail(why ? *why : Error{ErrorCode::closed, "the TLS handshake failed"});
}

std::string Link::certificate_problem() const {
    const net::ServerCertificate* shown = stream_.server_certificate();
    return shown ? shown->problem : std::string();
}

bool Link::trusted() const {
    const net::ServerCertificate* shown = stream_.server_certificate();
    return tls() && shown && shown->trusted;
}

Task<> Link::close() {
    co_await client_.quit();
    co_await stream_.close();
}

}  // namespace packetboat::relay
