#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip.h"
#include "base/peer.h"
#include "base/task.h"
#include "net/tls.h"

namespace packetboat::net {

class Reactor;

// A connection: a descriptor, TLS bound straight to it when there is any, and readiness waits. Used by one coroutine on the
// reactor that made it. Holds no buffer while it waits: readiness first, then a borrowed buffer.
// Errors: closed (the other end has gone), timed_out (the deadline), unavailable (interrupted by interrupt()).
class Stream {
public:
    // Takes the descriptor (non-blocking, close-on-exec).
    Stream(Reactor& reactor, int descriptor, Endpoint remote, Endpoint local);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // One timer for the connection: whatever waits longer than this from now ends with timed_out. Nothing: no deadline.
    void deadline(std::optional<std::chrono::milliseconds> from_now);

    // Waits until bytes (or the end, or an error) can be read without waiting.
    Task<Result<>> readable();
    // At least one byte into `into`; waits if it has to. 0 bytes is ErrorCode::closed.
    Task<Result<std::size_t>> read_some(std::span<char> into);
    // What can be had without waiting: 0 when nothing is there.
    Result<std::size_t> read_now(std::span<char> into);
    // All of it.
    Task<Result<>> write(std::string_view bytes);
    // What goes without waiting, possibly 0.
    Result<std::size_t> write_now(std::string_view bytes);

    // The server's side of the handshake, within the deadline.
    Task<Result<>> start_tls(const TlsContext& context);
    bool tls() const;
    std::string tls_version() const;
    std::string tls_cipher() const;
    std::optional<std::string> channel_binding(ChannelBinding kind) const;

    // Ends a wait for input that is under way, or the next one, with ErrorCode::unavailable: news for the session. On the
    // reactor's thread.
    void interrupt();

    // Says goodbye (close_notify, FIN) as far as that goes without waiting long, and closes.
    Task<> close();

    const Endpoint& remote() const;
    const Endpoint& local() const;
    int descriptor() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::net
