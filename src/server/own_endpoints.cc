#include "server/own_endpoints.h"

#include <algorithm>

namespace packetboat::server {
namespace {

constexpr std::chrono::seconds look_interval{60};

bool is_wildcard(const IpAddress& address) { return address == IpAddress::v4(0, 0, 0, 0) || address == IpAddress{}; }

}  // namespace

bool OwnEndpoints::contain(const Endpoint& endpoint, Clock::time_point now) {
    const auto covers = [&](const Endpoint& one) {
        return one == endpoint ||
               (one.port == endpoint.port && is_wildcard(one.address) && (one.address == IpAddress{} || endpoint.address.is_v4()));
    };
    const auto listener = std::ranges::find_if(listeners_, covers);
    if (listener == listeners_.end()) return false;
    if (*listener == endpoint || endpoint.address.is_loopback()) return true;
    if (now >= look_at_) {
        interfaces_ = addresses_();
        look_at_ = now + look_interval;
    }
    return std::ranges::find(interfaces_, endpoint.address) != interfaces_.end();
}

}  // namespace packetboat::server
