#include "relay/connector.h"

#include <algorithm>
#include <expected>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "relay/failure.h"

namespace packetboat::relay {

using delivery::Connecting;
using delivery::Failure;

namespace {

// Of one attempt's dialogue: so that the last attempts are there too.
constexpr std::size_t attempt_max_bytes = 4096;

constexpr std::uint16_t never_takes_mail = 521;  // RFC 7504 §3

}  // namespace

bool tells_more(const Failure& later, const Failure& so_far) {
    const auto rank = [](const Failure& one) { return std::tuple(!one.permanent, !one.diagnostic.empty()); };
    return rank(later) > rank(so_far);
}

void FailedAttempts::add(std::string_view host, std::string_view why, std::string_view dialogue) {
    if (full_) return;
    std::string piece = "(" + std::string(host) + ")\n";
    if (dialogue.size() > attempt_max_bytes) {
        const std::size_t line = dialogue.find('\n', dialogue.size() - attempt_max_bytes);
        dialogue.remove_prefix(std::min(line, dialogue.size() - 1) + 1);
        piece += "(what was said before is left out)\n";
    }
    piece.append(dialogue).append("(").append(why.substr(0, attempt_max_bytes)).append(")\n");
    if (text_.size() + piece.size() > max_bytes_) {
        full_ = true;
        piece = "(further attempts are left out)\n";
    }
    text_ += piece;
}

Connector::Connector(SmtpTransport::State& state, const RoutePlan& route, const delivery::Demands& demands)
    : state_(state), route_(route), demands_(demands), attempts_(state.options.dialogue_max_bytes) {
    // RFC 8689 §5 overrides what recipients wish for. Our own password is ours to protect.
    if (!route.through->user.empty()) demands_.tls_optional = false;
}

Task<Connecting> Connector::run() {
    for (const MailHost& host : in_order_of_trying(route_.hosts, state_.options.random)) {
        if (state_.open.stopping()) break;
        if (co_await try_host(host) == Go::end) break;
    }
    if (connection_) co_return Connecting{.connection = std::move(connection_), .dialogue = attempts_.text()};
    if (state_.open.stopping()) failure_ = stopping();
    if (!failure_) failure_ = temporary("4.4.1", "no host of " + route_.domain + " could be tried");
    co_return Connecting{.connection = std::unexpected(std::move(*failure_)), .dialogue = attempts_.text()};
}

void Connector::failed(Failure failure) {
    if (!failure_ || tells_more(failure, *failure_)) failure_ = std::move(failure);
}

void Connector::note(const Target& target, const Failure& failure, std::string_view dialogue) {
    const std::string address = Endpoint{target.address, route_.port}.text();
    const std::string& name = target.host.name;
    attempts_.add(IpAddress::parse(name) ? address : name + " at " + address, failure.reason, dialogue);
}

Task<HostAddresses> Connector::addresses_of(const MailHost& host) {
    // A configured host and an address literal may be an address; an MX may not (mail_exchange.h).
    if (const std::optional<IpAddress> address = IpAddress::parse(host.name))
        co_return HostAddresses{.addresses = {*address}, .secure = true, .why = {}};
    co_return co_await find_addresses(state_.resolver, host.name, state_.options.order);
}

Task<HostPlan> Connector::plan_for(const MailHost& host, const HostAddresses& found) {
    PlanQuestion question{.domain = route_.next_hop,
                          .by_mx = route_.by_mx,
                          .host = host.name,
                          .canonical_host = found.canonical_name,
                          .port = route_.port,
                          .name_secure = route_.names_secure,
                          .addresses_secure = found.secure,
                          .demands = demands_,
                          .level = route_.through->level()};
    HostPlan plan = co_await state_.security.plan(std::move(question));
    // TLS is what is looked for in the first byte: there is nothing to offer it.
    if (route_.through->implicit_tls && !plan.skip) plan.tls = HostPlan::Tls::required;
    if (plan.certificate == HostPlan::Certificate::pkix && plan.names.empty()) plan.names = {host.name};
    co_return plan;
}

Task<Connector::Go> Connector::try_host(const MailHost& host) {
    const HostAddresses found = co_await addresses_of(host);
    if (state_.open.stopping()) co_return Go::end;
    if (found.addresses.empty()) {
        attempts_.add(host.name, found.why, {});
        failed(found.temporary ? temporary("4.4.3", found.why) : permanent("5.4.4", found.why));
        co_return Go::next_host;
    }
    const auto is_ours = [&](const IpAddress& address) {
        return state_.options.is_own && state_.options.is_own(Endpoint{address, route_.port});
    };
    if (std::ranges::any_of(found.addresses, is_ours)) {
        // RFC 5321 §5.1: we are this host; only better ones than it could take the mail, and they were tried.
        const std::string why = "mail for " + route_.domain + " loops back to us: " + host.name + " is this server";
        attempts_.add(host.name, why, {});
        failed(permanent("5.4.6", why));
        co_return Go::end;
    }
    const HostPlan plan = co_await plan_for(host, found);
    if (state_.open.stopping()) co_return Go::end;
    if (plan.skip) {
        Failure failure = temporary(plan.skip_status, plan.why);
        failure.permanent = plan.skip_status.starts_with('5');
        attempts_.add(host.name, plan.why, {});
        failed(std::move(failure));
        co_return Go::next_host;
    }
    const std::size_t count = std::min(found.addresses.size(), state_.options.addresses_tried_per_host_max);
    for (std::size_t i = 0; i < count; ++i) {
        if (tried_++ >= state_.options.addresses_tried_max) co_return Go::end;
        const Target target{.host = host, .plan = plan, .address = found.addresses[i]};
        Tried tried = co_await try_address(target, false);
        if (tried.without_tls_next && !state_.open.stopping()) tried = co_await try_address(target, true);
        if (tried.connection) {
            connection_ = std::move(tried.connection);
            co_return Go::end;
        }
        failed(std::move(tried.failure));
        if (state_.open.stopping()) co_return Go::end;
        if (tried.host_over) break;
    }
    co_return Go::next_host;
}

std::optional<IpAddress> Connector::source_for(const IpAddress& remote) {
    std::vector<IpAddress> fitting;
    for (const IpAddress& source : route_.through->sources) {
        if (source.is_v4() == remote.is_v4()) fitting.push_back(source);
    }
    if (fitting.empty()) return std::nullopt;
    return fitting[state_.next_source++ % fitting.size()];
}

Result<std::unique_ptr<Link>> Connector::begin(const Target& target) {
    const HostPlan& plan = target.plan;
    net::TlsDemand demand;
    demand.trust = plan.certificate == HostPlan::Certificate::tlsa   ? net::TlsTrust::dane
                   : plan.certificate == HostPlan::Certificate::pkix ? net::TlsTrust::verify
                                                                     : net::TlsTrust::opportunistic;
    if (plan.names.size() > 1) demand.other_names.assign(plan.names.begin() + 1, plan.names.end());
    demand.tlsa = plan.tlsa;
    const TransportOptions& options = state_.options;
    return Link::begin({.reactor = state_.reactor,
                        .open = state_.open,
                        .remote = {.address = target.address, .port = route_.port},
                        .source = source_for(target.address),
                        .tls = {.context = state_.tls.get(),
                                .server_name = plan.names.empty() ? target.host.name : plan.names.front(),
                                .demand = std::move(demand)},
                        .client = {.name = options.name,
                                   .protocol = route_.through->protocol,
                                   .chunking = options.chunking,
                                   .plain_text_auth_without_tls = route_.through->password_without_tls,
                                   .timeouts = options.timeouts,
                                   .dialogue_max_bytes = options.dialogue_max_bytes,
                                   .hashing = options.hashing}});
}

Failure Connector::unreachable(const std::string& host, const Error& error) const {
    if (state_.open.stopping()) return stopping();
    Failure out = temporary("4.4.1", host + " cannot be reached: " + error.text);
    out.remote = host;
    out.slow_down = true;
    return out;
}

Connector::Tried Connector::refused(const smtp::ClientError& error, const Target& target) const {
    Tried out{.connection = nullptr, .failure = failure_of(error, target.host.name)};
    if (state_.open.stopping() && !error.reply) out.failure = stopping();
    if (error.stage == smtp::Stage::greeting && error.reply) {
        // A host may be busy, or not know us yet, and say 554. 521 says what is so for good.
        if (error.reply->code == never_takes_mail) {
            out.host_over = true;
        } else if (out.failure.permanent) {
            out.failure.permanent = false;
            out.failure.status.replace(0, 1, "4");
            out.failure.slow_down = true;
        }
    }
    return out;
}

Task<Connector::Tried> Connector::try_address(const Target& target, bool without_tls) {
    Result<std::unique_ptr<Link>> link = begin(target);
    Result<> connected = link ? co_await (*link)->connected(state_.options.connect_timeout) : Result<>(fail(link.error()));
    if (!connected) {
        Tried out{.connection = nullptr, .failure = unreachable(target.host.name, connected.error())};
        note(target, out.failure, {});
        co_return out;
    }
    std::optional<Tried> ended = co_await converse(**link, target, without_tls);
    if (!ended) {
        const bool verified = (*link)->trusted() && target.plan.certificate != HostPlan::Certificate::any;
        log_info("relay.connected", (*link)->session_id(),
                 {{"host", target.host.name},
                  {"address", target.address.text()},
                  {"tls", (*link)->tls()},
                  {"verified", verified},
                  {"certificate_problem", (*link)->certificate_problem()}});
        Tried out{.connection = nullptr, .failure = {}};
        out.connection = std::make_unique<SmtpConnection>(SmtpConnection::Parts{.link = std::move(*link),
                                                                                .host = target.host.name,
                                                                                .protocol = route_.through->protocol,
                                                                                .verified = verified,
                                                                                .recipients_max = state_.options.recipients_max});
        co_return out;
    }
    const std::string dialogue = (*link)->client().dialogue();
    note(target, ended->failure, dialogue);
    co_await (*link)->close();
    co_return std::move(*ended);
}

Task<std::optional<Connector::Tried>> Connector::converse(Link& link, const Target& target, bool without_tls) {
    smtp::Client& client = link.client();
    const ConfiguredRoute& through = *route_.through;
    if (through.implicit_tls) {
        if (Result<> done = co_await link.encrypt(state_.options.timeouts.handshake); !done)
            co_return refused(smtp::our_own(smtp::Stage::starttls, {4, 7, 5}, done.error()), target);
    }
    smtp::ClientResult<> done = co_await client.greeting();
    if (done) done = co_await client.hello();
    if (!done) co_return refused(done.error(), target);
    if (!link.tls() && !without_tls && target.plan.tls != HostPlan::Tls::never) {
        if (std::optional<Tried> ended = co_await encrypt(link, target)) co_return ended;
    }
    if (!through.user.empty()) {
        done = co_await client.login({.user = through.user, .password = through.password});
        if (!done) {
            // That is ours to set right; no sender's message bounces for it.
            Tried out = refused(done.error(), target);
            if (out.failure.permanent) out.failure.status.replace(0, 1, "4");
            out.failure.permanent = false;
            out.failure.slow_down = true;
            out.host_over = true;
            co_return out;
        }
    }
    if (demands_.require_tls && !client.capabilities().require_tls) {
        // RFC 8689 §4.2.1
        Failure failure = permanent("5.7.30", target.host.name + " does not offer REQUIRETLS, which the message demands");
        failure.remote = target.host.name;
        co_return Tried{.connection = nullptr, .failure = std::move(failure), .host_over = true};
    }
    co_return std::nullopt;
}

Task<std::optional<Connector::Tried>> Connector::encrypt(Link& link, const Target& target) {
    smtp::Client& client = link.client();
    const bool required = target.plan.tls == HostPlan::Tls::required;
    if (!client.capabilities().starttls) {
        if (!required) co_return std::nullopt;
        // RFC 3463 §3.8, 7.4: security features not supported. Perhaps somebody on the way has taken the offer out.
        Failure failure =
            temporary("4.7.4", target.host.name + " does not offer encryption (STARTTLS), and it is required: " + target.plan.why);
        failure.remote = target.host.name;
        co_return Tried{.connection = nullptr, .failure = std::move(failure)};
    }
    const smtp::ClientResult<> done = co_await client.start_tls();
    if (done) co_return std::nullopt;
    // The server has thought better of it, and the connection is as good as before.
    if (!required && client.usable()) co_return std::nullopt;
    Tried out = refused(done.error(), target);
    if (done.error().stage == smtp::Stage::starttls) {
        out.without_tls_next = !required;
        // Whatever the server says to STARTTLS is no word about the message.
        if (out.failure.permanent) out.failure.status.replace(0, 1, "4");
        out.failure.permanent = false;
    }
    co_return out;
}

}  // namespace packetboat::relay
