#pragma once

#include <cstdint>
#include <optional>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/ip.h"

namespace packetboat::net {

// Whether other sockets of this process listen at the same endpoint.
enum class Sharing : std::uint8_t { alone, reuse_port };

// A non-blocking, listening TCP socket; IPv6 sockets take no IPv4. What it accepts has TCP_NODELAY and keep-alive.
// Errors: denied (a port below 1024), unavailable (in use, no such address); the endpoint is in the text.
Result<Descriptor> listen_at(const Endpoint& endpoint, Sharing sharing);

Endpoint local_endpoint(int socket);

// A socket, non-blocking, whose connection to `remote` is on its way; from `source` if one is given. It has TCP_NODELAY and keep-alive.
// When it can be written to, take_connect_error() says how it went.
// Errors: what is known at once (see there); also unavailable (`source` is no address of this machine, no descriptors left).
Result<Descriptor> begin_connect(const Endpoint& remote, const std::optional<IpAddress>& source);
// Errors: closed (refused), timed_out (the network's own patience is over), unavailable (no way there); the endpoint is in the text.
Result<> take_connect_error(int socket, const Endpoint& remote);

struct Accepted {
    Descriptor descriptor;
    Endpoint remote;
};
// The next connection, non-blocking. Without a descriptor: none, and errno says why.
Accepted accept_one(int socket);

}  // namespace packetboat::net
