#include "net/listener.h"

#include <sys/socket.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/log.h"
#include "net/reactor.h"
#include "net/socket.h"
#include "net/waiter.h"

namespace packetboat::net {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int accepts_in_a_row_max = 64;
constexpr milliseconds accept_pause{100};       // when descriptors or memory have run out
constexpr milliseconds complaint_every{5'000};  // about one and the same thing

// Lets a log line through once in a while, and counts what it held back. One thread's.
class Complaints {
public:
    bool due() {
        ++count_;
        const Clock::time_point now = Clock::now();
        if (now < next_) return false;
        next_ = now + complaint_every;
        return true;
    }
    std::uint64_t take_count() { return std::exchange(count_, 0); }

private:
    Clock::time_point next_{};
    std::uint64_t count_ = 0;
};

// Counts what runs, so that stop() can wait for its end.
class Census {
public:
    class Entry {
    public:
        explicit Entry(Census& census) : census_(&census) {
            const std::scoped_lock lock(census.mutex_);
            ++census.count_;
        }
        Entry(Entry&& other) noexcept : census_(std::exchange(other.census_, nullptr)) {}
        Entry& operator=(Entry&&) = delete;
        ~Entry() {
            if (!census_) return;
            // Notified under the lock: the census may be gone as soon as the one who waits can run.
            const std::scoped_lock lock(census_->mutex_);
            if (--census_->count_ == 0) census_->none_.notify_all();
        }

    private:
        Census* census_;
    };

    bool wait_for_none(milliseconds at_most) {
        std::unique_lock lock(mutex_);
        return none_.wait_for(lock, at_most, [this] { return count_ == 0; });
    }
    std::uint64_t count() const {
        const std::scoped_lock lock(mutex_);
        return count_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable none_;
    std::uint64_t count_ = 0;
};

struct Listener {
    ListenerOptions options;
    const TlsContext* tls;
    Server::Serve serve;
    Gate& gate;
    std::vector<Descriptor> sockets;  // one for each reactor, until start()

    Listener(ListenerOptions its_options, const TlsContext* its_tls, Server::Serve its_serve, Gate& its_gate)
        : options(std::move(its_options)), tls(its_tls), serve(std::move(its_serve)), gate(its_gate) {}
};

enum class Batch : std::uint8_t {
    all,      // no connection waits now
    some,     // more may
    failing,  // descriptors or memory have run out
};

struct Connection {
    Connection(Gate::Ticket its_ticket, Reactor& reactor, Descriptor descriptor, const Endpoint& remote)
        : ticket(std::move(its_ticket)),
          stream(reactor, descriptor.get(), remote, local_endpoint(descriptor.get())),
          session_id(new_session_id()) {
        descriptor.release();
    }

    Gate::Ticket ticket;
    Stream stream;
    std::string session_id;
    bool in_handshake = false;
};
using Connections = std::list<Connection>;

// A reactor and what lives on it. All but the reactor is its thread's alone.
struct Berth {
    explicit Berth(std::size_t number) : reactor(number) {}

    Reactor reactor;  // first: what waits on it goes before it
    Connections connections;
    std::list<Waiter> doors;  // the listening sockets
    Complaints refusals;
    Complaints accept_failures;
};

void log_failed_task(std::exception_ptr thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        log_error("net.task_failed", "", {{"error", error.what()}});
    } catch (...) {
        log_error("net.task_failed", "", {{"error", "unknown"}});
    }
}

// An implicit-TLS connection begins with its handshake.
Task<bool> shake_hands(const Listener& listener, Connection& connection) {
    connection.in_handshake = true;
    connection.stream.deadline(listener.options.handshake_timeout);
    const Result<> done = co_await connection.stream.start_tls(*listener.tls);
    connection.in_handshake = false;
    if (!done) {
        log_info("net.handshake_failed", connection.session_id,
                 {{"listener", listener.options.name}, {"remote", connection.stream.remote().text()}, {"error", done.error().text}});
    }
    co_return done.has_value();
}

Task<> serve_logged(const Listener& listener, Connection& connection) {
    try {
        co_await listener.serve(connection.stream, connection.session_id);
    } catch (const std::exception& thrown) {
        log_error("net.session_failed", connection.session_id, {{"listener", listener.options.name}, {"error", thrown.what()}});
    } catch (...) {
        log_error("net.session_failed", connection.session_id, {{"listener", listener.options.name}, {"error", "unknown"}});
    }
}

// Out of the list however its coroutine ends.
class Listed {
public:
    Listed(Connections& list, Connections::iterator connection) : list_(list), connection_(connection) {}
    ~Listed() { list_.erase(connection_); }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

private:
    Connections& list_;
    Connections::iterator connection_;
};

Task<> run_connection(Berth& berth, const Listener& listener, Connections::iterator connection) {
    const Listed listed(berth.connections, connection);
    connection->stream.deadline(std::nullopt);
    if (!listener.options.implicit_tls || co_await shake_hands(listener, *connection)) co_await serve_logged(listener, *connection);
    co_await connection->stream.close();
}

}  // namespace

struct Server::State {
    std::map<std::string, Gate, std::less<>> gates;  // by the listeners' name
    std::vector<std::unique_ptr<Listener>> listeners;
    Census census;
    std::atomic<std::uint64_t> connections{0};
    std::uint64_t connections_max = 0;
    std::mutex mutex;  // over `stopping`
    bool started = false;
    bool stopping = false;
    std::vector<std::unique_ptr<Berth>> berths;  // last: threads end before what they use

