#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/transport.h"
#include "relay/connection.h"
#include "relay/host_addresses.h"
#include "relay/route.h"
#include "relay/security.h"
#include "relay/transport_state.h"

// Internal to the room: one connect().
namespace packetboat::relay {

// What was said in vain, one host after the other. Bounded: of one attempt the end is kept, of all of them the beginning.
class FailedAttempts {
public:
    explicit FailedAttempts(std::size_t max_bytes) : max_bytes_(max_bytes) {}
    void add(std::string_view host, std::string_view why, std::string_view dialogue);
    const std::string& text() const { return text_; }

private:
    std::size_t max_bytes_;
    std::string text_;
    bool full_ = false;
};

class Connector {
public:
    // All outlive it.
    Connector(SmtpTransport::State& state, const RoutePlan& route, const delivery::Demands& demands);
    Task<delivery::Connecting> run();

private:
    // One host with one address.
    struct Target {
        const MailHost& host;
        const HostPlan& plan;
        IpAddress address;
    };
    struct Tried {
        std::unique_ptr<SmtpConnection> connection;
        delivery::Failure failure;      // without a connection
        bool host_over = false;         // its other addresses would say the same
        bool without_tls_next = false;  // the handshake failed, and TLS is not needed
    };
    enum class Go : std::uint8_t { next_host, end };

    Task<Go> try_host(const MailHost& host);
    Task<HostAddresses> addresses_of(const MailHost& host);
    Task<HostPlan> plan_for(const MailHost& host, const HostAddresses& found);
    Task<Tried> try_address(const Target& target, bool without_tls);
    // The conversation up to where messages are taken. Nothing: it has got there.
    Task<std::optional<Tried>> converse(Link& link, const Target& target, bool without_tls);
    Task<std::optional<Tried>> encrypt(Link& link, const Target& target);
    Result<std::unique_ptr<Link>> begin(const Target& target);
    std::optional<IpAddress> source_for(const IpAddress& remote);
    delivery::Failure unreachable(const std::string& host, const Error& error) const;
    Tried refused(const smtp::ClientError& error, const Target& target) const;
    void note(const Target& target, const delivery::Failure& failure, std::string_view dialogue);
    void failed(delivery::Failure failure);

    SmtpTransport::State& state_;
    const RoutePlan& route_;
    delivery::Demands demands_;
    FailedAttempts attempts_;
    std::unique_ptr<SmtpConnection> connection_;
    std::optional<delivery::Failure> failure_;  // what is told when nothing comes of it
    std::size_t tried_ = 0;                     // addresses
};

// Whether `later` tells more than `so_far` of why no host took a message: what may pass with time is told before what is for good, what a
// host has said before what we found; else the first, as the best host is asked first. Pure.
bool tells_more(const delivery::Failure& later, const delivery::Failure& so_far);

}  // namespace packetboat::relay
