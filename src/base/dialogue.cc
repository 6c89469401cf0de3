#include "base/dialogue.h"

#include <utility>

#include "base/text.h"

namespace packetboat {

namespace {

std::string shown(std::string_view line, std::size_t max_bytes) {
    return escape_control(line.substr(0, max_bytes)) + (line.size() > max_bytes ? "…" : "");
}

}  // namespace

void Dialogue::client(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    add("C: " + shown(line, line_max_bytes));
}

void Dialogue::server(std::string_view line) { add("S: " + shown(line, line_max_bytes)); }

void Dialogue::note(std::string_view what) { add("(" + shown(what, line_max_bytes) + ")"); }

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

}  // namespace packetboat
