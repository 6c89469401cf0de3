#pragma once

#include <memory>

#include "pop3/session/options.h"
#include "server/configuration.h"
#include "smtp/session/options.h"

namespace packetboat::server {

// What sessions need of the configuration, made once per reload. Shared, because sessions that began before a reload go on with what they
// began with.
struct Runtime {
    smtp::Options mx;
    smtp::Options submission;
    smtp::Options lmtp;
    pop3::Options pop3;
    Timeouts smtp_timeouts;
    Timeouts pop3_timeouts;

    static std::shared_ptr<const Runtime> of(const Configuration& configuration);
};

}  // namespace packetboat::server
