#pragma once

#include <string>

#include "delivery/transport.h"

namespace packetboat::delivery {

// A route that is its site's name.
class TestRoute final : public Route {
public:
    explicit TestRoute(const std::string& site) : Route(site, site + " (MX)") {}
    bool shares_connections_with(const Route& other) const override { return site() == other.site(); }
};

}  // namespace packetboat::delivery
