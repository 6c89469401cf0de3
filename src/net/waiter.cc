#include "net/waiter.h"

#include <sys/socket.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cassert>
#include <utility>

#include "net/reactor.h"

namespace packetboat::net {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;
using IoExecutor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<IoExecutor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, IoExecutor>;
constexpr Clock::time_point never = Clock::time_point::max();

// Keeps the state while a handler is under way. Not atomic: all of it happens on one thread.
template <class State>
class Shared {
public:
    explicit Shared(State* state) : state_(state) { ++state_->references; }
    Shared(Shared&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Shared& operator=(Shared&&) = delete;
    ~Shared() {
        if (state_) State::drop(state_);
    }
    State* operator->() const { return state_; }

private:
    State* state_;
};

}  // namespace

struct Waiter::State {
    explicit State(Reactor& its_reactor) : reactor(its_reactor), descriptor(reactor.context()), timer(reactor.context()) {}

    static void drop(State* state) {
        if (--state->references == 0) delete state;
    }

    void arm();
    void on_timer(const boost::system::error_code& error);
    void on_ready();
    // Ends the wait under way. Its handler resumes the coroutine, soon; not we, in the middle of our caller's work.
    void finish(WaitEnd how);

    Reactor& reactor;
    Descriptor descriptor;
    Timer timer;
    std::coroutine_handle<> waiting;
    Clock::time_point deadline = never;
    Clock::time_point timer_at = never;  // when the timer fires; never: it is not armed
    std::uint32_t references = 1;
    WaitFor what = WaitFor::input;
    WaitEnd end = WaitEnd::ready;
    bool interrupted = false;
    bool closed = false;
};

Waiter::Waiter(Reactor& reactor, int descriptor) : state_(new State(reactor)) {
    boost::system::error_code error;
    state_->descriptor.assign(descriptor, error);
    // The kernel's limit of watched descriptors is reached: a connection that cannot be waited for is a closed one.
    if (error) {
        ::shutdown(descriptor, SHUT_RDWR);
        state_->closed = true;
    }
}

Waiter::~Waiter() {
    close();
    State::drop(state_);
}

int Waiter::descriptor() const { return state_->descriptor.is_open() ? state_->descriptor.native_handle() : -1; }
Reactor& Waiter::reactor() const { return state_->reactor; }

void Waiter::deadline(std::optional<std::chrono::milliseconds> from_now) { state_->deadline = from_now ? Clock::now() + *from_now : never; }

std::optional<WaitEnd> Waiter::ends_at_once(WaitFor what) {
    if (state_->closed) return WaitEnd::closed;
    if (what == WaitFor::input && std::exchange(state_->interrupted, false)) return WaitEnd::interrupted;
    if (state_->deadline != never && Clock::now() >= state_->deadline) return WaitEnd::timed_out;
    return std::nullopt;
}

void Waiter::begin(WaitFor what, std::coroutine_handle<> handle) {
    assert(!state_->waiting);
    state_->waiting = handle;
    state_->what = what;
    state_->end = WaitEnd::ready;
    state_->arm();
    const auto direction = what == WaitFor::output ? Descriptor::wait_write : Descriptor::wait_read;
    state_->descriptor.async_wait(direction, [state = Shared<State>(state_)](const boost::system::error_code&) { state->on_ready(); });
}

WaitEnd Waiter::end() const { return state_->end; }

void Waiter::interrupt() {
    if (state_->waiting && state_->what == WaitFor::input && state_->end == WaitEnd::ready) {
        state_->finish(WaitEnd::interrupted);
    } else {
        state_->interrupted = true;
    }
}

void Waiter::cut() {
    if (std::exchange(state_->closed, true)) return;
    ::shutdown(state_->descriptor.native_handle(), SHUT_RDWR);
    state_->finish(WaitEnd::closed);
}

void Waiter::close() {
    state_->closed = true;
    state_->waiting = nullptr;
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
    state_->timer.cancel();
}

void Waiter::State::finish(WaitEnd how) {
    if (!waiting) return;
    end = how;
    boost::system::error_code ignored;
    descriptor.cancel(ignored);
}

void Waiter::State::on_ready() {
    if (const std::coroutine_handle<> handle = std::exchange(waiting, nullptr)) handle.resume();
}

void Waiter::State::arm() {
    if (timer_at <= deadline) return;  // it fires in time, and looks again then
    timer_at = deadline;
    timer.expires_at(deadline);
    timer.async_wait([state = Shared<State>(this)](const boost::system::error_code& error) { state->on_timer(error); });
}

void Waiter::State::on_timer(const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier time, or closed
    timer_at = never;
    if (!waiting || deadline == never) return;  // the next wait arms it
    if (Clock::now() < deadline) return arm();
    if (end == WaitEnd::ready) finish(WaitEnd::timed_out);
}

}  // namespace packetboat::net
