#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "delivery/transport.h"
#include "relay/mail_exchange.h"
#include "relay/routing.h"

namespace packetboat::relay {

// What SmtpTransport's routes are: the names of the hosts. Their addresses are looked up when it is their turn, so that a domain with ten
// hosts costs one query before the first connection, not twenty.
struct RoutePlan {
    std::string domain;
    std::vector<MailHost> hosts;  // as MailHosts has them
    bool by_mx = false;           // or: they were configured, or the domain is an address
    std::string next_hop;         // whose hosts these are: the domain, or what is configured in its place
    bool implicit = false;        // there is no MX: the domain is the host
    bool names_secure = false;    // as PlanQuestion::name_secure
    std::uint16_t port = 0;
    std::string policy;  // HostSecurity::policy_of
    std::shared_ptr<const ConfiguredRoute> through;
};

class MailRoute final : public delivery::Route {
public:
    explicit MailRoute(RoutePlan plan);

    const RoutePlan& plan() const { return plan_; }
    // Same hosts in the same order, same port, protocol, login and policies.
    bool shares_connections_with(const Route& other) const override;

private:
    RoutePlan plan_;
};

// The names of all hosts, sorted, whatever their preferences: ten thousand domains at one provider are one site, and so are two that
// have the same two hosts the other way round. (A domain that has a spare host of its own is a site of its own.) Of a configured host
// "host:port".
std::string site_of(const RoutePlan& plan);
std::string text_of(const RoutePlan& plan);

}  // namespace packetboat::relay
