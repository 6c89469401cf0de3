#include "server/sending.h"

#include <exception>
#include <fstream>
#include <future>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "delivery/reporter.h"
#include "dns/resolver.h"
#include "net/reactor.h"
#include "relay/routing.h"
#include "relay/transport.h"
#include "server/own_endpoints.h"
#include "server/pacer.h"
#include "trust/policy_cache.h"
#include "trust/policy_fetch.h"

namespace packetboat::server {
namespace {

constexpr std::chrono::milliseconds report_interval{60'000};
constexpr std::chrono::milliseconds last_answers_max{2'000};

std::string text_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "an unknown exception";
    }
}

// The try-out server's, which needs no network.
class NoResolver final : public dns::Resolver {
public:
    Task<dns::Answer> query(std::string, dns::Type) override {
        dns::Answer answer;
        answer.why = "the try-out server asks no name server; name one with serve --dev --dns ADDR:PORT";
        co_return answer;
    }
};

Result<std::vector<std::string>> read_lines(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) return fail(ErrorCode::not_found, "cannot read " + file.string());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        if (!trim(line).empty() && !line.starts_with(';')) lines.emplace_back(trim(line));
    }
    return lines;
}

Result<std::unique_ptr<dns::Resolver>> make_resolver(const Configuration& configuration, bool dev) {
    if (dev && configuration.dns_servers.empty()) return std::make_unique<NoResolver>();
    dns::ResolverOptions options;
    options.servers = configuration.dns_servers;
    options.dnssec = configuration.dns_dnssec;
    options.timeout = configuration.dns_timeout;
    options.queries_max = configuration.dns_queries_max;
    options.cache_bytes = configuration.dns_cache_bytes;
    if (!configuration.dns_trust_anchor_file.empty()) {
        Result<std::vector<std::string>> anchors = read_lines(configuration.dns_trust_anchor_file);
        if (!anchors) return fail(ErrorCode::invalid, mistake_text(configuration.source, "dns.trust_anchor_file", anchors.error().text));
        options.trust_anchors = *std::move(anchors);
    }
    return dns::make_resolver(std::move(options));
}

Result<std::vector<IpAddress>> parse_addresses(const std::vector<std::string>& texts) {
    std::vector<IpAddress> addresses;
    for (const std::string& text : texts) {
        const std::optional<IpAddress> address = IpAddress::parse(text);
        if (!address) return fail(ErrorCode::invalid, "not an address: \"" + text + "\"");
        addresses.push_back(*address);
    }
    return addresses;
}

// Names, with spaces or commas between them.
std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" ,\t"), text.size());
        if (end > 0) out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

smtp::ClientTimeouts client_timeouts(const OutboundTimeouts& from) {
    return {.greeting = from.greeting,
            .hello = from.greeting,
            .handshake = from.handshake,
            .auth = from.command,
            .mail = from.command,
            .rcpt = from.command,
            .data = from.data,
            .block = from.block,
            .end = from.end,
            .rset = from.command,
            .quit = from.quit};
}

std::optional<relay::TlsLevel> tls_level(std::string_view word) {
    for (const auto level : {relay::TlsLevel::none, relay::TlsLevel::may, relay::TlsLevel::encrypt, relay::TlsLevel::verify}) {
        if (to_string(level) == word) return level;
    }
    return std::nullopt;
}

Result<relay::ConfiguredRoute> make_route(const Configuration& configuration, const RouteSettings& settings) {
    relay::ConfiguredRoute route;
    route.domains = settings.domains;
    route.host = settings.host;
    route.port = static_cast<std::uint16_t>(settings.port);
    route.mx = settings.mx;
    if (settings.protocol != "smtp" && settings.protocol != "lmtp") return fail(ErrorCode::invalid, "protocol must be smtp or lmtp");
    if (settings.protocol == "lmtp") route.protocol = smtp::ClientProtocol::lmtp;
    if (!settings.tls.empty()) {
        route.tls = tls_level(settings.tls);
        if (!route.tls) return fail(ErrorCode::invalid, "tls must be none, may, encrypt or verify");
    } else if (settings.user.empty()) {
        route.tls = static_cast<relay::TlsLevel>(configuration.outbound_tls);
    }
    route.implicit_tls = settings.implicit_tls;
    route.user = settings.user;
    route.password_without_tls = settings.password_without_tls;
    if (!settings.password_file.empty()) {
        const Result<std::vector<std::string>> lines = read_lines(settings.password_file);
        if (!lines) return fail(lines.error());
        if (lines->empty()) return fail(ErrorCode::invalid, settings.password_file + " has no password in its first line");
        route.password = lines->front();
    }
    Result<std::vector<IpAddress>> sources = parse_addresses(settings.sources);
    if (!sources) return fail(std::move(sources).error());
    route.sources = sources->empty() ? configuration.outbound_sources : *std::move(sources);
    return route;
}

