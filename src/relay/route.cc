#include "relay/route.h"

#include <algorithm>
#include <utility>

namespace packetboat::relay {

namespace {

constexpr std::size_t shown_hosts_max = 4;

std::string host_and_port(const RoutePlan& plan) {
    const std::string& host = plan.hosts.front().name;
    const std::optional<IpAddress> address = IpAddress::parse(host);
    return address ? Endpoint{*address, plan.port}.text() : host + ":" + std::to_string(plan.port);
}

bool is_literal(const RoutePlan& plan) { return plan.domain.starts_with('[') && plan.through->host.empty(); }

}  // namespace

std::string site_of(const RoutePlan& plan) {
    if (!plan.by_mx) return host_and_port(plan);
    std::vector<std::string_view> names;
    for (const MailHost& host : plan.hosts) names.push_back(host.name);
    std::ranges::sort(names);
    std::string out;
    for (const std::string_view name : names) (out += out.empty() ? "" : ",") += name;
    return out;
}

std::string text_of(const RoutePlan& plan) {
    if (!plan.by_mx) {
        if (is_literal(plan)) return plan.domain;
        const bool lmtp = plan.through->protocol == smtp::ClientProtocol::lmtp;
        return (lmtp ? "LMTP server " : "smart host ") + host_and_port(plan);
    }
    std::string out;
    for (std::size_t i = 0; i < plan.hosts.size() && i < shown_hosts_max; ++i) (out += i == 0 ? "" : ", ") += plan.hosts[i].name;
    if (plan.hosts.size() > shown_hosts_max) out += " and " + std::to_string(plan.hosts.size() - shown_hosts_max) + " more";
    return out + (plan.implicit ? " (no MX)" : " (MX)");
}

MailRoute::MailRoute(RoutePlan plan) : Route(site_of(plan), text_of(plan)), plan_(std::move(plan)) {}

bool MailRoute::shares_connections_with(const Route& other) const {
    const auto* route = dynamic_cast<const MailRoute*>(&other);
    if (!route) return false;
    const RoutePlan& that = route->plan_;
    if (plan_.hosts != that.hosts || plan_.port != that.port || plan_.policy != that.policy) return false;
    if (plan_.by_mx != that.by_mx || plan_.names_secure != that.names_secure) return false;
    // The same but for the domains it was written for.
    ConfiguredRoute mine = *plan_.through;
    ConfiguredRoute its = *that.through;
    mine.domains.clear();
    its.domains.clear();
    return mine == its;
}

}  // namespace packetboat::relay
