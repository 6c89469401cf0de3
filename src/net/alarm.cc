#include "net/alarm.h"

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <optional>
#include <utility>

#include "net/event_loop.h"
#include "net/reactor.h"

namespace packetboat::net {

struct Alarm::State : std::enable_shared_from_this<State> {
    explicit State(Reactor& reactor_of) : reactor(reactor_of) {}

    struct Bell final : Timer {
        Bell(EventLoop& loop, State& of) : Timer(loop), state(of) {}
        void on_time() override { state.resume(); }
        State& state;
    };
    struct Wait {
        State& state;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) { state.waiting = handle; }
        void await_resume() const noexcept {}
    };

    void resume() {
        if (bell) bell->cancel();
        if (waiting) std::exchange(waiting, nullptr).resume();
    }
    // To the reactor's thread, once for any number of rings.
    void tell() {
        if (told.exchange(true)) return;
        reactor.post([self = shared_from_this()] {
            self->told = false;
            self->resume();
        });
    }

    Reactor& reactor;
    std::optional<Bell> bell;  // made on the reactor's thread
    std::coroutine_handle<> waiting;
    std::atomic<bool> rung{false};
    std::atomic<bool> told{false};
    std::atomic<bool> ended{false};
};

Alarm::Alarm(Reactor& reactor) : state_(std::make_shared<State>(reactor)) {}
Alarm::~Alarm() { state_->bell.reset(); }

Task<bool> Alarm::wait(std::chrono::milliseconds at_most) {
    State& state = *state_;
    if (!state.ended && !state.rung && at_most.count() > 0) {
        if (!state.bell) state.bell.emplace(state.reactor.loop(), state);
        state.bell->set(Timer::Clock::now() + at_most);
        co_await State::Wait{state};
    } else {
        co_await state.reactor.yield();  // whoever is rung all the time lets others have their turn
    }
    state.rung = false;
    co_return !state.ended;
}

void Alarm::ring() {
    if (state_->rung.exchange(true)) return;
    state_->tell();
}

void Alarm::end() {
    state_->ended = true;
    state_->tell();
}

}  // namespace packetboat::net
