#pragma once

#include <atomic>
#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace packetboat {

template <class T = void>
class Task;

namespace detail {

// Resumes whoever awaited the task, without growing the stack.
struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
        return finished.promise().continuation;
    }
    void await_resume() const noexcept {}
};

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr exception;

    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;

    Task<T> get_return_object();
    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
    T take() {
        if (exception) std::rethrow_exception(exception);
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const {
        if (exception) std::rethrow_exception(exception);
    }
};

}  // namespace detail

// A coroutine that starts when it is awaited and runs on the awaiting executor's thread. Awaited once. Destroying a task
// that was not awaited, or that is suspended, destroys its frame: so a task's owner outlives what the task waits for.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    auto operator co_await() && noexcept {
        struct Awaiter {
            std::coroutine_handle<promise_type> handle;
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) const noexcept {
                handle.promise().continuation = awaiting;
                return handle;
            }
            T await_resume() const { return handle.promise().take(); }
        };
        assert(handle_);
        return Awaiter{handle_};
    }

private:
    friend promise_type;
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

namespace detail {

// A coroutine that nobody awaits: runs at once, frees itself at its end. Its body may not throw.
struct Detached {
    struct promise_type {
        Detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

}  // namespace detail

// Starts `task` on this thread and lets it run on its own; `done(exception_ptr)` is called at its end (null when all went
// well).
template <class Done>
void spawn(Task<> task, Done done) {
    [](Task<> running, Done finished) -> detail::Detached {
        std::exception_ptr exception;
        try {
            co_await std::move(running);
        } catch (...) {
            exception = std::current_exception();
        }
        finished(exception);
    }(std::move(task), std::move(done));
}

namespace detail {

template <class T>
struct WhenAll {
    std::vector<Task<T>> tasks;
    std::vector<std::optional<T>> values;
    std::atomic<std::size_t> left{0};
    std::exception_ptr exception;
    std::coroutine_handle<> awaiting;

    bool await_ready() const noexcept { return tasks.empty(); }
    bool await_suspend(std::coroutine_handle<> handle) {
        awaiting = handle;
        // One more than there are tasks, so that tasks that end at once do not resume us before all have started.
        left = tasks.size() + 1;
        for (std::size_t i = 0; i < tasks.size(); ++i) run(std::move(tasks[i]), i);
        return left.fetch_sub(1) != 1;
    }
    void await_resume() {
        if (exception) std::rethrow_exception(exception);
    }
    Detached run(Task<T> task, std::size_t i) {
        try {
            values[i].emplace(co_await std::move(task));
        } catch (...) {
            exception = std::current_exception();
        }
        if (left.fetch_sub(1) == 1) awaiting.resume();
    }
};

}  // namespace detail

// Runs all tasks side by side on this executor; their values in the tasks' order.
template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
    detail::WhenAll<T> all;
    all.values.resize(tasks.size());
    all.tasks = std::move(tasks);
    co_await all;
    std::vector<T> values;
    values.reserve(all.values.size());
    for (std::optional<T>& value : all.values) values.push_back(std::move(*value));
    co_return values;
}

}  // namespace packetboat
