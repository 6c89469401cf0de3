#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/peer.h"
#include "smtp/wire/command.h"
#include "smtp/wire/line_ends.h"
#include "smtp/wire/reply.h"
#include "smtp/wire/unstuff.h"

namespace packetboat::smtp::wire {

// As what the client's next bytes are to be read.
struct Mode {
    enum class Kind : std::uint8_t {
        command,
        auth,  // a line of a SASL exchange (RFC 4954 §4)
        data,  // a message up to CRLF.CRLF
        bdat,  // `octets` of a message (RFC 3030 §2): chunks until the session has them all
    };
    Kind kind = Kind::command;
    std::uint64_t octets = 0;
};
inline constexpr Mode command_mode{.kind = Mode::Kind::command};
inline constexpr Mode auth_mode{.kind = Mode::Kind::auth};
inline constexpr Mode data_mode{.kind = Mode::Kind::data};
constexpr Mode bdat_mode(std::uint64_t octets) { return {.kind = Mode::Kind::bdat, .octets = octets}; }

// A part of a message, dots of transport removed; never empty. Lives until the next event.
struct Chunk {
    std::string_view bytes;
};
// The end of DATA.
struct End {};
// A line of a SASL exchange without its CRLF. Lives until the next event.
struct Line {
    std::string_view text;
};

// A Reply is a mistake, already answered.
using Event = std::variant<Command, Reply, Chunk, End, Line, TimedOut, ShuttingDown>;

struct DecoderOptions {
    // With CRLF. Both are held to line_limit_max_bytes, so that a line fits into any peer's buffer.
    std::uint64_t command_line_max_bytes = 4096;
    std::uint64_t auth_line_max_bytes = 12'288 + 2;
    Syntax syntax;
};
inline constexpr std::uint64_t line_limit_max_bytes = 16'000;
// A line that is too long is read to its end, if that comes within so many bytes.
inline constexpr std::uint64_t skipped_max_bytes = 64 << 10;

// Bytes to events. A command line ends with CRLF and nothing else: one that ends with a bare LF ends the connection, so that neither a
// hidden command gets in nor a client of bare LFs waits for ever.
class Decoder {
public:
    using Event = wire::Event;
    using Mode = wire::Mode;

    explicit Decoder(DecoderOptions options = {});

    // Takes from the front of `input` what it understands and says in `consumed` how much that was. nullopt: more bytes are needed.
    std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
    void reset();

private:
    std::optional<Event> line(bool auth, std::string_view input, std::size_t& consumed);
    std::optional<Event> skip(std::string_view input, bool auth, std::size_t& consumed);
    std::optional<Event> data(std::string_view input, std::size_t& consumed);

    DecoderOptions options_;
    Unstuffer unstuffer_;
    std::uint64_t skipped_bytes_ = 0;   // of a line that is too long; 0: not in one
    bool skipped_cr_ = false;           // the last of them was a CR
    bool skipped_octets_verb_ = false;  // the line began with BDAT
};

}  // namespace packetboat::smtp::wire
