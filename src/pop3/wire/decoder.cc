#include "pop3/wire/decoder.h"

#include <algorithm>

namespace packetboat::pop3::wire {

std::optional<Event> Decoder::next(Mode mode, std::string_view input, std::size_t& consumed) {
    const std::size_t max = mode == Mode::auth ? auth_line_max_bytes : command_line_max_bytes_;
    const std::size_t lf = input.find('\n');
    if (lf == std::string_view::npos) {
        // A CR may still be the beginning of the line's end, so it is remembered across the cut.
        if (!skipping_ && input.size() < max) {
            consumed = 0;
            return std::nullopt;
        }
        consumed = input.size();
        if (!input.empty()) skipped_cr_ = input.back() == '\r';
        skipping_ = true;
        return std::nullopt;
    }
    consumed = lf + 1;
    const bool after_cr = lf > 0 ? input[lf - 1] == '\r' : skipping_ && skipped_cr_;
    const bool too_long = skipping_ || consumed > max;
    reset();
    if (!after_cr) return Error{Error::Kind::bare_lf, "lines end with CRLF, not with LF alone"};
    if (too_long) return Error{Error::Kind::too_long, "line too long"};
    return decode(mode, input.substr(0, lf - 1));
}

void Decoder::reset() { skipping_ = skipped_cr_ = false; }

Event Decoder::decode(Mode mode, std::string_view line) const {
    if (line.find_first_of(std::string_view("\0\r", 2)) != std::string_view::npos)
        return Error{Error::Kind::bad_byte, "NUL or bare CR in the line"};
    if (mode == Mode::auth) return Line{std::string(line)};
    return std::visit([](auto result) { return Event(std::move(result)); }, parse_command(line));
}

}  // namespace packetboat::pop3::wire
