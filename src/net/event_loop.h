#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "base/descriptor.h"

namespace packetboat::net {

class EventLoop;

// Is told what happens to a descriptor, on the loop's thread.
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void on_events(std::uint32_t events) = 0;  // EPOLLIN, …
};

// A time in a loop's heap; on the loop's thread only. Not armed when it is told.
class Timer {
public:
    using Clock = std::chrono::steady_clock;

    explicit Timer(EventLoop& loop) : loop_(loop) {}
    virtual ~Timer() { cancel(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void set(Clock::time_point at);
    void cancel();
    virtual void on_time() = 0;

private:
    friend EventLoop;
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

    EventLoop& loop_;
    Clock::time_point at_;
    std::size_t place_ = nowhere;  // in the heap
};

// One thread's loop over epoll, edge-triggered: a descriptor is made known once, and a wait for it costs no system call but epoll_wait.
// (A library's loop arms the descriptor again before every wait, because it cannot know that its user reads until nothing is left.)
class EventLoop {
public:
    // Throws std::system_error where the process has no descriptors left.
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Returns after stop(). What a job, a watcher or a timer throws is logged, and the loop goes on: one mistake must not take every
    // connection with it.
    void run();
    void stop();  // from any thread

    // From any thread; run soon, in the order given by one thread.
    void post(std::coroutine_handle<> handle);
    void post(std::move_only_function<void()> job);

    // Tells `watcher` of input, urgent or not, output, and the other side's end, each when it is new: who is told must go on until the
    // kernel has no more. Until the descriptor is closed. False: the kernel's limit of watched descriptors is reached. On the loop's
    // thread.
    bool watch(int descriptor, Watcher& watcher);
    // Destroys it when no event for it can be in hand any more.
    void retire(std::unique_ptr<Watcher> watcher);

private:
    friend Timer;
    struct Job {
        std::coroutine_handle<> handle;
        std::move_only_function<void()> function;
    };

    void post(Job job);
    void run_jobs();
    void run_timers();
    int sleep_ms() const;
    void place(Timer* timer, std::size_t at);
    void sift(std::size_t at);
    void remove(Timer& timer);

    Descriptor epoll_;
    Descriptor bell_;  // an eventfd: rung for a loop that sleeps
    std::vector<Timer*> timers_;
    std::vector<std::unique_ptr<Watcher>> retired_;
    std::vector<Job> own_;      // posted on the loop's thread
    std::vector<Job> running_;  // taken out to be run

    std::mutex mutex_;
    std::vector<Job> posted_;  // on other threads
    bool asleep_ = false;      // and not rung for yet
    bool stopped_ = false;
};

}  // namespace packetboat::net
