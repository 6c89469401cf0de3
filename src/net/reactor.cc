#include "net/reactor.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <exception>
#include <string>
#include <thread>

#include "base/log.h"

namespace packetboat::net {

namespace asio = boost::asio;

namespace {

thread_local Reactor* current_reactor = nullptr;

using IoExecutor = asio::io_context::executor_type;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;

// Signals are the main thread's; a thread inherits the mask of the one that starts it.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

// The loop goes on after a job that threw: one mistake must not take every connection of the reactor with it.
void run_loop(asio::io_context& context) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (const std::exception& thrown) {
            log_error("net.job_failed", "", {{"error", thrown.what()}});
        }
    }
}

// One sleeper, in the sleeping coroutine's frame and in its reactor's list.
struct Sleep {
    Sleep(asio::io_context& context, Sleep*& list) : timer(context), first(list), next(list) {
        if (next) next->before = this;
        first = this;
    }
    ~Sleep() {
        (before ? before->next : first) = next;
        if (next) next->before = before;
    }
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
        timer.async_wait([handle](const boost::system::error_code&) { handle.resume(); });
    }
    void await_resume() const noexcept {}

    Timer timer;
    Sleep*& first;
    Sleep* next;
    Sleep* before = nullptr;
};

}  // namespace

struct Reactor::State {
    explicit State(std::size_t n) : number(n) {}

    std::size_t number;
    BufferPool buffers;
    // One thread runs it; other threads only post.
    asio::io_context context{1};
    asio::executor_work_guard<IoExecutor> work{context.get_executor()};
    // Asio opens its epoll and its event descriptors with the first object that needs them. Now, when a failure is known at once, and
    // not later on the thread, when there may be none left.
    Timer first_object{context};
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
        run_loop(state_->context);
    });
}

void Reactor::stop() { state_->context.stop(); }

void Reactor::join() {
    if (state_->thread.joinable()) state_->thread.join();
}

void Reactor::post(std::coroutine_handle<> handle) {
    asio::post(state_->context, [handle] { handle.resume(); });
}

void Reactor::post(std::move_only_function<void()> job) { asio::post(state_->context, std::move(job)); }

Reactor& Reactor::current() {
    assert(current_reactor != nullptr);
    return *current_reactor;
}

asio::io_context& Reactor::context() { return state_->context; }
BufferPool& Reactor::buffers() { return state_->buffers; }
std::size_t Reactor::number() const { return state_->number; }

Task<bool> Reactor::sleep(std::chrono::milliseconds duration) {
    assert(current_reactor == this);
    Sleep sleep(state_->context, state_->sleeping);
    // Not answered on the spot even when sleeps are over: a loop that does not listen would hold the reactor for ever.
    sleep.timer.expires_after(state_->sleeps_over ? std::chrono::milliseconds{0} : duration);
    co_await sleep;
    co_return !state_->sleeps_over;
}

void Reactor::end_sleeps() {
    assert(current_reactor == this);
    state_->sleeps_over = true;
    for (Sleep* sleep = state_->sleeping; sleep; sleep = sleep->next) sleep->timer.cancel();
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
