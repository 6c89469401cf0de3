#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "smtp/wire/decoder.h"

namespace packetboat::smtp {

// What a listener is for.
enum class Role : std::uint8_t {
    mx,          // port 25: takes mail for our domains from anybody
    submission,  // ports 587 and 465 (RFC 6409, 8314): takes mail for anywhere from who has logged in
    lmtp,        // RFC 2033: takes mail for our domains, one answer per recipient
};

// Everything a client can make us hold, repeat or wait for. Bytes unless the name says otherwise.
struct Limits {
    std::uint64_t command_line_max_bytes = 4096;     // with CRLF; RFC 5321 §4.5.3.1.4 has 512, its extensions more
    std::uint64_t auth_line_max_bytes = 12'288 + 2;  // with CRLF; RFC 4954 §4
    std::uint64_t message_max_bytes = 50 << 20;      // announced as SIZE (RFC 1870), and held against what really comes
    std::uint64_t text_line_max_bytes = 0;           // of a message, with CRLF; 0: any. RFC 5321 §4.5.3.1.6 has 1000, much real mail more
    std::uint64_t header_max_bytes = 1 << 20;        // of a message's header
    std::uint64_t received_max = 100;                // Received fields: more are a loop (RFC 5321 §6.3)
    std::uint64_t recipients_max = 1000;             // of a message; RFC 5321 §4.5.3.1.8 has at least 100
    // Mailboxes here and addresses elsewhere that a message's recipients may lead to, together: what an envelope may take of memory. At
    // least as many as one recipient may lead to (directory::Limits::alias_targets_max), or who leads to more would never get any mail.
    std::uint64_t places_max = 1000;
    std::uint64_t transactions_max = 1000;       // MAIL commands in a session
    std::uint64_t errors_max = 20;               // refused commands in a session
    std::uint64_t junk_commands_max = 100;       // commands in a row that bring no message nearer
    std::uint64_t unknown_recipients_max = 100;  // in a session
    std::uint64_t auth_attempts_max = 5;         // failed logins in a session
    // How far ahead a message may be dated that waits here until then (FUTURERELEASE, RFC 4865); 0: that is not offered.
    std::chrono::seconds future_release_max{30 * 24 * 3600};
};

struct Options {
    Role role = Role::mx;
    std::string hostname;                      // our name: in the banner, in Received
    std::string product = "Packetboat";        // in the banner
    std::string default_domain;                // whose postmaster "RCPT TO:<Postmaster>" means (RFC 5321 §4.5.1); empty: the host name's
    bool starttls = false;                     // the listener has a certificate
    bool require_tls = false;                  // nothing but EHLO, NOOP, STARTTLS, HELP and QUIT before TLS (RFC 3207 §4)
    bool require_tls_for_auth = true;          // AUTH is neither offered nor taken without TLS
    bool plain_text_auth_without_tls = false;  // for the try-out server on loopback only
    bool strict_syntax = false;  // refuse what the field gets wrong and everybody understands: "MAIL FROM: <a@b>", "MAIL FROM:a@b"
    wire::BareNewlines bare_newlines = wire::BareNewlines::refuse;
    Limits limits;
};

// The decoder that goes with a session of these options.
wire::Decoder make_decoder(const Options& options);

}  // namespace packetboat::smtp
