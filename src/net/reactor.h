#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/task.h"

namespace boost::asio {
class io_context;
}

namespace packetboat::net {

class BufferPool;

// One thread with one event loop. What is spawned on it stays on it, so it needs no locks.
class Reactor final : public Executor {
public:
    explicit Reactor(std::size_t number);
    ~Reactor() override;

    void start();
    void stop();  // ends the loop; from any thread
    void join();

    void post(std::coroutine_handle<> handle) override;
    void post(std::move_only_function<void()> job);  // from any thread

    // The reactor whose thread this is.
    static Reactor& current();

    boost::asio::io_context& context();
    BufferPool& buffers();
    std::size_t number() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Waits on the current reactor.
Task<> sleep_for(std::chrono::milliseconds duration);

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
