#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "dns/resolver.h"

// Names and records as bytes (RFC 1035 §3) and as the values of resolver.h. Pure.
namespace packetboat::dns {

inline constexpr std::size_t label_max_bytes = 63;  // RFC 1035 §2.3.4
inline constexpr std::size_t name_max_bytes = 255;  // the same, in wire form with the root's label
inline constexpr std::size_t aliases_max = 11;      // CNAMEs in a row, as libunbound has it

// A name's wire form to text: lower case, no final dot, the root is "". Bytes other than letters, digits, '-' and '_' become "\." and
// "\DDD" (RFC 1035 §5.1), so that whatever a stranger calls a host, its text is fit to be shown and has the dots that it seems to have.
// Takes the name from the front of `wire`. nullopt: it does not end, is too long, or is compressed (rdata from libunbound never is).
std::optional<std::string> decode_name(std::string_view& wire);

// Text to wire form, in lower case; with or without a final dot, with the escapes above ("\" before any visible character but a digit is
// that character). nullopt: an empty label, too long, or bytes that are not visible ASCII.
std::optional<std::string> encode_name(std::string_view text);

// The one spelling that decode_name gives.
std::optional<std::string> normalize_name(std::string_view text);

// Adds a record's rdata to the answer's member of its type, or counts it as broken. A record with bytes left over is broken.
void add_record(Answer& answer, Type type, std::string_view rdata);

// How many records the answer has, of whichever type.
std::size_t record_count(const Answer& answer);

std::string_view to_string(Type type);  // "MX"
std::string_view to_string(Outcome outcome);

}  // namespace packetboat::dns
