#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/cursor.h"
#include "base/time.h"
#include "smtp/wire/path.h"
#include "smtp/wire/reply.h"

// The commands of SMTP and LMTP as values, and the table that parses them.
namespace packetboat::smtp::wire {

// RFC 6152, RFC 3030 §3.
enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
// RFC 3461 §4.3.
enum class Ret : std::uint8_t { not_given, full, headers };
// RFC 3461 §4.1; none of them: not given.
struct Notify {
    bool never = false;
    bool success = false;
    bool failure = false;
    bool delay = false;
    bool given() const { return never || success || failure || delay; }
    friend bool operator==(const Notify&, const Notify&) = default;
};

struct Helo {  // RFC 5321 §4.1.1.1
    std::string domain;
    friend bool operator==(const Helo&, const Helo&) = default;
};
struct Ehlo {  // RFC 5321 §4.1.1.1
    std::string domain;
    friend bool operator==(const Ehlo&, const Ehlo&) = default;
};
struct Lhlo {  // RFC 2033 §4.1
    std::string domain;
    friend bool operator==(const Lhlo&, const Lhlo&) = default;
};
struct StartTls {  // RFC 3207 §4
    friend bool operator==(const StartTls&, const StartTls&) = default;
};
struct Auth {                                     // RFC 4954 §4
    std::string mechanism;                        // in upper case
    std::optional<std::string> initial_response;  // as given: base64, or "=" for an empty one
    friend bool operator==(const Auth&, const Auth&) = default;
};
struct Mail {                                 // RFC 5321 §4.1.1.2
    std::optional<Mailbox> reverse_path;      // none: <>
    std::optional<std::uint64_t> size_bytes;  // RFC 1870 §3; a number too large for us is the largest one
    Body body = Body::seven_bit;              // RFC 6152
    bool smtputf8 = false;                    // RFC 6531 §3.4
    std::optional<std::string> auth;          // RFC 4954 §5: an address or "<>", xtext decoded
    Ret ret = Ret::not_given;
    std::string envid;                             // RFC 3461 §4.4, xtext as given; empty: none
    bool require_tls = false;                      // RFC 8689 §3
    std::optional<std::chrono::seconds> hold_for;  // RFC 4865 §4; or
    std::optional<Time> hold_until;
    friend bool operator==(const Mail&, const Mail&) = default;
};
struct Rcpt {  // RFC 5321 §4.1.1.3
    Mailbox forward_path;
    Notify notify;
    std::string orcpt;  // RFC 3461 §4.2, as given; empty: none
    friend bool operator==(const Rcpt&, const Rcpt&) = default;
};
struct Data {  // RFC 5321 §4.1.1.4
    friend bool operator==(const Data&, const Data&) = default;
};
struct Bdat {  // RFC 3030 §2
    std::uint64_t octets = 0;
    bool last = false;
    friend bool operator==(const Bdat&, const Bdat&) = default;
};
struct Rset {  // RFC 5321 §4.1.1.5
    friend bool operator==(const Rset&, const Rset&) = default;
};
struct Vrfy {  // RFC 5321 §4.1.1.6
    std::string who;
    bool smtputf8 = false;  // RFC 6531 §3.7.4.2
    friend bool operator==(const Vrfy&, const Vrfy&) = default;
};
struct Expn {  // RFC 5321 §4.1.1.7
    std::string list;
    bool smtputf8 = false;
    friend bool operator==(const Expn&, const Expn&) = default;
};
struct Help {  // RFC 5321 §4.1.1.8
    std::string topic;
    friend bool operator==(const Help&, const Help&) = default;
};
struct Noop {  // RFC 5321 §4.1.1.9
    friend bool operator==(const Noop&, const Noop&) = default;
};
struct Quit {  // RFC 5321 §4.1.1.10
    friend bool operator==(const Quit&, const Quit&) = default;
};

using Command = std::variant<Helo, Ehlo, Lhlo, StartTls, Auth, Mail, Rcpt, Data, Bdat, Rset, Vrfy, Expn, Help, Noop, Quit>;
// A command, or what the server answers to the mistake.
using Parsed = std::expected<Command, Reply>;

inline constexpr std::size_t envid_max_bytes = 100;  // RFC 3461 §4.4
inline constexpr std::size_t orcpt_max_bytes = 500;  // RFC 3461 §4.2
inline constexpr std::size_t auth_max_bytes = 500;   // RFC 4954 §5

// One row for each verb, in the order of the variant: parser, HELP and the rules of dialogue read it.
struct Verb {
    enum Flags : std::uint8_t {
        before_greeting = 1,  // RFC 5321 §4.1.4
        before_tls = 2,       // where TLS is required: RFC 3207 §4
        last_in_group = 4,    // what comes after it depends on its answer: RFC 2920 §3.1, RFC 3207 §4.2
        junk = 8,             // brings no message nearer
        smtp_only = 16,       // RFC 2033 §4.1
        lmtp_only = 32,
    };
    std::string_view name;
    Parsed (*parse)(Cursor& arguments, Syntax syntax);
    std::string_view syntax;
    std::uint8_t flags;

    bool is(Flags flag) const { return (flags & flag) != 0; }
};
std::span<const Verb> verbs();
const Verb& verb_of(const Command& command);

// `line` without its CRLF.
Parsed parse_command(std::string_view line, Syntax syntax);

// The line without its CRLF, as a client would write it. It parses to the same command.
std::string encode(const Command& command);

}  // namespace packetboat::smtp::wire
