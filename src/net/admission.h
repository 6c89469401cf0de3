#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/ip.h"

namespace packetboat::net {

// What the listeners of one name admit together. Connections over a limit are told `too_busy` (a protocol's own line, e.g. "421 4.7.0
// …\r\n") and closed; on an implicit-TLS listener they are just closed.
struct Admission {
    std::uint64_t connections_max = 10'000;
    std::uint64_t connections_per_address_max = 50;  // per /64 for IPv6
    bool count_loopback = false;                     // per address; what comes from this machine is its own affair
    std::string too_busy;
};

// Counts the connections of one or more listeners, in all and per address. From any thread.
class Gate {
public:
    explicit Gate(const Admission& admission);
    ~Gate();

    // One admitted connection; gives its place back at its end. The gate outlives it.
    class Ticket {
    public:
        Ticket(Ticket&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), address_(other.address_) {}
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket() {
            if (gate_) gate_->leave(address_);
        }

    private:
        friend Gate;
        Ticket(Gate& gate, const IpAddress& address) : gate_(&gate), address_(address) {}
        Gate* gate_;
        IpAddress address_;
    };

    // Nothing: over a limit.
    std::optional<Ticket> enter(const IpAddress& remote);
    std::uint64_t inside() const;

private:
    void leave(const IpAddress& remote);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::net
