#pragma once

#include <future>
#include <optional>
#include <utility>

#include "net/reactor.h"

namespace packetboat::net::testing {

// A running reactor, and a way for a test to run a task on it and wait for its value.
class TestReactor {
public:
    TestReactor() { reactor_.start(); }

    template <class T>
    T run(Task<T> task) {
        std::promise<T> promise;
        std::future<T> future = promise.get_future();
        reactor_.post([&promise, started = std::move(task)]() mutable {
            const auto keep = [](Task<T> inner, std::promise<T>& out) -> Task<> {
                std::optional<T> value(co_await std::move(inner));
                out.set_value(std::move(*value));
            };
            spawn(keep(std::move(started), promise), [](std::exception_ptr) {});
        });
        return future.get();
    }
    Reactor& operator*() { return reactor_; }
    Reactor* operator->() { return &reactor_; }

private:
    Reactor reactor_{0};
};

}  // namespace packetboat::net::testing
