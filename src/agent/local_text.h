#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::agent {

// How the lines of a text end that a program on this machine writes to us.
enum class LocalLines : std::uint8_t {
    any,   // LF or CRLF, and all of them become CRLF; a CR alone becomes one, too, but begins no line that could end the text
    crlf,  // a program that says CRLF means it (RFC 5321 §2.3.8): only these end lines, everything else stays as it is
};

// A message on its way in, up to a line that is a dot alone where that ends it.
class LocalText {
public:
    LocalText(LocalLines lines, bool dot_ends) : lines_(lines), dot_ends_(dot_ends) {}

    // Takes from the front of `input`, all of it unless the text ends in it, and appends what it is to `out`.
    void take(std::string_view& input, std::string& out);
    bool ended() const { return ended_; }  // by its dot
    // There is no more input: what was held back, and the end of the last line.
    void finish(std::string& out);

private:
    void end_line(std::string& out);
    void in_line(std::string& out, std::string_view bytes);

    LocalLines lines_;
    bool dot_ends_;
    bool at_start_ = true;   // of a line
    bool dot_held_ = false;  // a line begins with a dot, and that is all that is known of it
    bool cr_held_ = false;
    bool ended_ = false;
};

}  // namespace packetboat::agent
