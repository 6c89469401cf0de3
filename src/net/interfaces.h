#pragma once

#include <vector>

#include "base/ip.h"

namespace packetboat::net {

// The addresses of this machine's interfaces now; none when the system does not say. Does not wait.
std::vector<IpAddress> interface_addresses();

}  // namespace packetboat::net
