#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "base/worker_pool.h"

namespace packetboat::net {

// The addresses of a host as this machine's own resolver (hosts file, DNS) has them, best first, at most addresses_max; for commands. A
// numeric address, with brackets or without, is answered at once, a name on a thread of the pool, which the system's resolver blocks for
// as long as it likes.
// Errors: invalid (no host name), not_found (no such host), unavailable (no name server answers).
inline constexpr std::size_t addresses_max = 16;
Task<Result<std::vector<Endpoint>>> resolve(WorkerPool& pool, std::string host, std::uint16_t port);

}  // namespace packetboat::net
