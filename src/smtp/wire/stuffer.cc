#include "smtp/wire/stuffer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

namespace packetboat::smtp::wire {

namespace {

constexpr std::string_view crlf = "\r\n";
// How far a line's end is looked for at a time: with that a text of nothing but CRs takes linear time too.
constexpr std::ptrdiff_t window_bytes = 512;

// The first CR or LF; `end` where there is none.
const char* find_newline(const char* from, const char* end) {
    while (from != end) {
        const char* const stop = from + std::min(window_bytes, end - from);
        const auto find = [from](char c, const char* to) { return std::memchr(from, c, static_cast<std::size_t>(to - from)); };
        const auto* const lf = static_cast<const char*>(find('\n', stop));
        const auto* const cr = static_cast<const char*>(find('\r', lf != nullptr ? lf : stop));
        if (cr != nullptr) return cr;
        if (lf != nullptr) return lf;
        from = stop;
    }
    return end;
}

}  // namespace

std::string_view Stuffer::next(std::string_view& text) {
    if (text.empty()) return {};
    if (state_ == State::after_cr) {
        if (text.front() == '\n') text.remove_prefix(1);
        state_ = State::line_start;
        return crlf;
    }
    if (dots_ && state_ == State::line_start && text.front() == '.') {
        state_ = State::in_line;  // the message's own dot goes with what follows it
        return ".";
    }
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto take = [&](const char* up_to, const char* rest) {
        text = {rest, static_cast<std::size_t>(end - rest)};
        return std::string_view(begin, static_cast<std::size_t>(up_to - begin));
    };
    state_ = State::line_start;
    for (const char* from = begin; from != end;) {
        const char* const newline = find_newline(from, end);
        if (newline == end) {
            state_ = State::in_line;
            return take(end, end);
        }
        const bool pair = *newline == '\r' && newline + 1 != end && newline[1] == '\n';
        if (!pair) {
            state_ = State::after_cr;
            return take(newline, *newline == '\r' ? newline + 1 : newline);
        }
        from = newline + 2;
        if (dots_ && from != end && *from == '.') return take(from, from);
    }
    return take(end, end);
}

std::string_view Stuffer::finish() {
    const bool line_ended = std::exchange(state_, State::line_start) == State::line_start;
    if (dots_) return line_ended ? ".\r\n" : "\r\n.\r\n";
    return line_ended ? std::string_view{} : crlf;
}

}  // namespace packetboat::smtp::wire
