#include "server/control.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "base/executor.h"
#include "base/log.h"
#include "base/worker_pool.h"
#include "server/control_address.h"

namespace packetboat::server {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int backlog = 16;
constexpr milliseconds accept_pause{100};         // when descriptors or memory have run out
constexpr milliseconds answer_time_at_stop{200};  // for a client that is slow to take its answer

AdminResponse stopped() {
    return {.exit = exit_status(ErrorCode::unavailable), .error = "the server is stopping; the command was not finished", .result = {}};
}

int milliseconds_until(Clock::time_point time) {
    const auto left = std::chrono::ceil<milliseconds>(time - Clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

}  // namespace

struct ControlSocket::State {
    // A command under way. Whoever claims it answers its client: the worker when it is done, or the one who stops it.
    struct Call {
        int client;
        bool claimed = false;
    };

    Options options;
    Execute execute;
    std::filesystem::path path;
    Descriptor listener;
    Descriptor stop;  // readable from begin_stop() on
    std::stop_source stopping;
    std::mutex mutex;  // over calls
    std::condition_variable call_ended;
    std::list<Call> calls;
    std::thread acceptor;
    std::unique_ptr<WorkerPool> workers;

    void accept_all();
    void pause();
    void serve(int client);
    std::optional<std::string> read_request(int client) const;
    AdminResponse answer(const std::string& line) const;
    void write_answer(int client, const AdminResponse& response) const;
    bool claim(Call& call) {
        const std::scoped_lock lock(mutex);
        return !std::exchange(call.claimed, true);
    }
};

void ControlSocket::State::accept_all() {
    bool failing = false;
    for (;;) {
        pollfd waits[2] = {{.fd = listener.get(), .events = POLLIN, .revents = 0}, {.fd = stop.get(), .events = POLLIN, .revents = 0}};
        if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
        if ((waits[1].revents & POLLIN) != 0) return;
        Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!client) {
            if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) continue;
            if (!std::exchange(failing, true)) log_warning("control.accept_failed", "", {{"reason", std::strerror(errno)}});
            pause();  // the client goes on waiting, so the socket is readable all the time
            continue;
        }
        failing = false;
        // Refused when too many are under way: the client sees the connection end.
        (void)workers->submit([this, held = std::move(client)] { serve(held.get()); });
    }
}

void ControlSocket::State::pause() {
    pollfd wait{.fd = stop.get(), .events = POLLIN, .revents = 0};
    (void)::poll(&wait, 1, static_cast<int>(accept_pause.count()));
}

void ControlSocket::State::serve(int client) {
    const std::optional<std::string> line = read_request(client);
    if (!line) {
        if (stopping.stop_requested()) write_answer(client, stopped());
        return;
    }
    std::unique_lock lock(mutex);
    const auto call = calls.insert(calls.end(), Call{.client = client});
    lock.unlock();
    const AdminResponse response = answer(*line);
    if (claim(*call)) write_answer(client, response);
    lock.lock();
    calls.erase(call);
    call_ended.notify_all();
}

// Up to the first newline, without it. nullopt: the other end closed, was too slow or sent too much, or we stop.
std::optional<std::string> ControlSocket::State::read_request(int client) const {
    const Clock::time_point deadline = Clock::now() + options.request_timeout;
    std::string line;
    char block[16 * 1024];
    while (line.size() <= control_request_max_bytes) {
        pollfd waits[2] = {{.fd = client, .events = POLLIN, .revents = 0}, {.fd = stop.get(), .events = POLLIN, .revents = 0}};
        const int ready = ::poll(waits, 2, milliseconds_until(deadline));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 || waits[1].revents != 0) return std::nullopt;
        const ssize_t got = ::recv(client, block, sizeof block, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return std::nullopt;
        line.append(block, static_cast<std::size_t>(got));
        if (const std::size_t end = line.find('\n', line.size() - static_cast<std::size_t>(got)); end != std::string::npos)
            return line.substr(0, end);
    }
    return std::nullopt;
}

AdminResponse ControlSocket::State::answer(const std::string& line) const {
    Result<AdminRequest> request = AdminRequest::parse(line);
    if (!request) return {.exit = Exit::usage, .error = request.error().text, .result = {}};
    const std::string command = request->command;
    try {
        return run_to_end(execute(std::move(*request), stopping.get_token()));
    } catch (const std::exception& exception) {
        log_error("control.failed", "", {{"command", command}, {"reason", exception.what()}});
        return {.exit = Exit::failed, .error = "the server could not do it; its log says why", .result = {}};
    }
}

// A client that does not take its answer loses it; soon, when we stop.
void ControlSocket::State::write_answer(int client, const AdminResponse& response) const {
    const std::string text = response.json() + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t sent = ::send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            rest.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return;
        pollfd waits[2] = {{.fd = client, .events = POLLOUT, .revents = 0}, {.fd = stop.get(), .events = POLLIN, .revents = 0}};
        const bool at_stop = stopping.stop_requested();
        const milliseconds timeout = at_stop ? answer_time_at_stop : options.answer_timeout;
        if (::poll(waits, at_stop ? 1 : 2, static_cast<int>(timeout.count())) == 0) return;
    }
}

ControlSocket::ControlSocket() : state_(std::make_unique<State>()) {}

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(const std::filesystem::path& data, Execute execute, Options options) {
    std::unique_ptr<ControlSocket> socket(new ControlSocket());
    State& state = *socket->state_;
    state.options = options;
    state.execute = std::move(execute);
    state.path = control_socket_path(data);
    const auto broken = [&](std::string_view what) {
        return fail(ErrorCode::unavailable, std::string(what) + " " + state.path.string() + ": " + std::strerror(errno));
    };
    const ControlAddress at = ControlAddress::in(data);
    // The store's lock says that no other server runs here, so what is there was left by one that was killed.
    ::unlink(state.path.c_str());
    state.stop = Descriptor(::eventfd(0, EFD_CLOEXEC));
    if (!state.stop) return broken("cannot watch over");
    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const mode_t mask = ::umask(0077);
    const bool bound = ::bind(listener.get(), at.generic(), sizeof at.address) == 0;
    ::umask(mask);
    if (!bound) return broken("cannot bind");
    state.listener = std::move(listener);
    if (::listen(state.listener.get(), backlog) != 0) return broken("cannot listen on");
    state.workers = std::make_unique<WorkerPool>(WorkerPool::Options{.threads = 4, .queue_max = 16, .name = "control"});
    state.acceptor = std::thread([&state] { state.accept_all(); });
    return socket;
}

ControlSocket::~ControlSocket() {
    begin_stop();
    state_->workers.reset();
}

void ControlSocket::begin_stop() {
    if (!state_->stopping.request_stop()) return;
    const std::uint64_t one = 1;
    if (state_->stop) (void)!::write(state_->stop.get(), &one, sizeof one);
    if (state_->acceptor.joinable()) state_->acceptor.join();
    if (!state_->listener) return;
    state_->listener.close();
    ::unlink(state_->path.c_str());
}

bool ControlSocket::wait_until(Clock::time_point time) {
    std::unique_lock lock(state_->mutex);
    if (state_->call_ended.wait_until(lock, time, [&] { return state_->calls.empty(); })) return true;
    for (State::Call& call : state_->calls) {
        if (std::exchange(call.claimed, true)) continue;
        state_->write_answer(call.client, stopped());
        ::shutdown(call.client, SHUT_RDWR);
    }
    return false;
}

}  // namespace packetboat::server
