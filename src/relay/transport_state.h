#pragma once

#include <cstddef>
#include <memory>

#include "net/tls_client.h"
#include "relay/link.h"
#include "relay/transport.h"

// Internal to the room.
namespace packetboat::relay {

struct SmtpTransport::State {
    net::Reactor& reactor;
    dns::Resolver& resolver;
    HostSecurity& security;
    RouteTable routes;
    TransportOptions options;
    std::unique_ptr<net::TlsClientContext> tls;
    OpenLinks open;
    std::size_t next_source = 0;
};

}  // namespace packetboat::relay
