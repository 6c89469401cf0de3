#include "relay/testing/world.h"

#include "base/testing/must.h"

namespace packetboat::relay::testing {

using packetboat::testing::must;

World::World() {
    entry.reverse_path = "alice@example.net";
    recipients({"bob@example.org"});
    options.random = [] { return std::uint64_t{0}; };
}

World::~World() {
    if (!transport_) return;
    // Its connections may still be saying goodbye on the reactor.
    const auto stop = [](SmtpTransport& of) -> Task<int> {
        of.stop();
        co_return 0;
    };
    reactor.run(stop(*transport_));
}

SmtpTransport& World::transport() {
    if (transport_) return *transport_;
    servers.start();
    if (options.port == 25) options.port = servers.port();
    transport_ = must(SmtpTransport::make(*reactor, resolver, *security, must(RouteTable::make(routes)), options));
    return *transport_;
}

void World::recipients(const std::vector<std::string>& addresses) {
    entry.recipients.clear();
    for (const std::string& address : addresses) entry.recipients.push_back({.address = address});
}

void World::one_host(Script script, int host) {
    resolver.mx("example.org", {"10 mx1.example.org"});
    resolver.addresses("mx1.example.org", {"127.0.0." + std::to_string(host)});
    servers.at(host, {std::move(script)});
}

std::string World::show(const delivery::Failure& failure) {
    return failure.status + (failure.permanent ? " for good" : "") + (failure.slow_down ? " slow" : "") + ": " + failure.reason;
}

std::string World::show(const delivery::Attempt& attempt) {
    if (!attempt.result) return (attempt.in_doubt ? "in doubt " : "") + show(attempt.result.error());
    const std::string how = attempt.result->final ? "final at " : attempt.result->relayed ? "relayed by " : "passed on by ";
    return how + attempt.result->remote + ": " + attempt.result->diagnostic;
}

std::string World::route(const std::string& domain) {
    const auto ask = [](SmtpTransport& to, std::string about) -> Task<std::string> {
        const delivery::Routing routing = co_await to.route(about);
        co_return routing.route ? (*routing.route)->text() : show(routing.route.error());
    };
    return reactor.run(ask(transport(), domain));
}

std::vector<std::string> World::deliver(const std::string& domain) { return deliver(domain, 1); }

std::vector<std::string> World::deliver(const std::string& domain, int times) {
    transport();
    return reactor.run(way(domain, times));
}

Task<std::vector<std::string>> World::way(std::string domain, int times) {
    const delivery::Routing routing = co_await transport_->route(domain);
    if (!routing.route) {
        failure = routing.route.error();
        co_return std::vector<std::string>{show(failure)};
    }
    delivery::Connecting connecting = co_await transport_->connect(**routing.route, demands);
    failed_attempts = connecting.dialogue;
    connected = connecting.connection.has_value();
    if (!connected) {
        failure = connecting.connection.error();
        co_return std::vector<std::string>{show(failure)};
    }
    delivery::Connection& connection = **connecting.connection;
    std::vector<std::string> out;
    for (int i = 0; i < times; ++i) {
        TextContent source(content);
        source.fails = content_fails;
        entry.size_bytes = content.size();
        delivery::Shipment shipment{.entry = entry, .recipients = {}, .content = source};
        for (const delivery::QueuedRecipient& recipient : entry.recipients) shipment.recipients.push_back(&recipient);
        for (const delivery::Attempt& attempt : co_await connection.send(shipment)) {
            out.push_back(show(attempt));
            if (!attempt.result && failure.status.empty()) failure = attempt.result.error();
        }
        content_read_bytes = source.read_bytes;
    }
    dialogue = connection.dialogue();
    usable_after = connection.usable();
    co_await connection.close();
    co_return out;
}

}  // namespace packetboat::relay::testing
