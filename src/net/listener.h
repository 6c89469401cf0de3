#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "net/stream.h"
#include "net/tls.h"

namespace packetboat::net {

// What a listener admits. Connections over a limit are told `too_busy` (a protocol's own line, e.g. "421 4.7.0 …\r\n") and closed;
// on an implicit-TLS listener they are just closed.
struct Admission {
    std::uint64_t connections_max = 10'000;
    std::uint64_t connections_per_address_max = 50;  // per /64 for IPv6; loopback is not counted
    std::string too_busy;
};

// A graceful end for sessions: they are told once, and those that have not gone when the grace is over are cut.
struct ListenerOptions {
    std::string name;           // "smtp", for logs
    Endpoint endpoint;
    bool implicit_tls = false;
    std::chrono::milliseconds handshake_timeout{30'000};
    Admission admission;
};

// Accepts on every reactor (SO_REUSEPORT) and runs `serve` for each connection on the reactor that accepted it. An exception that
// leaves `serve` is logged with the session's id and ends that session only.
class Server {
public:
    // `serve(stream, session_id)`; the stream has done its handshake on an implicit-TLS listener. The stream is closed after it.
    using Serve = std::function<Task<>(Stream& stream, const std::string& session_id)>;

    explicit Server(std::size_t reactors);
    ~Server();

    // Binds now (so errors are known now: unavailable with the address in the text); accepts from start() on.
    Result<> listen(ListenerOptions options, const TlsContext* tls, Serve serve);
    void start();

    // Stops accepting, interrupts every session's wait (Stream::interrupt), waits up to `grace` for them to end, cuts the rest,
    // and ends the reactors. Blocks; from a thread that is not a reactor's.
    void stop(std::chrono::milliseconds grace);

    // Runs a task on reactor `number % reactors`, for services that live beside sessions.
    void spawn_on(std::size_t number, std::function<Task<>()> task);

    std::uint64_t connections() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::net
