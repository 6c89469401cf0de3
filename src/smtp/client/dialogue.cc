#include "smtp/client/dialogue.h"

#include <utility>

#include "base/text.h"

namespace packetboat::smtp {

void Dialogue::client(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    add("C: " + escape_control(line.substr(0, line_max_bytes)) + (line.size() > line_max_bytes ? "…" : ""));
}

void Dialogue::server(const wire::ServerReply& reply) {
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        std::string line = "S: " + std::to_string(reply.code) + (i + 1 < reply.lines.size() ? "-" : " ");
        if (reply.enhanced) line += reply.enhanced->text() + " ";
        const std::string_view text = reply.lines[i];
        add(line += escape_control(text.substr(0, line_max_bytes)) + (text.size() > line_max_bytes ? "…" : ""));
    }
}

void Dialogue::note(std::string_view what) { add("(" + escape_control(what.substr(0, line_max_bytes)) + ")"); }

void Dialogue::add(std::string line) {
    bytes_ += line.size() + 1;
    lines_.push_back(std::move(line));
    while (bytes_ > max_bytes_ && lines_.size() > 1) {
        bytes_ -= lines_.front().size() + 1;
        lines_.pop_front();
        ++forgotten_;
    }
}

std::string Dialogue::text() const {
    std::string out;
    if (forgotten_ > 0) out = "(" + std::to_string(forgotten_) + " lines before are left out)\n";
    for (const std::string& line : lines_) out += line + "\n";
    return out;
}

}  // namespace packetboat::smtp