    void begin(Berth& berth, Listener& listener, Accepted accepted);
    void refuse(Berth& berth, const Listener& listener, Accepted accepted);
    Batch accept_batch(Berth& berth, Listener& listener, Waiter& door);
    Task<> accept_all(Berth& berth, Listener& listener, Waiter& door);
    void on_every_reactor(void (*job)(Berth&));
};

namespace {

void end_gently(Berth& berth) {
    for (Waiter& door : berth.doors) door.cut();
    berth.reactor.end_sleeps();
    for (Connection& connection : berth.connections) {
        if (connection.in_handshake) {
            connection.stream.cut();
        } else {
            connection.stream.interrupt();
        }
    }
}

void cut_all(Berth& berth) {
    for (Connection& connection : berth.connections) connection.stream.cut();
}

}  // namespace

void Server::State::refuse(Berth& berth, const Listener& listener, Accepted accepted) {
    if (!listener.options.implicit_tls) {
        const std::string& line = listener.options.admission.too_busy;
        ::send(accepted.descriptor.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        ::shutdown(accepted.descriptor.get(), SHUT_WR);
    }
    if (!berth.refusals.due()) return;
    log_warning("net.refused", "",
                {{"listener", listener.options.name},
                 {"remote", accepted.remote.address.text()},
                 {"connections", listener.gate.inside()},
                 {"refused", berth.refusals.take_count()}});
}

void Server::State::begin(Berth& berth, Listener& listener, Accepted accepted) {
    std::optional<Gate::Ticket> ticket = listener.gate.enter(accepted.remote.address);
    if (!ticket || connections >= connections_max) return refuse(berth, listener, std::move(accepted));
    Census::Entry entry(census);
    const auto connection = berth.connections.emplace(berth.connections.end(), std::move(*ticket), berth.reactor,
                                                      std::move(accepted.descriptor), accepted.remote);
    ++connections;
    try {
        spawn(run_connection(berth, listener, connection), [this, kept = std::move(entry)](std::exception_ptr thrown) {
            --connections;
            log_failed_task(thrown);
        });
    } catch (const std::bad_alloc&) {
        // Its coroutine could not be made; what happens in it does not come here.
        --connections;
        berth.connections.erase(connection);
        throw;
    }
}

Batch Server::State::accept_batch(Berth& berth, Listener& listener, Waiter& door) {
    for (int i = 0; i < accepts_in_a_row_max; ++i) {
        Accepted accepted = accept_one(door.descriptor());
        if (accepted.descriptor) {
            begin(berth, listener, std::move(accepted));
            continue;
        }
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK) return Batch::all;
        if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) continue;  // that one connection has failed
        if (berth.accept_failures.due()) {
            log_error(
                "net.accept_failed", "",
                {{"listener", listener.options.name}, {"error", std::strerror(error)}, {"failures", berth.accept_failures.take_count()}});
        }
        return Batch::failing;
    }
    return Batch::some;
}

