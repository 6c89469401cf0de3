#pragma once

#include <algorithm>
#include <chrono>

#include "delivery/outbound.h"
#include "net/alarm.h"
#include "net/reactor.h"

namespace packetboat::server {

// The machine's clock, and sleeps on a reactor.
class ReactorPacer final : public delivery::Pacer {
public:
    explicit ReactorPacer(net::Reactor& reactor) : alarm_(reactor) {}

    Time now() override { return Time::now(); }
    Task<bool> wait_until(Time time) override {
        // A clock that is set while we sleep must not make us sleep for long.
        constexpr std::chrono::milliseconds sleep_max{60'000};
        const auto left = std::chrono::milliseconds((time.micros - Time::now().micros) / 1000 + 1);
        return alarm_.wait(std::clamp(left, std::chrono::milliseconds(0), sleep_max));
    }
    void wake() override { alarm_.ring(); }
    void end() { alarm_.end(); }

private:
    net::Alarm alarm_;
};

}  // namespace packetboat::server
