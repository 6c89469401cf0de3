#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>

namespace packetboat::net {

class Reactor;

enum class WaitFor : std::uint8_t {
    input,              // ended by interrupt()
    input_undisturbed,  // an interrupt() waits for the next wait for input
    output,             // the same
};
enum class WaitEnd : std::uint8_t { ready, timed_out, interrupted, closed };

// Owns a descriptor and waits for its readiness: one coroutine, one wait at a time, on the thread of its reactor. Readiness is told once,
// when it is new: whoever was told reads (or writes, or accepts) until the kernel says that there is no more, or has taken less than it
// asked for, and waits again only then. It may be told too often. Its timer is moved
// lazily: a new deadline is only stored, and the timer arms itself again when it has fired too early. So a deadline costs a clock
// read a command, and a timer event now and then.
class Waiter {
public:
    Waiter(Reactor& reactor, int descriptor);
    ~Waiter();  // closes the descriptor
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    int descriptor() const;  // -1 after close()
    // Urgent data has come: a read that took less than it asked for may have stopped at its mark.
    bool had_urgent_input() const;
    Reactor& reactor() const;

    // Waits end with timed_out from then on. Nothing: they do not.
    void deadline(std::optional<std::chrono::milliseconds> from_now);

    // co_await waiter.wait(WaitFor::input)
    struct Wait {
        Waiter& waiter;
        WaitFor what;
        std::optional<WaitEnd> at_once{};

        bool await_ready() { return (at_once = waiter.ends_at_once(what)).has_value(); }
        void await_suspend(std::coroutine_handle<> handle) { waiter.begin(what, handle); }
        WaitEnd await_resume() const { return at_once ? *at_once : waiter.end(); }
    };
    Wait wait(WaitFor what) { return {*this, what}; }

    // The parts of a wait. Takes an interrupt that is due.
    std::optional<WaitEnd> ends_at_once(WaitFor what);
    void begin(WaitFor what, std::coroutine_handle<> handle);
    WaitEnd end() const;

    void interrupt();
    // Every wait ends with closed, now and later; the connection is shut down both ways.
    void cut();
    void close();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::net
