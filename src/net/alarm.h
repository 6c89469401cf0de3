#pragma once

#include <chrono>
#include <memory>

#include "base/task.h"

namespace packetboat::net {

class Reactor;

// A sleep that can be cut short: for a task that waits for a time or for news, whichever comes first. One waits at a time, on the
// reactor's thread.
class Alarm {
public:
    explicit Alarm(Reactor& reactor);
    ~Alarm();  // on the reactor's thread, or when the reactor does not run; nobody waits

    // At once when it was rung since the last wait. False: end() was called.
    Task<bool> wait(std::chrono::milliseconds at_most);
    // From any thread; costs little when it has been rung already.
    void ring();
    // Every wait ends, now and later. From any thread.
    void end();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace packetboat::net
