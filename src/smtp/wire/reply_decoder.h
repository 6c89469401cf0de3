#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/peer.h"
#include "smtp/wire/server_reply.h"

namespace packetboat::smtp::wire {

// What came is no reply, or too much of one. Nothing after it is understood: the connection is of no further use.
struct BadReply {
    std::string why;  // for people
};

// What a client's peer yields.
using ReplyEvent = std::variant<ServerReply, BadReply, TimedOut, ShuttingDown>;
enum class ReplyMode : std::uint8_t { reply };

// With its end. RFC 4954 §4 has challenges of 12,288 octets; RFC 5321 §4.5.3.1.5 has 512 for everything else, and nobody counts.
inline constexpr std::size_t server_line_max_bytes = 13'000;
// Of a whole reply. What a server has to say is shorter; what it has not must not fill our memory.
inline constexpr std::size_t server_reply_max_bytes = std::size_t{64} << 10;
inline constexpr std::size_t server_reply_max_lines = 500;

// Bytes to replies. As tolerant as a client must be (RFC 5321 §4.2, §4.2.1): text may be missing, a line may end with a bare LF. Digits
// may not be missing, and all lines of a reply have the same code.
class ReplyDecoder {
public:
    using Event = ReplyEvent;
    using Mode = ReplyMode;

    // Takes from the front of `input` what it understands and says in `consumed` how much that was. nullopt: more bytes are needed.
    std::optional<Event> next(Mode mode, std::string_view input, std::size_t& consumed);
    void reset() { *this = {}; }

private:
    std::optional<Event> line(std::string_view text);
    Event bad(std::string why);

    ServerReply reply_;  // its lines so far
    std::size_t bytes_ = 0;
    bool broken_ = false;
};

}  // namespace packetboat::smtp::wire
