#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "delivery/outbound.h"
#include "server/configuration.h"
#include "server/services.h"

namespace packetboat::server {

// The sending side of a running server: name servers, connections to other hosts, the outbound queue, and notifications to senders. A
// reactor of its own.
class Sending {
public:
    struct Place {
        std::size_t reactor = 0;              // its number
        bool dev = false;                     // without a configured name server none is asked
        std::vector<Endpoint> own_endpoints;  // where this server takes mail
    };
    // The services outlive it. Errors: invalid (a route, a file it names, a trust anchor), unavailable.
    static Result<std::unique_ptr<Sending>> make(const Configuration& configuration, Services& services, Place place);
    ~Sending();  // stop()

    void start();
    delivery::Outbound& outbound();
    // Takes over the routes. Errors: as make(); the old ones are kept.
    Result<> reload(const Configuration& configuration);

    // Nothing new is begun, and what is under way is cut short; what was not answered stays in the queue.
    void begin_stop();
    // Waits for the end of what was under way.
    void stop();

private:
    Sending();
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::server
