#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"

// Addresses as an envelope writes them (RFC 5321 §4.1.2, RFC 6531 §3.3).
namespace packetboat::smtp::wire {

// How much of what the field gets wrong is understood.
struct Syntax {
    bool strict = false;
};

inline constexpr std::size_t domain_max_bytes = 255;            // RFC 5321 §4.5.3.1.2
inline constexpr std::size_t label_max_bytes = 63;              // RFC 1035 §2.3.4, of an A-label
inline constexpr std::size_t strict_local_part_max_bytes = 64;  // RFC 5321 §4.5.3.1.1
// VERP and SRS senders are longer than that.
inline constexpr std::size_t local_part_max_bytes = 255;

struct Mailbox {
    std::string local_part;  // without its quotes
    std::string domain;      // as given, an address literal with its brackets; empty only for the postmaster of RCPT

    std::string text() const;  // quoted where it must be
    bool ascii() const;
    friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// Each takes its rule from the front of `in`, which fails where the rule does not hold.

// Mailbox = Local-part "@" ( Domain / address-literal )
Mailbox mailbox(Cursor& in, Syntax syntax);
// Reverse-path = Path / "<>"; nullopt for the empty one.
std::optional<Mailbox> reverse_path(Cursor& in, Syntax syntax);
// "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path                                RFC 5321 §4.1.1.3
Mailbox forward_path(Cursor& in, Syntax syntax);

// What a client calls itself. Real ones send host names with underscores, bare IPv6 addresses and worse; what is accepted is bounded and
// can stand in a Received field.
std::string client_name(Cursor& in);

// xtext = *( xchar / hexchar )                                                             RFC 3461 §4
bool is_xtext(std::string_view text);
std::string xtext_encode(std::string_view text);
std::optional<std::string> xtext_decode(std::string_view text);

constexpr bool is_atext(char c) {
    constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
    return is_alnum(c) || others.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace packetboat::smtp::wire
