#include "relay/transport.h"

#include <expected>
#include <utility>

#include "base/id.h"
#include "relay/connector.h"
#include "relay/failure.h"
#include "relay/route.h"
#include "relay/transport_state.h"

namespace packetboat::relay {

using delivery::Routing;

namespace {

std::uint16_t port_of(const ConfiguredRoute& through, const TransportOptions& options) {
    if (through.port != 0) return through.port;
    if (through.protocol == smtp::ClientProtocol::lmtp) return options.lmtp_port;
    return through.implicit_tls ? options.submissions_port : options.port;
}

Routing routing(RoutePlan plan, std::chrono::seconds valid) {
    return {.route = std::make_shared<MailRoute>(std::move(plan)), .valid = valid};
}

}  // namespace

SmtpTransport::SmtpTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
SmtpTransport::~SmtpTransport() = default;

Result<std::unique_ptr<SmtpTransport>> SmtpTransport::make(net::Reactor& reactor, dns::Resolver& resolver, HostSecurity& security,
                                                           RouteTable routes, TransportOptions options) {
    if (!options.random) options.random = random_u64;
    auto tls = net::TlsClientContext::make({.trust = net::TlsTrust::verify, .ca_file = options.ca_file});
    if (!tls) return fail(std::move(tls).error());
    std::unique_ptr<State> state(new State{.reactor = reactor,
                                           .resolver = resolver,
                                           .security = security,
                                           .routes = std::move(routes),
                                           .options = std::move(options),
                                           .tls = std::move(*tls),
                                           .open = {}});
    return std::unique_ptr<SmtpTransport>(new SmtpTransport(std::move(state)));
}

void SmtpTransport::set_routes(RouteTable routes) { state_->routes = std::move(routes); }
void SmtpTransport::stop() { state_->open.stop(); }
void SmtpTransport::cut() { state_->open.cut(); }
std::size_t SmtpTransport::connections() const { return state_->open.size(); }

Task<Routing> SmtpTransport::route(const std::string& domain) {
    if (state_->open.stopping()) co_return Routing{.route = std::unexpected(stopping())};
    RoutePlan plan{.domain = domain, .through = state_->routes.find(domain)};
    const ConfiguredRoute& through = *plan.through;
    plan.port = port_of(through, state_->options);
    const bool configured = !through.host.empty();
    plan.next_hop = configured ? through.host : domain;
    if (configured && !through.mx) {
        plan.hosts = {{.name = through.host}};
        plan.names_secure = true;
        co_return routing(std::move(plan), answer_valid_max);
    }
    if (!configured && domain.starts_with('[')) {
        // RFC 5321 §5.1 has no MX for an address literal.
        const std::optional<IpAddress> address = address_literal(domain);
        if (!address) co_return Routing{.route = std::unexpected(permanent("5.1.2", domain + " is no address that mail can go to"))};
        plan.hosts = {{.name = address->text()}};
        plan.names_secure = true;
        co_return routing(std::move(plan), answer_valid_max);
    }
    MailExchange found = co_await find_mail_hosts(state_->resolver, plan.next_hop, state_->options.own_names);
    if (!found.hosts) co_return Routing{.route = std::unexpected(std::move(found.hosts).error()), .valid = found.valid};
    plan.hosts = std::move(found.hosts->hosts);
    plan.by_mx = true;
    plan.implicit = found.hosts->implicit;
    plan.names_secure = found.hosts->secure;
    plan.policy = co_await state_->security.policy_of(plan.next_hop);
    co_return routing(std::move(plan), found.valid);
}

Task<delivery::Connecting> SmtpTransport::connect(const delivery::Route& route, const delivery::Demands& demands) {
    const auto& mail_route = dynamic_cast<const MailRoute&>(route);
    Connector connector(*state_, mail_route.plan(), demands);
    co_return co_await connector.run();
}

}  // namespace packetboat::relay
