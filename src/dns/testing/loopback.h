#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/ip.h"

namespace packetboat::dns::testing {

// Owns a descriptor.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~Socket();
    int get() const { return descriptor_; }

private:
    int descriptor_ = -1;
};

// One port of 127.0.0.1 that the kernel chose, for UDP and for TCP (listening). Throws std::system_error.
struct Loopback {
    Loopback();
    Socket udp;
    Socket tcp;
    std::uint16_t port = 0;
};

// What the server on 127.0.0.1 answers to a datagram; empty when there is no answer within the patience.
std::string relay(const Endpoint& server, std::string_view datagram, std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace packetboat::dns::testing
