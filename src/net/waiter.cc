#include "net/waiter.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cassert>
#include <utility>

#include "base/descriptor.h"
#include "net/event_loop.h"
#include "net/reactor.h"

namespace packetboat::net {

namespace {

using Clock = Timer::Clock;
constexpr Clock::time_point never = Clock::time_point::max();
constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;

}  // namespace

struct Waiter::State final : Watcher, Timer {
    State(Reactor& its_reactor, int its_descriptor) : Timer(its_reactor.loop()), reactor(its_reactor), descriptor(its_descriptor) {}

    void on_events(std::uint32_t events) override;
    void on_time() override;
    bool take_readiness(WaitFor direction);
    void arm();
    // Ends the wait under way. The loop resumes the coroutine, soon; not we, in the middle of our caller's work.
    void finish(WaitEnd how);

    Reactor& reactor;
    Descriptor descriptor;
    std::coroutine_handle<> waiting;
    Clock::time_point deadline = never;
    Clock::time_point timer_at = never;  // when the timer fires; never: it is not armed
    WaitFor what = WaitFor::input;
    WaitEnd end = WaitEnd::ready;
    bool input_ready = false;   // told while nobody waited for it
    bool output_ready = false;  // the same
    bool input_ends = false;    // the other side sends no more: always ready for that news
    bool is_broken = false;
    bool urgent = false;
    bool interrupted = false;
    bool closed = false;
};

Waiter::Waiter(Reactor& reactor, int descriptor) : state_(std::make_unique<State>(reactor, descriptor)) {
    if (reactor.loop().watch(descriptor, *state_)) return;
    // A connection that cannot be waited for is a closed one.
    ::shutdown(descriptor, SHUT_RDWR);
    state_->closed = true;
}

Waiter::~Waiter() {
    close();
    EventLoop& loop = state_->reactor.loop();
    loop.retire(std::move(state_));
}

int Waiter::descriptor() const { return state_->descriptor.get(); }
bool Waiter::had_urgent_input() const { return state_->urgent; }
Reactor& Waiter::reactor() const { return state_->reactor; }

void Waiter::deadline(std::optional<std::chrono::milliseconds> from_now) { state_->deadline = from_now ? Clock::now() + *from_now : never; }

std::optional<WaitEnd> Waiter::ends_at_once(WaitFor what) {
    if (state_->closed) return WaitEnd::closed;
    if (what == WaitFor::input && std::exchange(state_->interrupted, false)) return WaitEnd::interrupted;
    if (state_->deadline != never && Clock::now() >= state_->deadline) return WaitEnd::timed_out;
    if (state_->take_readiness(what)) return WaitEnd::ready;
    return std::nullopt;
}

void Waiter::begin(WaitFor what, std::coroutine_handle<> handle) {
    assert(!state_->waiting);
    state_->waiting = handle;
    state_->what = what;
    state_->end = WaitEnd::ready;
    state_->arm();
}

WaitEnd Waiter::end() const { return state_->end; }

void Waiter::interrupt() {
    if (state_->waiting && state_->what == WaitFor::input) {
        state_->finish(WaitEnd::interrupted);
    } else {
        state_->interrupted = true;
    }
}

void Waiter::cut() {
    if (std::exchange(state_->closed, true)) return;
    ::shutdown(state_->descriptor.get(), SHUT_RDWR);
    state_->finish(WaitEnd::closed);
}

void Waiter::close() {
    state_->closed = true;
    state_->waiting = nullptr;
    state_->descriptor.close();
    state_->cancel();
}

void Waiter::State::on_events(std::uint32_t events) {
    if (closed) return;
    input_ready |= (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | broken)) != 0;
    urgent |= (events & EPOLLPRI) != 0;
    output_ready |= (events & (EPOLLOUT | broken)) != 0;
    input_ends |= (events & EPOLLRDHUP) != 0;
    is_broken |= (events & broken) != 0;
    if (waiting && take_readiness(what)) std::exchange(waiting, nullptr).resume();
}

bool Waiter::State::take_readiness(WaitFor direction) {
    if (direction == WaitFor::output) return std::exchange(output_ready, false) || is_broken;
    return std::exchange(input_ready, false) || input_ends || is_broken;
}

void Waiter::State::finish(WaitEnd how) {
    if (!waiting) return;
    end = how;
    reactor.post(std::exchange(waiting, nullptr));
}

void Waiter::State::arm() {
    if (timer_at <= deadline) return;  // it fires in time, and looks again then
    timer_at = deadline;
    set(deadline);
}

void Waiter::State::on_time() {
    timer_at = never;
    if (!waiting || deadline == never) return;  // the next wait arms it
    if (Clock::now() < deadline) return arm();
    finish(WaitEnd::timed_out);
}

}  // namespace packetboat::net
