#pragma once

#include <cstdint>
#include <string_view>

namespace packetboat::pop3::wire {

// What TOP shows of a message that comes in pieces (RFC 1939 §7): the header, the blank line after it, and so many lines of the body.
class Head {
public:
    explicit Head(std::uint64_t body_lines) : lines_left_(body_lines) {}

    // The part of `piece`, from its front, that is shown.
    std::string_view take(std::string_view piece);
    // Nothing that comes after is shown: no more needs to be read.
    bool done() const { return !in_header_ && lines_left_ == 0; }

private:
    void end_of_line(bool blank);

    std::uint64_t lines_left_;
    bool in_header_ = true;
    bool blank_ = true;  // of the line so far: nothing, or a CR
    bool cr_ = false;    // a CR
};

}  // namespace packetboat::pop3::wire