// What is configured, and for all else a route of the general settings.
Result<relay::RouteTable> make_routes(const Configuration& configuration) {
    std::vector<relay::ConfiguredRoute> routes;
    bool all_else = false;
    for (const RouteSettings& settings : configuration.routes) {
        const auto mistake = [&](const Error& error) {
            const std::string place = configuration.source.file + ":" + std::to_string(settings.line) + ": route: ";
            return fail(ErrorCode::invalid, place + error.text);
        };
        Result<relay::ConfiguredRoute> route = make_route(configuration, settings);
        if (!route) return mistake(route.error());
        if (const Result<relay::RouteTable> alone = relay::RouteTable::make({*route}); !alone) return mistake(alone.error());
        all_else = all_else || std::ranges::find(route->domains, "*") != route->domains.end();
        routes.push_back(*std::move(route));
    }
    if (!all_else) {
        relay::ConfiguredRoute general;
        general.domains = {"*"};
        general.tls = static_cast<relay::TlsLevel>(configuration.outbound_tls);
        general.sources = configuration.outbound_sources;
        routes.push_back(std::move(general));
    }
    return relay::RouteTable::make(std::move(routes));
}

}  // namespace

struct Sending::State {
    State(std::size_t number, Services& of, const Configuration& configuration)
        : services(of),
          reactor(number),
          pacer(reactor),
          reports(reactor),
          reporter(of.store(), of.delivery(), of.queue(),
                   {.hostname = configuration.hostname,
                    .give_up_after = configuration.retry.give_up_after,
                    .message_time = configuration.retry.give_up_after}) {}

    Services& services;
    std::unique_ptr<dns::Resolver> resolver;
    std::unique_ptr<trust::PolicyFetcher> fetcher;
    std::unique_ptr<trust::MtaSts> sts;
    std::optional<relay::PolicySecurity> security;
    net::Reactor reactor;
    ReactorPacer pacer;
    net::Alarm reports;
    delivery::Reporter reporter;
    std::unique_ptr<relay::SmtpTransport> transport;
    std::unique_ptr<delivery::Outbound> outbound;
    std::promise<void> sent_all;
    std::promise<void> reported_all;
    bool running = false;
    bool stopping = false;
    std::chrono::steady_clock::time_point cut_at;  // connections that wait for a last answer

    Task<> report() {
        do {
            try {
                co_await reporter.report_due(Time::now());
            } catch (const std::exception& exception) {
                log_error("reports.failed", "", {{"why", exception.what()}});  // tried again after the interval
            }
        } while (co_await reports.wait(report_interval));
    }
    // On the reactor's thread, which is waited for.
    template <class Job>
    void on_reactor(Job job) {
        std::promise<void> done;
        reactor.post([&] {
            job();
            done.set_value();
        });
        done.get_future().wait();
    }
};

Sending::Sending() = default;
Sending::~Sending() { stop(); }

