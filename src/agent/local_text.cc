#include "agent/local_text.h"

#include <algorithm>
#include <utility>

namespace packetboat::agent {

void LocalText::take(std::string_view& input, std::string& out) {
    while (!input.empty() && !ended_) {
        if (std::exchange(cr_held_, false)) {
            if (input.front() == '\n') {
                input.remove_prefix(1);
                end_line(out);
            } else {
                in_line(out, lines_ == LocalLines::any ? "\r\n" : "\r");
            }
            continue;
        }
        if (at_start_ && dot_ends_ && input.front() == '.') {
            dot_held_ = true;
            at_start_ = false;
            input.remove_prefix(1);
            continue;
        }
        const std::string_view piece = input.substr(0, std::min(input.find_first_of("\r\n"), input.size()));
        if (!piece.empty()) {
            in_line(out, piece);
            input.remove_prefix(piece.size());
            continue;
        }
        const char end = input.front();
        input.remove_prefix(1);
        if (end == '\r') {
            cr_held_ = true;
        } else if (lines_ == LocalLines::any) {
            end_line(out);
        } else {
            in_line(out, "\n");
        }
    }
}

void LocalText::finish(std::string& out) {
    if (ended_) return;
    if (cr_held_ || dot_held_) in_line(out, "");
    if (!at_start_) out += "\r\n";
    at_start_ = true;
    cr_held_ = false;
}

void LocalText::end_line(std::string& out) {
    ended_ = std::exchange(dot_held_, false);
    if (!ended_) out += "\r\n";
    at_start_ = true;
}

void LocalText::in_line(std::string& out, std::string_view bytes) {
    if (std::exchange(dot_held_, false)) out += '.';
    out += bytes;
    at_start_ = false;
}

}  // namespace packetboat::agent
