#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"

namespace packetboat {

// What a session may know of its connection. Constant but for the TLS part, which start_tls() fills in.
struct PeerInfo {
    Endpoint remote;
    Endpoint local;
    std::string session_id;   // on every log line of this session
    std::string tls_version;  // "TLSv1.3"; empty: no TLS
    std::string tls_cipher;   // "TLS_AES_256_GCM_SHA384"

    bool tls() const { return !tls_version.empty(); }
};

// Events that every protocol's Event variant has, beside its own.
struct TimedOut {};      // nothing came within the peer's deadline; the session says goodbye
struct ShuttingDown {};  // the server is stopping; the session says goodbye. Given once, when the session waits.

enum class ChannelBinding : std::uint8_t {
    tls_exporter,          // RFC 9266, TLS 1.3
    tls_unique,            // RFC 5929 §3, TLS 1.2
    tls_server_end_point,  // RFC 5929 §4
};

// The other end of a conversation, as a session sees it: the one door through which bytes and news arrive. net:: has the
// TCP/TLS one, tests have a scripted one. Output is buffered and goes out when next() must wait, so a pipelined group of
// commands costs one read and one write (RFC 2920 §3.2).
template <class Event, class Mode>
class Peer {
public:
    virtual ~Peer() = default;

    // The next event, read in `mode`. nullopt: the client has gone. Views in an event live until the next call.
    virtual Task<std::optional<Event>> next(Mode mode) = 0;

    // Never blocks, never fails: what cannot be sent any more is dropped and next() tells.
    virtual void send(std::string_view bytes) = 0;

    // Long answers await this between sends: waits until the output is below its high-water mark. False: the client has
    // gone, or does not read.
    virtual Task<bool> drain() = 0;

    // Bytes of the client's that are here already, after the command that is being answered (RFC 2920 §3.1).
    virtual bool has_input() const = 0;

    // Sends what is collected, throws away what was read in plaintext (RFC 3207 §4.2), does the handshake. False: it
    // failed and the connection is of no further use.
    virtual Task<bool> start_tls() = 0;

    // Bytes for SCRAM-PLUS; nullopt where this connection has no such binding.
    virtual std::optional<std::string> channel_binding(ChannelBinding kind) const = 0;

    virtual const PeerInfo& info() const = 0;

    // For clients, which wait by the stage and not by the command: until the next call of this, everything that waits (next, drain,
    // start_tls) ends at this moment with TimedOut, in place of the peer's own idle timeout. So a server that answers byte by byte gains
    // nothing.
    virtual void deadline([[maybe_unused]] std::chrono::milliseconds from_now) {}

    // Why the connection ended or start_tls() failed, where the peer knows; null: it does not.
    virtual const Error* failure() const { return nullptr; }
};

}  // namespace packetboat
