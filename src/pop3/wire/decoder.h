#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/peer.h"
#include "pop3/wire/command.h"

namespace packetboat::pop3::wire {

// What the next line is to be read as.
enum class Mode : std::uint8_t {
    command,
    auth,  // the client's answer to a SASL challenge
};

// A line of a SASL exchange, without its CRLF.
struct Line {
    std::string text;
};

using Event = std::variant<Command, Error, Line, TimedOut, ShuttingDown>;

// Cuts a client's bytes into lines, and the lines into events. A line ends with CRLF and nothing else: a bare LF is answered at once, as an
// error after which nothing can be trusted, so that neither a hidden command gets in nor a client of bare LFs waits for ever.
class Decoder {
public:
    using Event = wire::Event;
    using Mode = wire::Mode;

    static constexpr std::size_t auth_line_max_bytes = 12'288 + 2;  // RFC 5034 §4, and its CRLF

    // `command_line_max_bytes` with CRLF. RFC 2449 §4 has 255; a little more is a kindness to long SASL initial responses.
    explicit Decoder(std::size_t command_line_max_bytes = 512) : command_line_max_bytes_(command_line_max_bytes) {}

    // Takes a line from the front of `input` when it is complete, or what is left of one that is too long, and says in `consumed` how
    // many bytes that was. Never keeps more than auth_line_max_bytes waiting.
    std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
    void reset();

private:
    Event decode(Mode mode, std::string_view line) const;

    std::size_t command_line_max_bytes_;
    bool skipping_ = false;    // in a line that is too long
    bool skipped_cr_ = false;  // and the last byte thrown away was a CR
};

}  // namespace packetboat::pop3::wire
