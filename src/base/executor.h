#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/task.h"

namespace packetboat {

// A thread that runs coroutines: a reactor, or the RunLoop of a command or test. A coroutine that has waited for another
// thread (committer, worker, reader) goes on where it waited: the waiting side remembers Executor::current() and posts
// the handle there.
class Executor {
public:
    virtual ~Executor() = default;

    // Resumes `handle` on this executor's thread, soon. From any thread.
    virtual void post(std::coroutine_handle<> handle) = 0;

    // The executor whose thread this is. Every coroutine runs on one.
    static Executor& current();
    static bool has_current();

protected:
    // Makes `executor` the current one of this thread until the end of the scope.
    class Scope {
    public:
        explicit Scope(Executor& executor);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Executor* before_;
    };
};

// An executor for commands and tests: runs one task to its end on the calling thread.
class RunLoop final : public Executor {
public:
    RunLoop();
    ~RunLoop() override;
    void post(std::coroutine_handle<> handle) override;

    template <class T>
    T run(Task<T> task) {
        Scope scope(*this);
        std::optional<T> value;
        run_until_done(
            [](Task<T> inner, std::optional<T>& out) -> Task<> { out.emplace(co_await std::move(inner)); }(std::move(task), value));
        return std::move(*value);
    }
    void run(Task<> task) {
        Scope scope(*this);
        run_until_done(std::move(task));
    }

private:
    void run_until_done(Task<> task);
    struct State;
    std::unique_ptr<State> state_;
};

// Runs `task` on a RunLoop of its own.
template <class T>
T run_to_end(Task<T> task) {
    RunLoop loop;
    return loop.run(std::move(task));
}

}  // namespace packetboat
