#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::smtp::wire {

// Reads what follows DATA up to its end (RFC 5321 §4.1.1.4, §4.5.2). A line ends with CRLF and nothing else, and so does the message, with
// CRLF "." CRLF: bare CRs and LFs are content, whatever dots stand beside them.
class Unstuffer {
public:
    struct Step {
        std::string_view content;  // a part of `input`, as long as can be without copying
        std::size_t consumed = 0;  // of `input`
        bool end = false;          // the message is over; the next call begins another
    };
    // With no content and no end more bytes are needed; up to two are not consumed then.
    Step next(std::string_view input);
    void reset() { state_ = State::line_start; }

private:
    enum class State : std::uint8_t { line_start, in_line, after_cr };
    // How much of `line`, up to where a line begins with a dot, is one piece.
    std::string_view piece(std::string_view line);

    State state_ = State::line_start;  // DATA's own CRLF begins the first line
};

// `message` as a client sends it after DATA, with its end; a message whose last line has no CRLF is given one.
std::string stuff(std::string_view message);

}  // namespace packetboat::smtp::wire
