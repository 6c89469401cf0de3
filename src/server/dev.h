#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "server/configuration.h"
#include "server/services.h"

// The try-out server: complete, without configuration, root rights or network.
namespace packetboat::server {

struct DevOptions {
    std::filesystem::path data;
    std::uint16_t port_base = 20'000;  // every port is this plus the standard one
    IpAddress bind = IpAddress::v4(127, 0, 0, 1);
    std::optional<Endpoint> dns;  // the name server to ask; none: mail for others waits
};

// Over `configuration`, which may have come from a file.
Configuration dev_configuration(Configuration configuration, const DevOptions& options);

// example.test with alice, bob and admin, password "packetboat", unless they are there already.
Task<Result<>> make_dev_accounts(Services& services);

}  // namespace packetboat::server
