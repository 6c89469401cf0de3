#include "server/server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>

#include "base/executor.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "net/listener.h"
#include "net/stream_peer.h"
#include "net/tls.h"
#include "pop3/session/session.h"
#include "server/admin.h"
#include "server/control.h"
#include "server/data_directory.h"
#include "server/dev.h"
#include "server/erasures.h"
#include "server/privileges.h"
#include "server/runtime.h"
#include "server/sending.h"
#include "server/services.h"
#include "smtp/session/session.h"

namespace packetboat::server {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds upkeep_interval{60'000};
constexpr milliseconds commands_time_min{100};  // to end in, when the sessions took all of the grace
constexpr unsigned upkeeps_per_sweep = 24 * 60;

template <class Decoder>
typename net::StreamPeer<Decoder>::Options peer_options(const Timeouts& timeouts, std::chrono::seconds handshake_timeout) {
    return {.idle_timeout = timeouts.idle,
            .session_timeout = timeouts.session,
            .handshake_timeout = handshake_timeout,
            .goodbye_timeout = timeouts.goodbye};
}

// Connections may not take the descriptors that the store and messages on their way to the disk need: without them nothing works at all.
std::uint64_t connections_max(std::uint64_t wanted) {
    constexpr std::uint64_t reserved_descriptors = 1'024;
    rlimit limit{};
    std::uint64_t possible = reserved_descriptors;
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        possible = limit.rlim_cur - std::min<std::uint64_t>(reserved_descriptors, limit.rlim_cur / 2);
    if (wanted > possible) log_warning("server.connections_in_all", "", {{"wanted", wanted}, {"open_files_allow", possible}});
    return wanted == 0 ? possible : std::min(wanted, possible);
}

}  // namespace

struct Server::State {
    Configuration configuration;
    std::unique_ptr<net::TlsContext> tls;
    std::unique_ptr<Services> services;
    std::unique_ptr<Sending> sending;
    std::unique_ptr<Admin> admin;
    WorkerPool upkeep_pool{{.threads = 1, .queue_max = 4, .name = "upkeep"}};
    std::stop_source upkeep_stop;
    std::unique_ptr<net::Server> net;
    std::unique_ptr<ControlSocket> control;
    std::vector<BoundListener> listeners;
    std::atomic<std::shared_ptr<const Runtime>> runtime;
    Clock::time_point started = Clock::now();
    bool running = false;

    Task<> serve_smtp(net::Stream& stream, const std::string& session_id, smtp::Options Runtime::* which) {
        const std::shared_ptr<const Runtime> now = runtime.load();
        const smtp::Options& options = (*now).*which;
        net::StreamPeer<smtp::wire::Decoder> peer(
            stream, tls.get(), smtp::make_decoder(options), session_id,
            peer_options<smtp::wire::Decoder>(now->smtp_timeouts, configuration.tls_handshake_timeout));
        smtp::Session session(peer, {services->delivery(), services->directory()}, options);
        co_await session.run();
        co_await peer.flush();
    }

    Task<> serve_pop3(net::Stream& stream, const std::string& session_id) {
        const std::shared_ptr<const Runtime> now = runtime.load();
        net::StreamPeer<pop3::wire::Decoder> peer(
            stream, tls.get(), pop3::make_decoder(now->pop3), session_id,
            peer_options<pop3::wire::Decoder>(now->pop3_timeouts, configuration.tls_handshake_timeout));
        pop3::Session session(peer, services->mail(), services->directory(), now->pop3);
        co_await session.run();
        co_await peer.flush();
    }

