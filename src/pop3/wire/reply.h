#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The server's answers as bytes.
namespace packetboat::pop3::wire {

inline constexpr std::size_t response_line_max_bytes = 512;  // RFC 2449 §4, with CRLF

// What a client can act upon without reading the text.
enum class ResponseCode : std::uint8_t {
    none,
    in_use,       // RFC 2449 §8.1.2: another session has the maildrop
    login_delay,  // RFC 2449 §8.1.1: too soon after the last login
    auth,         // RFC 3206 §4.3: the credentials, or that they were given here and so
    sys_temp,     // RFC 3206 §4.2: the same may work later
    sys_perm,     // RFC 3206 §4.2: somebody has to look at it
    utf8,         // RFC 6856 §5: the message needs a client that has said UTF8
};

// Whole lines. Bytes of `text` that are no printable ASCII become '?', and a line that would be longer than the limit is cut.
std::string ok(std::string_view text);
std::string err(std::string_view text);
std::string err(ResponseCode code, std::string_view text);

// A SASL challenge (RFC 5034 §4): "+ " and base64.
std::string challenge(std::string_view bytes);

// The end of a multi-line answer (RFC 1939 §3).
inline constexpr std::string_view multi_line_end = ".\r\n";

}  // namespace packetboat::pop3::wire
