#pragma once

#include <cstdint>
#include <string>

#include "pop3/wire/decoder.h"

namespace packetboat::pop3 {

// Everything a client can make us hold, repeat or wait for. How long it may be silent is the peer's: at least ten minutes (RFC 1939 §3).
struct Limits {
    std::uint64_t command_line_max_bytes = 512;     // with CRLF; RFC 2449 §4 has 255
    std::uint64_t errors_max = 20;                  // lines that are no command, or none here and now, before the session ends
    std::uint64_t auth_attempts_max = 5;            // logins without success
    std::uint64_t messages_max = 1'000'000;         // shown in a session: the oldest; the others when these have gone
    std::uint64_t removals_per_commit_max = 1'000;  // QUIT's, of messages marked as deleted
};

struct Options {
    std::string hostname;                       // our name, in the banner
    std::string implementation = "Packetboat";  // in CAPA (RFC 2449 §6.9), after login
    bool stls = false;                          // the listener has a certificate
    bool plain_text_login_without_tls = false;  // USER, PLAIN and LOGIN: for the try-out server on loopback only
    Limits limits;
};

// The decoder that goes with a session of these options.
wire::Decoder make_decoder(const Options& options);

}  // namespace packetboat::pop3
