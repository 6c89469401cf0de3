#include "pop3/wire/stuffing.h"

#include "pop3/wire/reply.h"

namespace packetboat::pop3::wire {

void Stuffer::append(std::string_view piece, std::string& out) {
    if (piece.empty()) return;
    std::size_t copied = 0;
    for (std::size_t dot = piece.find('.'); dot != std::string_view::npos; dot = piece.find('.', dot + 1)) {
        const char before = dot > 0 ? piece[dot - 1] : last_;
        if (before != '\n') continue;
        out.append(piece, copied, dot - copied);
        out += '.';
        copied = dot;
    }
    out.append(piece, copied);
    before_last_ = piece.size() > 1 ? piece[piece.size() - 2] : last_;
    last_ = piece.back();
}

void Stuffer::finish(std::string& out) const {
    if (before_last_ != '\r' || last_ != '\n') out += "\r\n";
    out += multi_line_end;
}

std::size_t Unstuffer::append(std::string_view piece, std::string& out) {
    std::size_t at = 0;
    while (at < piece.size() && state_ != State::end) {
        const char c = piece[at];
        switch (state_) {
            case State::line: {
                const std::size_t lf = piece.find('\n', at);
                const std::size_t stop = lf == std::string_view::npos ? piece.size() : lf + 1;
                out.append(piece, at, stop - at);
                if (lf != std::string_view::npos) state_ = State::begin;
                at = stop;
                break;
            }
            case State::begin:
                state_ = c == '.' ? State::dot : State::line;
                if (c == '.') ++at;
                break;
            case State::dot:
                state_ = c == '\r' ? State::dot_cr : State::line;
                if (c == '\r') ++at;
                break;
            case State::dot_cr:
                if (c == '\n') {
                    state_ = State::end;
                    ++at;
                } else {
                    out += '\r';
                    state_ = State::line;
                }
                break;
            case State::end: break;
        }
    }
    return at;
}

}  // namespace packetboat::pop3::wire
