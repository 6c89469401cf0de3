#include "net/connect.h"

#include "net/reactor.h"
#include "net/socket.h"

namespace packetboat::net {

Task<Result<Stream>> connect(Reactor& reactor, Endpoint remote, std::chrono::milliseconds timeout, std::optional<IpAddress> source) {
    Result<Descriptor> socket = begin_connect(remote, source);
    if (!socket) co_return fail(std::move(socket).error());
    const Endpoint local = local_endpoint(socket->get());
    Stream stream(reactor, socket->release(), remote, local);
    stream.deadline(timeout);
    Result<> connected = co_await stream.connected();
    if (!connected) co_return fail(std::move(connected).error());
    stream.deadline(std::nullopt);
    co_return std::move(stream);
}

Task<Result<Stream>> connect_any(Reactor& reactor, std::span<const Endpoint> remotes, std::chrono::milliseconds timeout,
                                 std::optional<IpAddress> source) {
    Error last{ErrorCode::not_found, "there is no address to connect to"};
    for (const Endpoint& remote : remotes) {
        Result<Stream> stream = co_await connect(reactor, remote, timeout, source);
        if (stream) co_return stream;
        last = std::move(stream).error();
    }
    co_return fail(std::move(last));
}

}  // namespace packetboat::net
