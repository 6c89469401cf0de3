#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// How a message lies within a multi-line answer (RFC 1939 §3): a dot before every line that begins with one, and a dot alone at the end.
namespace packetboat::pop3::wire {

// Stuffs a message that comes in pieces. A line begins after every LF, also one without a CR: so no reader, however it ends its lines,
// can take bytes of the message for the end of it.
class Stuffer {
public:
    // Adds `piece` to `out`, stuffed. Costs a search for dots and the copying of what lies between.
    void append(std::string_view piece, std::string& out);
    // Adds the end; before it the CRLF that a message without one at its end is lacking.
    void finish(std::string& out) const;

private:
    char before_last_ = '\r';  // the last two bytes; the beginning is as after a line
    char last_ = '\n';
};

// The client's side: undoes it, in any pieces.
class Unstuffer {
public:
    // Adds to `out` what `piece` holds of the message, and answers how many bytes of `piece` were taken: all, until the end was among
    // them.
    std::size_t append(std::string_view piece, std::string& out);
    bool at_end() const { return state_ == State::end; }

private:
    // Where we are: in a line, at its beginning, after the dot there, after that dot and a CR.
    enum class State : std::uint8_t { line, begin, dot, dot_cr, end };
    State state_ = State::begin;
};

}  // namespace packetboat::pop3::wire
