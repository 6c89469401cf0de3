#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/task.h"

namespace packetboat::net {

class BufferPool;
class EventLoop;

// One thread with one event loop. What is spawned on it stays on it, so it needs no locks. Whatever waits on a reactor (streams,
// sleeps, posted handles) has ended before the reactor is destroyed; Server::stop() sees to that.
class Reactor final : public Executor {
public:
    // Throws std::system_error where the process has no descriptors left.
    explicit Reactor(std::size_t number);
    ~Reactor() override;  // stops and joins

    void start();
    void stop();  // ends the loop; from any thread
    void join();

    void post(std::coroutine_handle<> handle) override;
    void post(std::move_only_function<void()> job);  // from any thread

    // The reactor whose thread this is.
    static Reactor& current();

    EventLoop& loop();
    BufferPool& buffers();
    std::size_t number() const;

    // Everybody else's turn: goes on when the loop has looked at the others' input. On the reactor's thread.
    struct Yield {
        Reactor& reactor;

        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) { reactor.post(handle); }
        void await_resume() const noexcept {}
    };
    Yield yield() { return {*this}; }

    // On the reactor's thread. False: sleeps are over, return.
    Task<bool> sleep(std::chrono::milliseconds duration);
    // The server is stopping: every sleep on this reactor ends now, and those begun later at once. On the reactor's thread.
    void end_sleeps();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Waits on the current reactor. False: the reactor is stopping, and the task that slept shall end.
Task<bool> sleep_for(std::chrono::milliseconds duration);

// Read buffers of one size, borrowed while bytes are in flight, so that an idle connection holds none. One reactor's.
class BufferPool {
public:
    static constexpr std::size_t buffer_bytes = 16 * 1024;
    static constexpr std::size_t kept_max = 64;  // more are freed when they come back

    std::unique_ptr<char[]> borrow();
    void give_back(std::unique_ptr<char[]> buffer);

private:
    std::vector<std::unique_ptr<char[]>> free_;
};

}  // namespace packetboat::net
