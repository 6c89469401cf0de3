#include "smtp/wire/unstuff.h"

#include <cstring>

namespace packetboat::smtp::wire {

std::string_view Unstuffer::piece(std::string_view line) {
    const char* const begin = line.data();
    const char* const end = begin + line.size();
    State last = State::in_line;
    for (const char* from = begin; from != end;) {
        const auto* lf = static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
        if (lf == nullptr) break;
        const bool crlf = lf == begin ? state_ == State::after_cr : lf[-1] == '\r';
        from = lf + 1;
        if (!crlf) continue;
        if (from == end) last = State::line_start;
        if (from != end && *from == '.') {
            state_ = State::line_start;
            return {begin, from};
        }
    }
    if (!line.empty()) state_ = line.back() == '\r' ? State::after_cr : last;
    return line;
}

Unstuffer::Step Unstuffer::next(std::string_view input) {
    Step step;
    if (state_ == State::line_start && input.starts_with('.')) {
        constexpr std::string_view end_of_data = ".\r\n";
        if (input.starts_with(end_of_data)) {
            step.consumed = end_of_data.size();
            step.end = true;
            return step;
        }
        if (end_of_data.starts_with(input)) return step;
        // RFC 5321 §4.5.2: a first dot that others follow is not the message's.
        state_ = State::in_line;
        step.consumed = 1;
        input.remove_prefix(1);
    }
    step.content = piece(input);
    step.consumed += step.content.size();
    return step;
}

std::string stuff(std::string_view message) {
    std::string out;
    out.reserve(message.size() + 64);
    bool line_start = true;
    while (!message.empty()) {
        if (line_start && message.front() == '.') out += '.';
        const std::size_t crlf = message.find("\r\n");
        line_start = crlf != std::string_view::npos;
        const std::size_t line = line_start ? crlf + 2 : message.size();
        out += message.substr(0, line);
        message.remove_prefix(line);
    }
    if (!line_start) out += "\r\n";
    return out += ".\r\n";
}

}  // namespace packetboat::smtp::wire
