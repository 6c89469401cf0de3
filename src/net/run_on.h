#pragma once

#include <exception>
#include <future>
#include <optional>
#include <utility>

#include "base/task.h"
#include "net/reactor.h"

namespace packetboat::net {

// For a command's main thread: runs `task` on a reactor that has been started, waits for its end and answers its value. What the task
// throws is thrown here. Never from a reactor's own thread.
template <class T>
T run_on(Reactor& reactor, Task<T> task) {
    // Shared with the reactor: that is still in set_value() when we wake up.
    const auto promise = std::make_shared<std::promise<std::optional<T>>>();
    std::future<std::optional<T>> future = promise->get_future();
    reactor.post([promise, started = std::move(task)]() mutable {
        const auto value = std::make_shared<std::optional<T>>();
        const auto keep = [](Task<T> inner, std::shared_ptr<std::optional<T>> out) -> Task<> { out->emplace(co_await std::move(inner)); };
        spawn(keep(std::move(started), value), [promise, value](std::exception_ptr thrown) {
            if (thrown) return promise->set_exception(thrown);
            promise->set_value(std::move(*value));
        });
    });
    return *future.get();
}

}  // namespace packetboat::net
