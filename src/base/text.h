#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace packetboat {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

// ASCII only: protocol words and the domains and local parts we compare are ASCII or kept as given.
bool iequals(std::string_view a, std::string_view b);
std::string lower(std::string_view text);
std::string upper(std::string_view text);
std::string_view trim(std::string_view text);  // of spaces and tabs

// Decimal digits only; nullopt for anything else, an empty text or overflow.
std::optional<std::uint64_t> parse_u64(std::string_view text);

std::string base64_encode(std::string_view bytes);
// RFC 4648 §4, strict: padding required, no white space, no bits left over.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex(std::string_view bytes);
std::optional<std::string> unhex(std::string_view text);

bool is_utf8(std::string_view bytes);
// The code point at the front of valid UTF-8, which is not empty; taken away.
std::uint32_t take_code_point(std::string_view& utf8);
bool is_ascii(std::string_view bytes);

// Control bytes, backslash and bytes that are not UTF-8 as \xHH, so that a line stays a line.
std::string escape_control(std::string_view bytes);

// How many single-character edits apart two words are; for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

// Equal without a time that depends on where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace packetboat
