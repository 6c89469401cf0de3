#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "net/stream.h"

namespace packetboat::net {

class Reactor;

// Connects to `remote`, from `source` if one is given. On the reactor's thread, where the stream stays.
// Errors: closed (refused), timed_out (nobody answers within `timeout`), unavailable (no way there, `source` is not ours); each names the
// endpoint and says in plain words what happened.
Task<Result<Stream>> connect(Reactor& reactor, Endpoint remote, std::chrono::milliseconds timeout,
                             std::optional<IpAddress> source = std::nullopt);

// One after the other, until one answers; `timeout` is each one's. The error is the last one's (not_found: there are none).
Task<Result<Stream>> connect_any(Reactor& reactor, std::span<const Endpoint> remotes, std::chrono::milliseconds timeout,
                                 std::optional<IpAddress> source = std::nullopt);

}  // namespace packetboat::net
