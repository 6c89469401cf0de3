#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "net/admission.h"
#include "net/stream.h"
#include "net/tls.h"

namespace packetboat::net {

struct ListenerOptions {
    std::string name;   // "smtp", for logs; listeners of one name are counted together
    Endpoint endpoint;  // port 0: one that the kernel chooses
    bool implicit_tls = false;
    std::chrono::milliseconds handshake_timeout{30'000};
    Admission admission;  // that of the first listener of this name holds
};

// Accepts on every reactor (SO_REUSEPORT) and runs `serve` for each connection on the reactor that accepted it. An exception that
// leaves `serve` is logged with the session's id and ends that session only.
class Server {
public:
    // `serve(stream, session_id)`; the stream has done its handshake on an implicit-TLS listener. The stream is closed after it.
    // Called on several reactors at once.
    using Serve = std::function<Task<>(Stream& stream, const std::string& session_id)>;

    // `connections_max`: on all listeners together, beside what each admits.
    explicit Server(std::size_t reactors, std::uint64_t connections_max = std::numeric_limits<std::uint64_t>::max());
    ~Server();  // stop(0)

    // Binds now, so that errors are known now (unavailable, or denied; the address is in the text), and answers the endpoint with its
    // port; accepts from start() on. A port that another process listens at is refused, SO_REUSEPORT or not. Before start(). `tls`
    // outlives the server; null where there is none.
    Result<Endpoint> listen(ListenerOptions options, const TlsContext* tls, Serve serve);
    void start();

    // Stops accepting, ends sleeps (sleep_for answers false), cuts handshakes, interrupts every session's wait (Stream::interrupt),
    // waits up to `grace` for them to end and cuts the rest. A session that is in the middle of a commit ends it first, however long
    // that takes; the log says so. Then ends the reactors. Blocks; from a thread that is not a reactor's. Once.
    void stop(std::chrono::milliseconds grace);

    // Runs a task on reactor `number % reactors`, for services that live beside sessions. It ends when sleep_for answers false; stop()
    // waits for it. Dropped when the server is stopping already.
    void spawn_on(std::size_t number, std::function<Task<>()> task);

    // Those being served now, on all listeners, with the ones that are saying goodbye.
    std::uint64_t connections() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::net