    Result<> prepare(bool dev);
    Result<> load_tls(bool dev);
    Result<> become_user();
    Result<> listen_all();
    Result<> listen(const std::string& name, const std::vector<Endpoint>& endpoints, bool implicit_tls, const std::string& too_busy,
                    const net::Server::Serve& serve);
    Task<> upkeep();
    void write_status(JsonWriter& json) const;
};

Result<> Server::State::load_tls(bool dev) {
    const net::TlsFiles files{.certificate = configuration.tls_certificate, .key = configuration.tls_key};
    if (files.certificate.empty()) return {};
    if (dev) {
        if (Result<> made = net::make_self_signed(files, configuration.hostname, {"localhost"}); !made) return made;
    }
    Result<std::unique_ptr<net::TlsContext>> loaded = net::TlsContext::load(files);
    if (!loaded) return fail(std::move(loaded).error());
    tls = std::move(*loaded);
    return {};
}

// What has to be done while we may still be root.
Result<> Server::State::prepare(bool dev) {
    if (Result<> prepared = prepare_data_directory(configuration); !prepared) return prepared;
    if (Result<> closed = shut_out_others(configuration.data); !closed) return closed;
    if (Result<> loaded = load_tls(dev); !loaded) return loaded;
    return listen_all();
}

Result<> Server::State::become_user() {
    if (configuration.user.empty() || ::geteuid() != 0) return {};
    const Result<User> user = find_user(configuration.user);
    if (!user) return fail(user.error().code, "server.user: " + user.error().text);
    // Opened by root; when it has been rotated, the user opens the next.
    if (Result<> given = log_give_to(user->uid, user->gid); !given) return given;
    if (Result<> dropped = drop_privileges(configuration.user); !dropped) return dropped;
    if (Result<> access = check_access(configuration); !access) return access;
    if (!tls) return {};
    if (const Result<> readable = tls->check_readable(); !readable)
        log_warning("tls.not_readable", "",
                    {{"reason", readable.error().text},
                     {"consequence", "a renewed certificate is not taken over until a restart"},
                     {"remedy", "let the user " + configuration.user + " read the file and enter the folders above it"}});
    return {};
}

Result<> Server::State::listen(const std::string& name, const std::vector<Endpoint>& endpoints, bool implicit_tls,
                               const std::string& too_busy, const net::Server::Serve& serve) {
    if (implicit_tls && !tls && !endpoints.empty())
        return fail(ErrorCode::invalid, "listen." + name + " needs tls.certificate and tls.key (or set it to [])");
    for (const Endpoint& endpoint : endpoints) {
        const Result<Endpoint> bound = net->listen({.name = name,
                                                    .endpoint = endpoint,
                                                    .implicit_tls = implicit_tls,
                                                    .handshake_timeout = configuration.tls_handshake_timeout,
                                                    .admission = {.connections_max = configuration.connections_max,
                                                                  .connections_per_address_max = configuration.connections_per_address_max,
                                                                  .too_busy = too_busy}},
                                                   tls.get(), serve);
        if (!bound) return fail(bound.error());
        listeners.push_back({.name = name, .endpoint = *bound});
    }
    return {};
}

Result<> Server::State::listen_all() {
    const std::string smtp_busy = "421 4.7.0 " + configuration.hostname + " too many connections, try again later\r\n";
    const std::string pop3_busy = "-ERR [SYS/TEMP] too many connections, try again later\r\n";
    const auto smtp = [this](smtp::Options Runtime::* which) -> net::Server::Serve {
        return [this, which](net::Stream& stream, const std::string& id) { return serve_smtp(stream, id, which); };
    };
    const net::Server::Serve pop3 = [this](net::Stream& stream, const std::string& id) { return serve_pop3(stream, id); };
    const Listeners& at = configuration.listen;
    if (Result<> done = listen("smtp", at.smtp, false, smtp_busy, smtp(&Runtime::mx)); !done) return done;
    if (Result<> done = listen("submission", at.submission, false, smtp_busy, smtp(&Runtime::submission)); !done) return done;
    if (Result<> done = listen("submissions", at.submissions, true, smtp_busy, smtp(&Runtime::submission)); !done) return done;
    if (Result<> done = listen("lmtp", at.lmtp, false, smtp_busy, smtp(&Runtime::lmtp)); !done) return done;
    if (Result<> done = listen("pop3", at.pop3, false, pop3_busy, pop3); !done) return done;
    return listen("pop3s", at.pop3s, true, pop3_busy, pop3);
}

// What has to be looked at now and then: local recipients that wait, mail of accounts that were removed, the certificate's files, blobs
// nobody refers to.
Task<> Server::State::upkeep() {
    for (unsigned round = 0;; ++round) {
        co_await services->local_retry().retry_due(Time::now());
        co_await finish_erasures(*services, upkeep_stop.get_token());
        if (tls) {
            // What went wrong is logged there, and the old certificate is kept.
            (void)co_await upkeep_pool.run([this] { return tls->reload_if_changed().has_value(); });
        }
        if (round % upkeeps_per_sweep == 0) {
            const Result<std::uint64_t> swept = co_await services->store().sweep_blobs();
            if (!swept) log_warning("store.sweep_failed", "", {{"reason", swept.error().text}});
        }
        if (!co_await net::sleep_for(upkeep_interval)) co_return;
    }
}

void Server::State::write_status(JsonWriter& json) const {
    json.field("uptime_s", std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started).count());
    json.field("connections", net->connections()).field("message_bytes_in_memory", services->delivery().memory_taken_bytes());
    json.key("listeners").array();
    for (const BoundListener& listener : listeners)
        json.object().field("name", listener.name).field("endpoint", listener.endpoint.text()).end();
    json.end();
}