Result<std::unique_ptr<Sending>> Sending::make(const Configuration& configuration, Services& services, Place place) {
    std::unique_ptr<Sending> sending(new Sending());
    sending->state_ = std::make_unique<State>(place.reactor, services, configuration);
    State& state = *sending->state_;
    Result<std::unique_ptr<dns::Resolver>> resolver = make_resolver(configuration, place.dev);
    if (!resolver) return fail(std::move(resolver).error());
    state.resolver = *std::move(resolver);
    if (configuration.outbound_mta_sts) {
        state.fetcher = std::make_unique<trust::PolicyFetcher>(trust::PolicyFetcher::Options{
            .ca_file = configuration.outbound_ca_file, .port = static_cast<std::uint16_t>(configuration.outbound_mta_sts_port)});
        state.sts = std::make_unique<trust::MtaSts>(
            *state.resolver, services.store(),
            [&fetcher = *state.fetcher](trust::PolicyRequest request) { return fetcher.fetch(std::move(request)); });
    }
    state.security.emplace(configuration.outbound_dane ? state.resolver.get() : nullptr, state.sts.get());
    Result<relay::RouteTable> routes = make_routes(configuration);
    if (!routes) return fail(std::move(routes).error());

    relay::TransportOptions options;
    options.name = configuration.hostname;
    options.own_names = {lower(configuration.hostname)};
    for (const std::string_view name : words(configuration.outbound_own_names)) options.own_names.push_back(lower(name));
    options.is_own = [own = OwnEndpoints(std::move(place.own_endpoints))](const Endpoint& one) mutable { return own.contain(one); };
    options.port = static_cast<std::uint16_t>(configuration.outbound_port);
    options.ca_file = configuration.outbound_ca_file;
    options.connect_timeout = configuration.outbound_connect_timeout;
    options.timeouts = client_timeouts(configuration.outbound_timeouts);
    options.recipients_max = configuration.outbound_recipients_max;
    options.addresses_tried_max = configuration.outbound_addresses_tried_max;
    options.addresses_tried_per_host_max = configuration.outbound_addresses_tried_per_host_max;
    Result<std::unique_ptr<relay::SmtpTransport>> transport =
        relay::SmtpTransport::make(state.reactor, *state.resolver, *state.security, *std::move(routes), std::move(options));
    if (!transport) return fail(std::move(transport).error());
    state.transport = *std::move(transport);

    delivery::OutboundOptions outbound = configuration.outbound;
    outbound.plan = configuration.retry;
    state.outbound = std::make_unique<delivery::Outbound>(services.store(), services.queue(), *state.transport, state.pacer, outbound);
    services.queue().watch_reports([&alarm = state.reports] { alarm.ring(); });
    return sending;
}

void Sending::start() {
    State& state = *state_;
    state.reactor.start();
    state.running = true;
    state.reactor.post([&state] {
        spawn(state.outbound->run(), [&state](std::exception_ptr thrown) {
            if (thrown) log_error("outbound.ended", "", {{"why", text_of(thrown)}});
            state.sent_all.set_value();
        });
        spawn(state.report(), [&state](std::exception_ptr thrown) {
            if (thrown) log_error("reports.ended", "", {{"why", text_of(thrown)}});
            state.reported_all.set_value();
        });
    });
}

delivery::Outbound& Sending::outbound() { return *state_->outbound; }

Result<> Sending::reload(const Configuration& configuration) {
    Result<relay::RouteTable> routes = make_routes(configuration);
    if (!routes) return fail(std::move(routes).error());
    state_->on_reactor([&] { state_->transport->set_routes(*std::move(routes)); });
    state_->outbound->forget_routes();
    return {};
}

void Sending::begin_stop() {
    State& state = *state_;
    if (!state.running || std::exchange(state.stopping, true)) return;
    state.cut_at = std::chrono::steady_clock::now() + last_answers_max;
    state.reporter.stop();
    state.reports.end();
    state.outbound->stop();
    state.pacer.end();
    state.on_reactor([&] { state.transport->stop(); });
    if (state.fetcher) state.fetcher->stop();
    state.resolver->stop();
}

void Sending::stop() {
    if (!state_) return;
    State& state = *state_;
    state.services.queue().watch_reports({});
    if (state.running) {
        begin_stop();
        std::future<void> sent_all = state.sent_all.get_future();
        if (sent_all.wait_until(state.cut_at) != std::future_status::ready) state.on_reactor([&] { state.transport->cut(); });
        sent_all.wait();
        state.reported_all.get_future().wait();
        state.running = false;
        state.on_reactor([&] {
            state.outbound.reset();
            state.transport.reset();
        });
    }
    state_.reset();
}

}  // namespace packetboat::server
