#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/peer.h"
#include "pop3/wire/body_reader.h"
#include "pop3/wire/server_reply.h"

namespace packetboat::pop3::wire {

// The server waits for the client's next line in a SASL exchange (RFC 5034 §4).
struct Continuation {
    std::string text;  // base64
};

// A line of a listing, without the dot that was stuffed and without its end.
struct ListingLine {
    std::string_view text;
};

// A piece of a message, without dots that were stuffed. Never empty.
struct BodyPiece {
    std::string_view bytes;
};

// The listing, or the message, was all there.
struct MultiLineEnd {};

// What came is no answer, or too much of one. Nothing after it is understood: the connection is of no further use.
struct BadReply {
    std::string why;  // for people
};

// What a client's peer yields.
using ReplyEvent = std::variant<ServerReply, Continuation, ListingLine, BodyPiece, MultiLineEnd, BadReply, TimedOut, ShuttingDown>;

// What comes next. Only who knows the command can know.
enum class ReplyMode : std::uint8_t {
    status,   // ServerReply
    sasl,     // ServerReply or Continuation
    listing,  // ListingLine, MultiLineEnd: after +OK to CAPA, LIST, UIDL
    body,     // BodyPiece, MultiLineEnd: after +OK to RETR, TOP
};

// With its end. RFC 5034 §4 has challenges of 12,288 octets; RFC 2449 §4 has 512 for everything else, and nobody counts.
inline constexpr std::size_t server_line_max_bytes = 13'000;

// Bytes to answers. Tolerant, where nothing hangs on it: text may be missing, a line (but not a message) may end with a bare LF.
class ReplyDecoder {
public:
    using Event = ReplyEvent;
    using Mode = ReplyMode;

    // Takes from the front of `input` what it understands and says in `consumed` how much that was. nullopt: more bytes are needed. Views
    // in the event point into `input`.
    std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
    void reset() { *this = {}; }

private:
    Event line(Mode mode, std::string_view text);
    Event bad(std::string why);

    BodyReader body_;
    bool broken_ = false;
};

}  // namespace packetboat::pop3::wire
