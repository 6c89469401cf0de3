#include <algorithm>
#include <cstdint>

#include "mime/lines.h"
#include "mime/reading.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t flowed_line_max = 78;    // RFC 3676 §4.2, in characters
constexpr std::size_t depth_max = 100;         // of quotes; deeper ones are as deep as this
constexpr std::string_view signature = "-- ";  // RFC 3676 §4.3

std::size_t depth_of(std::string_view line) {
    return static_cast<std::size_t>(std::ranges::find_if(line, [](char c) { return c != '>'; }) - line.begin());
}

void append_marks(std::string& out, std::size_t depth, std::string_view text) {
    for (std::size_t i = 0; i < depth; ++i) out += (i + 1 == depth && text.empty()) ? ">" : "> ";
    out.append(text) += '\n';
}

// Of text with the marks that unflow() writes ("> > "), and of text that somebody typed (">>").
std::size_t take_marks(std::string_view& line) {
    std::size_t depth = 0;
    while (line.starts_with('>') && depth < depth_max) {
        line.remove_prefix(line.starts_with("> ") ? 2 : 1);
        ++depth;
    }
    return depth;
}

bool is_continuation(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

// Where to break: after the last space that lets `width` characters stand on the line, else after the first one beyond; never so that a
// signature's mark is a line. 0: nowhere.
std::size_t break_at(std::string_view text, std::size_t width) {
    std::size_t characters = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!is_continuation(text[i])) ++characters;
        if (characters > width && at > 0) return at;
        const bool breaks = text[i] == ' ' && i + 1 < text.size() && text.substr(0, i + 1) != signature;
        if (breaks) at = i + 1;
    }
    return characters > width ? at : 0;
}

// RFC 3676 §4.4, and of quoted lines always: it keeps the marks from the text.
bool is_stuffed(std::string_view line, std::size_t depth) {
    return depth > 0 || line.starts_with(' ') || line.starts_with('>') || line.starts_with("From ");
}

void append_flowed(std::string& out, std::size_t depth, std::string_view text) {
    const std::size_t taken = depth + 1;
    const std::size_t width = taken + 20 < flowed_line_max ? flowed_line_max - taken : 20;
    for (;;) {
        const std::size_t end = break_at(text, width);
        const std::string_view line = end == 0 ? text : text.substr(0, end);
        out.append(depth, '>');
        if (is_stuffed(line, depth) && !line.empty()) out += ' ';
        out.append(line) += '\n';
        if (end == 0) return;
        text.remove_prefix(end);
    }
}

}  // namespace

std::string unflow(std::string_view text, bool delsp) {
    std::string out;
    out.reserve(text.size());
    std::string paragraph;  // of flowed lines that are not ended yet
    std::size_t depth = 0;
    bool open = false;
    const auto finish = [&] {
        if (open) append_marks(out, depth, paragraph);
        paragraph.clear();
        open = false;
    };
    for (Lines lines(text); !lines.at_end();) {
        std::string_view line = lines.take();
        const std::size_t line_depth = depth_of(line);
        line.remove_prefix(line_depth);
        if (line.starts_with(' ')) line.remove_prefix(1);
        // §4.5: a paragraph does not go on in another depth, nor in a signature's mark.
        if (open && (std::min(line_depth, depth_max) != depth || line == signature)) finish();
        depth = std::min(line_depth, depth_max);
        const bool flows = line.ends_with(' ') && line != signature;
        if (flows && delsp) line.remove_suffix(1);
        open = true;
        paragraph += line;
        if (!flows) finish();
    }
    finish();
    return out;
}

std::string flow(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 16);
    for (Lines lines(text); !lines.at_end();) {
        std::string_view line = lines.take();
        const std::size_t depth = take_marks(line);
        // A space at its end would say that the line goes on; a bare CR there would be a part of its end.
        while (line.ends_with('\r')) line.remove_suffix(1);
        if (line != signature) {
            while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
        }
        append_flowed(out, depth, line);
    }
    return out;
}

}  // namespace packetboat::mime
