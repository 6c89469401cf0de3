#include "pop3/wire/head.h"

namespace packetboat::pop3::wire {

std::string_view Head::take(std::string_view piece) {
    std::size_t at = 0;
    while (at < piece.size() && !done()) {
        const std::size_t lf = piece.find('\n', at);
        const std::string_view text = piece.substr(at, lf == std::string_view::npos ? lf : lf - at);
        if (!text.empty()) {
            blank_ = blank_ && !cr_ && text == "\r";
            cr_ = blank_;
        }
        if (lf == std::string_view::npos) return piece;
        end_of_line(blank_);
        at = lf + 1;
    }
    return piece.substr(0, at);
}

void Head::end_of_line(bool blank) {
    if (!in_header_) {
        --lines_left_;
    } else if (blank) {
        in_header_ = false;
    }
    blank_ = true;
    cr_ = false;
}

}  // namespace packetboat::pop3::wire
