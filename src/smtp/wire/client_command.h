#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "smtp/wire/command.h"

// Commands as a client says them. Every line comes with its CRLF and is one line whatever its arguments hold: addresses and names go
// through the grammar that our own server reads them with, and what does not pass is an error (invalid, or too_large) that names it.
namespace packetboat::smtp::wire {

inline constexpr std::size_t client_line_max_bytes = 2048;        // with CRLF; RFC 5321 §4.5.3.1.4 and what its extensions add
inline constexpr std::size_t client_auth_line_max_bytes = 12288;  // RFC 4954 §4

// The verb before the name: what we call ourselves, a host name or an address literal.
Result<std::string> ehlo_line(std::string_view name);
Result<std::string> helo_line(std::string_view name);
Result<std::string> lhlo_line(std::string_view name);

struct MailLine {
    std::string reverse_path;                 // "alice@example.test"; empty: <>
    std::optional<std::uint64_t> size_bytes;  // RFC 1870
    Body body = Body::seven_bit;              // RFC 6152, RFC 3030
    bool smtputf8 = false;                    // RFC 6531; without it the address is ASCII
    Ret ret = Ret::not_given;                 // RFC 3461 §4.3
    std::string envid;                        // RFC 3461 §4.4, in xtext; empty: none
    bool require_tls = false;                 // RFC 8689 §3
    std::optional<std::uint64_t> hold_for_s;  // RFC 4865 §5
    std::string hold_until;                   // RFC 4865 §5: an Internet date and time; empty: none
};
Result<std::string> mail_line(const MailLine& mail);

struct RcptLine {
    std::string forward_path;  // "bob@example.test", or "postmaster" alone
    bool smtputf8 = false;     // MAIL had it; without it the address is ASCII
    Notify notify;             // RFC 3461 §4.1
    std::string orcpt;         // RFC 3461 §4.2, "rfc822;" and xtext, or "utf-8;" (RFC 6533 §3); empty: none
};
Result<std::string> rcpt_line(const RcptLine& rcpt);

// `mechanism` and what it has to say at first, if anything: bytes, which become base64, or "=" when there are none (RFC 4954 §4).
Result<std::string> auth_line(std::string_view mechanism, std::optional<std::string_view> initial_response);
Result<std::string> auth_answer_line(std::string_view response);

std::string bdat_line(std::uint64_t octets, bool last);  // RFC 3030 §2
inline constexpr std::string_view starttls_line = "STARTTLS\r\n";
inline constexpr std::string_view data_line = "DATA\r\n";
inline constexpr std::string_view rset_line = "RSET\r\n";
inline constexpr std::string_view noop_line = "NOOP\r\n";
inline constexpr std::string_view quit_line = "QUIT\r\n";
inline constexpr std::string_view auth_cancel_line = "*\r\n";

// What ORCPT says of an address: "rfc822;" in xtext, or "utf-8;" as it is (RFC 3461 §4.2, RFC 6533 §3).
std::string orcpt_of(std::string_view address);

}  // namespace packetboat::smtp::wire
