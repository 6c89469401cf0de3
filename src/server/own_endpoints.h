#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "base/ip.h"
#include "net/interfaces.h"

namespace packetboat::server {

// Where this server takes mail: what it listens at, and for a wildcard every address that the machine has, looked at again when the
// last look is a minute old. One thread.
class OwnEndpoints {
public:
    using Clock = std::chrono::steady_clock;
    using Addresses = std::vector<IpAddress> (*)();
    explicit OwnEndpoints(std::vector<Endpoint> listeners, Addresses addresses = &net::interface_addresses)
        : listeners_(std::move(listeners)), addresses_(addresses) {}

    bool contain(const Endpoint& endpoint, Clock::time_point now = Clock::now());

private:
    std::vector<Endpoint> listeners_;
    Addresses addresses_;
    std::vector<IpAddress> interfaces_;
    Clock::time_point look_at_{};
};

}  // namespace packetboat::server
