#pragma once

#include <cstdint>
#include <string_view>

namespace packetboat::smtp::wire {

// How the end of a message is told.
enum class Transfer : std::uint8_t {
    data,    // CRLF.CRLF ends it, and a dot that begins a line is doubled (RFC 5321 §4.5.2)
    chunks,  // BDAT counts its octets (RFC 3030 §2)
};

// Writes a message's text as a server wants it: every line ends with CRLF (RFC 5321 §2.3.8: a CR or LF by itself becomes one), and with
// DATA dots are doubled. Piece after piece, whatever their sizes; nothing is copied: what needs no change is answered as it stands in the
// input, and the rest is literals. Linear in its input.
class Stuffer {
public:
    explicit Stuffer(Transfer transfer) : dots_(transfer == Transfer::data) {}

    // Takes from the front of `text` and answers what is to be sent for that. Call until `text` is empty; an answer may be empty.
    std::string_view next(std::string_view& text);
    // The message is over. Answers its end: the CRLF that its last line lacks, and the dot.
    std::string_view finish();

private:
    // after_cr: a line's end is still to be sent; an LF that follows is part of it.
    enum class State : std::uint8_t { line_start, in_line, after_cr };

    bool dots_;
    State state_ = State::line_start;
};

}  // namespace packetboat::smtp::wire
