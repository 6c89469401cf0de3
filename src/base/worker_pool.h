#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/error.h"
#include "base/executor.h"

namespace packetboat {

// Threads for work that would hold up a reactor: password hashes, disk reads, blob writes. The queue is bounded: when it is
// full, work is refused (ErrorCode::unavailable) rather than kept.
class WorkerPool {
public:
    struct Options {
        std::size_t threads = 2;
        std::size_t queue_max = 256;
        const char* name = "worker";  // thread name, at most 15 characters
    };

    explicit WorkerPool(Options options);
    ~WorkerPool();  // finishes what is queued

    // False when the queue is full or the pool is stopping; `job` was not taken then. From any thread.
    bool submit(std::move_only_function<void()> job);
    std::size_t waiting() const;

    // Runs `work()` on a worker and answers its value to the awaiting executor. `work` must not throw.
    template <class Work>
    Task<Result<std::invoke_result_t<Work&>>> run(Work work) {
        using Value = std::invoke_result_t<Work&>;
        struct Awaiter {
            WorkerPool& pool;
            Work& work;
            std::optional<Value> value;
            bool await_ready() const noexcept { return false; }
            bool await_suspend(std::coroutine_handle<> handle) {
                Executor& home = Executor::current();
                return pool.submit([this, handle, &home] {
                    value.emplace(work());
                    home.post(handle);
                });
            }
            std::optional<Value> await_resume() { return std::move(value); }
        };
        std::optional<Value> value = co_await Awaiter{*this, work, std::nullopt};
        if (!value) co_return fail(ErrorCode::unavailable, "too much work is waiting");
        co_return std::move(*value);
    }

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat
