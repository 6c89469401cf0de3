#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ip.h"
#include "net/listener.h"
#include "net/tls.h"
#include "smtp/client/testing/fake_server.h"

namespace packetboat::relay::testing {

// How a host behaves to one connection.
struct Script {
    smtp::testing::FakeServer smtp;
    std::size_t piece_bytes = std::numeric_limits<std::size_t>::max();    // its answers come in pieces of this size
    std::size_t close_at_byte = std::numeric_limits<std::size_t>::max();  // it closes when it has heard so many
    const net::TlsContext* tls = nullptr;                                 // for STARTTLS; null: it answers the handshake with rubbish
    bool implicit_tls = false;
    std::function<Task<>(net::Stream&)> instead;  // of all that
};

// Mail servers on loopback, all at one port, which the kernel has chosen: 127.0.0.1, 127.0.0.2 … are hosts of their own. On threads of
// its own.
class ScriptedServers {
public:
    ScriptedServers();
    ~ScriptedServers();

    // Of every connection to 127.0.0.`host`, or of the first, second … one; the last is for all that come after. Before start().
    void at(int host, std::vector<Script> scripts);
    void start();
    std::uint16_t port() const { return port_; }

    // What has become of each connection to the host that is over, or has got so far, in the order they began.
    std::vector<smtp::testing::FakeServer> seen(int host) const;
    std::vector<std::string> commands(int host) const;  // of all connections
    std::vector<std::string> messages(int host) const;
    std::vector<IpAddress> clients(int host) const;  // where connections came from

private:
    struct Host {
        std::vector<Script> scripts;
        std::vector<smtp::testing::FakeServer> seen;
        std::vector<IpAddress> clients;
    };
    Task<> serve(int host, net::Stream& stream);
    void keep(int host, std::size_t connection, const smtp::testing::FakeServer& server);

    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::map<int, Host> hosts_;
    std::unique_ptr<net::Server> server_;  // goes first
};

}  // namespace packetboat::relay::testing
