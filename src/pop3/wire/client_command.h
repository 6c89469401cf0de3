#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

// Commands as a client says them. Every line comes with its CRLF and is one line whatever its arguments hold: what would be more is an
// error (invalid, or too_large) whose text does not show it, for it may be a password.
namespace packetboat::pop3::wire {

inline constexpr std::size_t client_line_max_bytes = 512;              // with CRLF; RFC 2449 §4 has 255, and passwords in use are longer
inline constexpr std::size_t client_initial_line_max_bytes = 255;      // RFC 5034 §4: a longer initial response is given when asked for
inline constexpr std::size_t client_sasl_line_max_bytes = 12'288 + 2;  // RFC 5034 §4, and its CRLF

Result<std::string> user_line(std::string_view name);
Result<std::string> pass_line(std::string_view password);
// `mechanism` and what it has to say at first, if anything: bytes, which become base64, or "=" when there are none (RFC 5034 §4).
Result<std::string> auth_line(std::string_view mechanism, std::optional<std::string_view> initial_response);
Result<std::string> auth_answer_line(std::string_view response);

std::string uidl_line(std::uint64_t message);
std::string top_line(std::uint64_t message, std::uint64_t body_lines);
std::string retr_line(std::uint64_t message);
std::string dele_line(std::uint64_t message);

inline constexpr std::string_view auth_cancel_line = "*\r\n";
inline constexpr std::string_view capa_line = "CAPA\r\n";
inline constexpr std::string_view stls_line = "STLS\r\n";
inline constexpr std::string_view utf8_line = "UTF8\r\n";
inline constexpr std::string_view stat_line = "STAT\r\n";
inline constexpr std::string_view list_line = "LIST\r\n";
inline constexpr std::string_view uidl_all_line = "UIDL\r\n";
inline constexpr std::string_view rset_line = "RSET\r\n";
inline constexpr std::string_view noop_line = "NOOP\r\n";
inline constexpr std::string_view quit_line = "QUIT\r\n";

}  // namespace packetboat::pop3::wire
