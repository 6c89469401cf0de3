#pragma once

#include <coroutine>
#include <utility>

#include "base/executor.h"
#include "delivery/outbound.h"

namespace packetboat::delivery {

// Time that stands still until a test moves it. One thread.
class ManualPacer final : public Pacer {
public:
    explicit ManualPacer(Time start) : now_(start) {}

    Time now() override { return now_; }
    Task<bool> wait_until(Time time) override {
        if (stopping_) co_return false;
        if (!std::exchange(woken_, false) && time > now_) {
            until_ = time;
            co_await Wait{*this};
            woken_ = false;
        }
        co_return !stopping_;
    }
    void wake() override {
        woken_ = true;
        resume();
    }

    void stop() {
        stopping_ = true;
        resume();
    }
    // Lets all that can happen now happen: until whoever waits for time has waited for a while, or has ended.
    Task<> settle() {
        constexpr int turns_max = 100'000;
        for (int turn = 0, quiet = 0; turn < turns_max && quiet < 20; ++turn) {
            quiet = waiting_ ? quiet + 1 : 0;
            co_await Yield{};
        }
    }
    Task<> advance(std::chrono::microseconds by) {
        now_ = now_ + by;
        if (until_ <= now_) resume();
        co_await settle();
    }
    // In steps, so that everything that becomes due has its turn.
    Task<> advance_by_steps(std::chrono::microseconds by, std::chrono::microseconds step) {
        for (; by.count() > 0; by -= step) co_await advance(step);
    }

private:
    struct Wait {
        ManualPacer& pacer;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) { pacer.waiting_ = handle; }
        void await_resume() const {}
    };
    struct Yield {
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) { Executor::current().post(handle); }
        void await_resume() const {}
    };
    void resume() {
        if (waiting_) Executor::current().post(std::exchange(waiting_, nullptr));
    }

    Time now_;
    Time until_{};
    std::coroutine_handle<> waiting_;
    bool woken_ = false;
    bool stopping_ = false;
};

}  // namespace packetboat::delivery