Task<> Server::State::accept_all(Berth& berth, Listener& listener, Waiter& door) {
    std::optional<WaitEnd> over;  // the door is told of a new connection once: it waits when there are no more
    while (!over || *over == WaitEnd::ready) {
        Batch batch = Batch::failing;
        try {
            batch = accept_batch(berth, listener, door);
        } catch (const std::bad_alloc&) {
            log_error("net.accept_failed", "", {{"listener", listener.options.name}, {"error", "no memory"}});
        }
        // The others wait in the kernel's queue until something has ended.
        if (batch == Batch::failing) co_await sleep_for(accept_pause);
        if (batch == Batch::some) co_await berth.reactor.yield();
        over = batch == Batch::all ? co_await door.wait(WaitFor::input_undisturbed) : door.ends_at_once(WaitFor::input_undisturbed);
    }
    door.close();
}

void Server::State::on_every_reactor(void (*job)(Berth&)) {
    for (const std::unique_ptr<Berth>& berth : berths) berth->reactor.post([job, &berth = *berth] { job(berth); });
}

Server::Server(std::size_t reactors, std::uint64_t connections_max) : state_(std::make_unique<State>()) {
    state_->connections_max = connections_max;
    assert(reactors > 0);
    for (std::size_t number = 0; number < reactors; ++number) state_->berths.push_back(std::make_unique<Berth>(number));
}

Server::~Server() { stop(milliseconds{0}); }

Result<Endpoint> Server::listen(ListenerOptions options, const TlsContext* tls, Serve serve) {
    assert(!state_->started && (tls || !options.implicit_tls));
    Endpoint endpoint = options.endpoint;
    if (endpoint.port != 0) {
        // With SO_REUSEPORT a second server of the same user would quietly take half of our connections.
        if (const Result<Descriptor> probe = listen_at(endpoint, Sharing::alone); !probe) return fail(probe.error());
    }
    Gate& gate = state_->gates.try_emplace(options.name, options.admission).first->second;
    auto listener = std::make_unique<Listener>(std::move(options), tls, std::move(serve), gate);
    for (std::size_t i = 0; i < state_->berths.size(); ++i) {
        Result<Descriptor> socket = listen_at(endpoint, Sharing::reuse_port);
        if (!socket) return fail(socket.error());
        endpoint.port = local_endpoint(socket->get()).port;  // the first may have asked the kernel for one
        listener->sockets.push_back(std::move(*socket));
    }
    state_->listeners.push_back(std::move(listener));
    return endpoint;
}

void Server::start() {
    assert(!state_->started);
    state_->started = true;
    for (std::size_t i = 0; i < state_->berths.size(); ++i) {
        Berth& berth = *state_->berths[i];
        for (const std::unique_ptr<Listener>& each : state_->listeners) {
            Listener& listener = *each;
            berth.reactor.post([this, &berth, &listener, entry = Census::Entry(state_->census), i]() mutable {
                Waiter& door = berth.doors.emplace_back(berth.reactor, listener.sockets[i].release());
                spawn(state_->accept_all(berth, listener, door),
                      [kept = std::move(entry)](std::exception_ptr thrown) { log_failed_task(thrown); });
            });
        }
        berth.reactor.start();
    }
}

void Server::stop(milliseconds grace) {
    {
        const std::scoped_lock lock(state_->mutex);
        if (std::exchange(state_->stopping, true)) return;
    }
    if (state_->started) {
        state_->on_every_reactor(end_gently);
        if (!state_->census.wait_for_none(grace)) {
            state_->on_every_reactor(cut_all);
            while (!state_->census.wait_for_none(complaint_every))
                log_warning("net.stop_waits", "", {{"tasks", state_->census.count()}, {"connections", connections()}});
        }
        for (const std::unique_ptr<Berth>& berth : state_->berths) berth->reactor.stop();
        for (const std::unique_ptr<Berth>& berth : state_->berths) berth->reactor.join();
    }
}

void Server::spawn_on(std::size_t number, std::function<Task<>()> task) {
    const std::scoped_lock lock(state_->mutex);
    if (state_->stopping) return;
    Reactor& reactor = state_->berths[number % state_->berths.size()]->reactor;
    reactor.post([task = std::move(task), entry = Census::Entry(state_->census)]() mutable {
        // A coroutine of its own, so that a lambda's captures live as long as its task.
        const auto keep = [](std::function<Task<>()> made) -> Task<> { co_await made(); };
        spawn(keep(std::move(task)), [kept = std::move(entry)](std::exception_ptr thrown) { log_failed_task(thrown); });
    });
}

std::uint64_t Server::connections() const { return state_->connections.load(); }

}  // namespace packetboat::net
