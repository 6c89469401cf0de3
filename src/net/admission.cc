#include "net/admission.h"

#include <cassert>
#include <mutex>
#include <unordered_map>

namespace packetboat::net {

struct Gate::State {
    std::uint64_t connections_max;
    std::uint64_t per_address_max;
    bool count_loopback;

    mutable std::mutex mutex;  // over what follows
    std::uint64_t inside = 0;
    std::unordered_map<IpAddress, std::uint64_t, IpAddressHash> by_network;

    bool counts(const IpAddress& remote) const { return count_loopback || !remote.is_loopback(); }
};

Gate::Gate(const Admission& admission)
    : state_(new State{admission.connections_max, admission.connections_per_address_max, admission.count_loopback}) {}

Gate::~Gate() { assert(state_->inside == 0); }

std::optional<Gate::Ticket> Gate::enter(const IpAddress& remote) {
    const std::scoped_lock lock(state_->mutex);
    if (state_->inside >= state_->connections_max) return std::nullopt;
    if (state_->counts(remote)) {
        if (state_->per_address_max == 0) return std::nullopt;
        std::uint64_t& count = state_->by_network[remote.network()];
        if (count >= state_->per_address_max) return std::nullopt;
        ++count;
    }
    ++state_->inside;
    return Ticket(*this, remote);
}

void Gate::leave(const IpAddress& remote) {
    const std::scoped_lock lock(state_->mutex);
    --state_->inside;
    if (!state_->counts(remote)) return;
    const auto entry = state_->by_network.find(remote.network());
    assert(entry != state_->by_network.end());
    if (--entry->second == 0) state_->by_network.erase(entry);
}

std::uint64_t Gate::inside() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->inside;
}

}  // namespace packetboat::net
