#include "net/reactor.h"

#include "base/signals_blocked.h"

#include <pthread.h>
#include <signal.h>

#include <cassert>
#include <string>
#include <thread>

#include "net/event_loop.h"

namespace packetboat::net {

namespace {

thread_local Reactor* current_reactor = nullptr;

// One sleeper, in the sleeping coroutine's frame and in its reactor's list.
struct Sleep final : Timer {
    Sleep(EventLoop& loop, Sleep*& list) : Timer(loop), first(list), next(list) {
        if (next) next->before = this;
        first = this;
    }
    ~Sleep() override {
        (before ? before->next : first) = next;
        if (next) next->before = before;
    }

    void on_time() override { waiting.resume(); }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
    void await_resume() const noexcept {}

    std::coroutine_handle<> waiting;
    Sleep*& first;
    Sleep* next;
    Sleep* before = nullptr;
};

}  // namespace

struct Reactor::State {
    explicit State(std::size_t n) : number(n) {}

    std::size_t number;
    BufferPool buffers;
    EventLoop loop;
    Sleep* sleeping = nullptr;
    bool sleeps_over = false;
    std::thread thread;
};

Reactor::Reactor(std::size_t number) : state_(std::make_unique<State>(number)) {}

Reactor::~Reactor() {
    stop();
    join();
}

void Reactor::start() {
    assert(!state_->thread.joinable());
    const SignalsBlocked blocked;
    state_->thread = std::thread([this] {
        const std::string name = "reactor-" + std::to_string(state_->number);
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        const Scope scope(*this);
        current_reactor = this;
        state_->loop.run();
    });
}

void Reactor::stop() { state_->loop.stop(); }

void Reactor::join() {
    if (state_->thread.joinable()) state_->thread.join();
}

void Reactor::post(std::coroutine_handle<> handle) { state_->loop.post(handle); }
void Reactor::post(std::move_only_function<void()> job) { state_->loop.post(std::move(job)); }

Reactor& Reactor::current() {
    assert(current_reactor != nullptr);
    return *current_reactor;
}

EventLoop& Reactor::loop() { return state_->loop; }
BufferPool& Reactor::buffers() { return state_->buffers; }
std::size_t Reactor::number() const { return state_->number; }

Task<bool> Reactor::sleep(std::chrono::milliseconds duration) {
    assert(current_reactor == this);
    Sleep sleep(state_->loop, state_->sleeping);
    // Not answered on the spot even when sleeps are over: a loop that does not listen would hold the reactor for ever.
    sleep.set(Timer::Clock::now() + (state_->sleeps_over ? std::chrono::milliseconds{0} : duration));
    co_await sleep;
    co_return !state_->sleeps_over;
}

void Reactor::end_sleeps() {
    assert(current_reactor == this);
    state_->sleeps_over = true;
    for (Sleep* sleep = state_->sleeping; sleep; sleep = sleep->next) sleep->set(Timer::Clock::now());
}

Task<bool> sleep_for(std::chrono::milliseconds duration) { return Reactor::current().sleep(duration); }

std::unique_ptr<char[]> BufferPool::borrow() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(buffer_bytes);
    std::unique_ptr<char[]> buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
}

void BufferPool::give_back(std::unique_ptr<char[]> buffer) {
    if (free_.size() < kept_max) free_.push_back(std::move(buffer));
}

}  // namespace packetboat::net
