#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/worker_pool.h"
#include "delivery/transport.h"
#include "dns/resolver.h"
#include "net/reactor.h"
#include "relay/host_addresses.h"
#include "relay/mail_exchange.h"
#include "relay/routing.h"
#include "relay/security.h"

namespace packetboat::relay {

struct TransportOptions {
    std::string name;                    // what we call ourselves: a host name, or an address literal
    std::vector<std::string> own_names;  // MX hosts that are this server, in lower case (with `name`, if it is one)
    // Whether this server listens for mail there; none: nowhere. On the reactor's thread, and does not wait.
    std::function<bool(const Endpoint&)> is_own;
    std::uint16_t port = 25;               // of SMTP servers
    std::uint16_t lmtp_port = 24;          // of LMTP servers
    std::uint16_t submissions_port = 465;  // with TLS from the first byte
    AddressOrder order = AddressOrder::ipv6_first;
    std::filesystem::path ca_file;  // trusted instead of the system's certificates; empty: those

    std::chrono::milliseconds connect_timeout{30'000};  // of one attempt
    smtp::ClientTimeouts timeouts{.quit = std::chrono::milliseconds(5'000)};
    std::size_t addresses_tried_max = 6;           // by one connect(); RFC 5321 §5.1 wants two at least
    std::size_t addresses_tried_per_host_max = 3;  // so that the second host gets its turn
    std::size_t recipients_max = 100;              // of one transaction (RFC 5321 §4.5.3.1.8)
    std::size_t dialogue_max_bytes = 16 * 1024;    // of a connection; and of the attempts that failed before it, all together
    bool chunking = true;                          // BDAT, where it is offered
    WorkerPool* hashing = nullptr;                 // for SCRAM; null: on the reactor
    Random random;                                 // none: the system's
};

// From a domain to a host that takes its mail. Everything on the reactor's thread, where it is also destroyed, after its connections
// and when nobody awaits it any more.
class SmtpTransport final : public delivery::Transport {
public:
    // All outlive the transport. Errors: unavailable, invalid (the file of trusted certificates).
    static Result<std::unique_ptr<SmtpTransport>> make(net::Reactor& reactor, dns::Resolver& resolver, HostSecurity& security,
                                                       RouteTable routes, TransportOptions options);
    ~SmtpTransport() override;

    // For routes that are asked for from now on.
    void set_routes(RouteTable routes);

    Task<delivery::Routing> route(const std::string& domain) override;
    Task<delivery::Connecting> connect(const delivery::Route& route, const delivery::Demands& demands) override;

    // Cuts all connections, and those on their way: whoever awaits one gets temporary failures soon; a query of the DNS still takes as
    // long as it takes. From now on nothing is begun.
    // Connections that have said a message to its end, and wait for its answer, go on until cut().
    void stop();
    void cut();
    // There are now, those on their way included.
    std::size_t connections() const;

    struct State;

private:
    explicit SmtpTransport(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::relay
