#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/structure.h"

namespace packetboat::mime::testing {

// A value of an IMAP answer: nil, a string, a number, or a list.
struct ImapValue {
    enum class Kind : std::uint8_t { nil, string, number, list };
    Kind kind = Kind::nil;
    std::string text;  // of a string or number
    std::vector<ImapValue> items;

    bool is(Kind other) const { return kind == other; }
    friend bool operator==(const ImapValue&, const ImapValue&) = default;
};

// nullopt: it is none, or something follows it.
std::optional<ImapValue> parse_imap(std::string_view text);

// One line, for people and for comparing: NIL "string" 12 (list).
std::string to_string(const ImapValue& value);

// The envelope that was written. nullopt: it breaks the grammar of RFC 9051 §9.
std::optional<Envelope> parse_envelope(const ImapValue& value);

// What of the grammar a body breaks; empty: nothing. `extension`: it is a BODYSTRUCTURE, and has all extension data.
std::string body_mistake(const ImapValue& value, bool extension);

}  // namespace packetboat::mime::testing