Server::Server() : state_(std::make_unique<State>()) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(Start start) {
    std::unique_ptr<Server> server(new Server());
    State& state = *server->state_;
    state.configuration = std::move(start.configuration);
    const Configuration& configuration = state.configuration;
    state.runtime = Runtime::of(configuration);
    const std::size_t reactors = configuration.reactors ? configuration.reactors : std::max(1U, std::thread::hardware_concurrency());
    state.net = std::make_unique<net::Server>(reactors, connections_max(configuration.connections_in_all_max));

    if (Result<> prepared = state.prepare(start.dev); !prepared) return fail(std::move(prepared).error());
    if (Result<> become = state.become_user(); !become) return fail(std::move(become).error());

    Result<std::unique_ptr<Services>> services = Services::open(configuration, std::move(start.files));
    if (!services) return fail(std::move(services).error());
    state.services = std::move(*services);
    if (!configuration.store_durable)
        log_warning("store.not_durable", "", {{"consequence", "a power cut loses mail that was acknowledged"}});
    if (start.dev) {
        if (Result<> made = run_to_end(make_dev_accounts(*state.services)); !made) return fail(std::move(made).error());
    }
    std::vector<Endpoint> own_endpoints;
    for (const BoundListener& listener : state.listeners) own_endpoints.push_back(listener.endpoint);
    Result<std::unique_ptr<Sending>> sending =
        Sending::make(configuration, *state.services, {.reactor = reactors, .dev = start.dev, .own_endpoints = std::move(own_endpoints)});
    if (!sending) return fail(std::move(sending).error());
    state.sending = std::move(*sending);
    state.admin = std::make_unique<Admin>(
        *state.services, configuration.hostname, [&state](JsonWriter& json) { state.write_status(json); }, &state.sending->outbound());
    Result<std::unique_ptr<ControlSocket>> control = ControlSocket::listen(
        configuration.data,
        [&state](AdminRequest request, std::stop_token stopping) { return state.admin->execute(std::move(request), std::move(stopping)); });
    if (!control) return fail(std::move(control).error());
    state.control = std::move(*control);

    state.net->start();
    state.sending->start();
    state.net->spawn_on(0, [&state] { return state.upkeep(); });
    state.running = true;
    log_info("server.started", "", {{"hostname", configuration.hostname}, {"data", configuration.data.string()}, {"reactors", reactors}});
    return server;
}

std::vector<BoundListener> Server::listeners() const { return state_->listeners; }

void Server::reload(const Configuration& wanted) {
    for (const std::string& key : restart_needed(state_->configuration, wanted)) log_warning("server.restart_needed", "", {{"key", key}});
    state_->runtime = Runtime::of(reloaded(state_->configuration, wanted));
    if (const Result<> routes = state_->sending->reload(wanted); !routes)
        log_error("server.routes_refused", "", {{"reason", routes.error().text}});
    log_reopen(wanted.log.level);
    if (state_->tls) (void)state_->tls->reload_if_changed();  // logs what went wrong, and keeps the old certificate then
    log_info("server.reloaded", "");
}

bool Server::failed() const { return state_->services->store().failed(); }

bool Server::stop() {
    State& state = *state_;
    if (!std::exchange(state.running, false)) return true;
    // What has not ended by half of the grace will not by its end either, and closing the store would have to wait for it.
    const Clock::time_point deadline = Clock::now() + state.configuration.stop_grace / 2;
    log_info("server.stopping", "", {{"connections", state.net->connections()}});
    state.control->begin_stop();
    state.services->local_retry().stop();
    state.upkeep_stop.request_stop();
    state.sending->begin_stop();
    state.net->stop(state.configuration.stop_grace);
    if (!state.control->wait_until(std::max(deadline, Clock::now() + commands_time_min))) {
        log_warning("server.stopped", "", {{"unfinished", "an operator's command"}});
        return false;
    }
    state.control.reset();
    state.sending->stop();
    log_info("server.stopped", "");
    return true;
}

}  // namespace packetboat::server
