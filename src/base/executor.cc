#include "base/executor.h"

#include <cassert>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>

namespace packetboat {

namespace {
thread_local Executor* current_executor = nullptr;
}

Executor& Executor::current() {
    assert(current_executor != nullptr);
    return *current_executor;
}

bool Executor::has_current() { return current_executor != nullptr; }

Executor::Scope::Scope(Executor& executor) : before_(std::exchange(current_executor, &executor)) {}
Executor::Scope::~Scope() { current_executor = before_; }

struct RunLoop::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::coroutine_handle<>> ready;
};

RunLoop::RunLoop() : state_(std::make_unique<State>()) {}
RunLoop::~RunLoop() = default;

void RunLoop::post(std::coroutine_handle<> handle) {
    // Notified under the lock: the loop may end, and take the condition variable with it, as soon as it can run.
    const std::scoped_lock lock(state_->mutex);
    state_->ready.push_back(handle);
    state_->wake.notify_one();
}

void RunLoop::run_until_done(Task<> task) {
    bool done = false;
    std::exception_ptr exception;
    spawn(std::move(task), [&](std::exception_ptr thrown) {
        done = true;
        exception = std::move(thrown);
    });
    while (!done) {
        std::unique_lock lock(state_->mutex);
        state_->wake.wait(lock, [&] { return !state_->ready.empty(); });
        const std::coroutine_handle<> next = state_->ready.front();
        state_->ready.pop_front();
        lock.unlock();
        next.resume();
    }
    if (exception) std::rethrow_exception(exception);
}

}  // namespace packetboat
