#include "relay/routing.h"

#include <utility>

#include "base/text.h"
#include "directory/address.h"
#include "relay/host_addresses.h"

namespace packetboat::relay {

namespace {

Unexpected refuse(const ConfiguredRoute& route, std::string_view why) {
    const std::string name = route.domains.empty() ? "a route" : "the route of " + escape_control(route.domains.front());
    return fail(ErrorCode::invalid, name + ": " + std::string(why));
}

// What is said does not fit together.
std::string_view contradiction(const ConfiguredRoute& route) {
    if (route.domains.empty()) return "no domain is given";
    if (route.host.empty() && route.mx) return "a host must be given whose MX are meant";
    if (route.host.empty() && route.protocol == smtp::ClientProtocol::lmtp) return "LMTP goes to a host of one's own, which must be given";
    if (route.host.empty() && !route.user.empty()) return "a login is for a host, which must be given";
    if (route.mx && address_literal(route.host)) return "an address has no MX";
    if (route.user.empty() && !route.password.empty()) return "there is a password, but no user";
    if (!route.user.empty() && route.level() == TlsLevel::none && !route.password_without_tls)
        return "the password would go without TLS; say so if that is meant";
    if (route.implicit_tls && route.level() == TlsLevel::none) return "TLS from the beginning, and no TLS, exclude each other";
    return {};
}

Result<std::string> host_name(const std::string& host) {
    if (const std::optional<IpAddress> address = address_literal(host)) return address->text();
    if (iequals(host, "localhost")) return lower(host);
    return directory::normalize_domain(host);
}

}  // namespace

RouteTable::RouteTable() : others_(std::make_shared<ConfiguredRoute>()) {}

Result<RouteTable> RouteTable::make(std::vector<ConfiguredRoute> routes) {
    RouteTable out;
    bool others_given = false;
    for (ConfiguredRoute& route : routes) {
        if (const std::string_view why = contradiction(route); !why.empty()) return refuse(route, why);
        if (!route.host.empty()) {
            Result<std::string> host = host_name(route.host);
            if (!host) return refuse(route, "\"" + escape_control(route.host) + "\" is no host: " + host.error().text);
            route.host = std::move(*host);
        }
        const auto shared = std::make_shared<const ConfiguredRoute>(route);
        for (const std::string& domain : route.domains) {
            bool fresh = false;
            if (domain == "*") {
                fresh = !std::exchange(others_given, true);
                out.others_ = shared;
            } else if (domain.starts_with('[')) {
                const std::optional<IpAddress> address = address_literal(domain);
                if (!address) return refuse(route, "\"" + escape_control(domain) + "\" is no address");
                fresh = out.exact_.emplace(address->literal(), shared).second;
            } else {
                const bool below = domain.starts_with('.');
                const Result<std::string> name = directory::normalize_domain(std::string_view(domain).substr(below ? 1 : 0));
                if (!name) return refuse(route, "\"" + escape_control(domain) + "\" is no domain: " + name.error().text);
                fresh = (below ? out.below_.emplace("." + *name, shared) : out.exact_.emplace(*name, shared)).second;
            }
            if (!fresh) return refuse(route, "\"" + escape_control(domain) + "\" has a route already");
        }
    }
    return out;
}

const std::shared_ptr<const ConfiguredRoute>& RouteTable::find(std::string_view domain) const {
    if (domain.starts_with('[')) {
        const std::optional<IpAddress> address = address_literal(domain);
        const auto literal = address ? exact_.find(address->literal()) : exact_.end();
        return literal != exact_.end() ? literal->second : others_;
    }
    if (const auto exact = exact_.find(domain); exact != exact_.end()) return exact->second;
    if (below_.empty()) return others_;
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
        if (const auto below = below_.find(domain.substr(dot)); below != below_.end()) return below->second;
    }
    return others_;
}

}  // namespace packetboat::relay
