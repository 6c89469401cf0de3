#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
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
#include "net/tls_client.h"
#include "net/waiter.h"

namespace packetboat::net {

class Reactor;

// A connection: a descriptor, TLS bound straight to it when there is any, and readiness waits. Used by one coroutine on the
// reactor that made it. Holds no buffer while it waits: readiness first, then a borrowed buffer.
// Errors: closed (the other end has gone, or cut()), timed_out (the deadline), unavailable (interrupted by interrupt()).
class Stream {
public:
    // Takes the descriptor of a socket (non-blocking, close-on-exec).
    Stream(Reactor& reactor, int descriptor, Endpoint remote, Endpoint local);
    ~Stream();
    Stream(Stream&&) noexcept;  // not while something waits
    Stream& operator=(Stream&&) = delete;

    // One timer for the connection: whatever waits longer than this from now ends with timed_out. Nothing: no deadline. Costs a
    // clock read.
    void deadline(std::optional<std::chrono::milliseconds> from_now);

    // co_await readable(): waits until bytes (or the end, or an error) can be read without waiting. Now and then it lets the
    // reactor's others go first although there are bytes. Answers Result<>.
    class Readable;
    Readable readable();
    // At least one byte into `into`; waits if it has to. 0 bytes is ErrorCode::closed.
    Task<Result<std::size_t>> read_some(std::span<char> into);
    // What can be had without waiting: 0 when nothing is there.
    Result<std::size_t> read_now(std::span<char> into);
    // All of it, within the deadline.
    Task<Result<>> write(std::string_view bytes);
    // What goes without waiting, possibly 0. Under TLS the bytes that did not go come first in the next write.
    Result<std::size_t> write_now(std::string_view bytes);

    // The server's side of the handshake, within the deadline; once. An interrupt() waits until it is over.
    // Errors: also invalid (what came is no handshake that we accept); the connection is of no further use then.
    Task<Result<>> start_tls(const TlsContext& context);
    // The client's side, within the deadline; once. `server_name` is what the certificate must be for: a host name in ASCII, or an IP
    // address; `demand` as in TlsClientContext::new_connection(). Errors: denied (the certificate is not to be trusted, and that is
    // demanded), invalid (no such name; or as above).
    Task<Result<>> start_tls_client(const TlsClientContext& context, std::string server_name, TlsDemand demand = {});
    bool tls() const;
    // What the server has shown, whether it was to be trusted or not, also when the handshake failed for it. A client's only; null:
    // nothing.
    const ServerCertificate* server_certificate() const;
    // For net::connect: waits until the socket is connected, within the deadline.
    Task<Result<>> connected();
    std::string tls_version() const;
    std::string tls_cipher() const;
    std::optional<std::string> channel_binding(ChannelBinding kind) const;

    // Ends a wait for input that is under way, or the next one, with ErrorCode::unavailable: news for the session. On the
    // reactor's thread.
    void interrupt();
    // Ends everything with ErrorCode::closed, now and later. On the reactor's thread.
    void cut();

    // Says goodbye (close_notify, FIN), reads what the client still sends until it closes too, so that no reset overtakes the last
    // answer, for linger_max at most, and closes.
    static constexpr std::chrono::milliseconds linger_max{1'000};
    Task<> close();

    const Endpoint& remote() const;
    const Endpoint& local() const;
    int descriptor() const;
    Reactor& reactor() const;
    // Of what the session reads and writes, without TLS's own.
    std::uint64_t bytes_read() const;
    std::uint64_t bytes_written() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

class [[nodiscard]] Stream::Readable {
public:
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    Result<> await_resume() const;

private:
    friend Stream;
    explicit Readable(State& state) : state_(state) {}

    State& state_;
    std::optional<WaitEnd> at_once_;
};

}  // namespace packetboat::net
