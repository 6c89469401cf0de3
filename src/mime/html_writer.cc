#include "mime/html_writer.h"

#include <algorithm>
#include <cstdint>

#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

constexpr int empty_line = 2;  // line ends

std::size_t character_length(std::string_view text) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return std::min(length, text.size());
}

enum class Class : std::uint8_t {
    shown,
    space,
    joiner,  // shown inside of a word only
    gone,
};

// White space, and what has no width: newsletters pad their first line with hundreds of these. Controls would be commands to a terminal.
Class class_of(std::string_view c) {
    const auto byte = [c](std::size_t i) { return static_cast<std::uint8_t>(c[i]); };
    if (c.size() == 1) {
        if (c[0] == ' ' || (c[0] >= '\t' && c[0] <= '\r')) return Class::space;
        return byte(0) < 0x20 || byte(0) == 0x7f ? Class::gone : Class::shown;
    }
    if (c == "\u00A0") return Class::space;
    if (c == "\u00AD" || c == "\u034F" || (c.size() == 2 && byte(0) == 0xc2 && byte(1) < 0xa0)) return Class::gone;
    if (c.size() != 3) return Class::shown;
    if (c >= "\u2000" && c <= "\u200A") return Class::space;
    if (c == "\u2028" || c == "\u2029" || c == "\u202F" || c == "\u205F") return Class::space;
    if (c == "\u200B" || c == "\u2060" || c == "\uFEFF" || c == "\u180E" || c == "\u2007") return Class::gone;
    return c == "\u200C" || c == "\u200D" ? Class::joiner : Class::shown;
}

std::string_view without_spaces(std::string_view prefix) {
    while (prefix.ends_with(' ')) prefix.remove_suffix(1);
    return prefix;
}

// "> " marks that both lines have: what an empty line between them has.
std::string_view common_marks(std::string_view a, std::string_view b) {
    const auto ends = std::ranges::mismatch(a, b);
    return without_spaces(a.substr(0, static_cast<std::size_t>(ends.in1 - a.begin())));
}

}  // namespace

void HtmlWriter::new_line(int lines) {
    spaces_ = 0;
    if (!out_.empty()) lines_ = std::max(lines_, lines);
}

void HtmlWriter::line_break() {
    spaces_ = 0;
    if (!out_.empty()) lines_ = std::min(lines_ + 1, empty_line);
}

void HtmlWriter::gap() {
    if (!at_start_ && lines_ == 0) spaces_ = 2;
}

void HtmlWriter::break_lines() {
    if (lines_ > 0) out_ += '\n';
    if (lines_ == empty_line) out_.append(common_marks(last_prefix_, prefix_)) += '\n';
    if (lines_ > 0) at_start_ = true;
    lines_ = 0;
}

// Line ends, the line's prefix, or the space before a word: whatever is due.
void HtmlWriter::begin_word() {
    break_lines();
    if (at_start_) {
        const std::size_t marked = std::min(marker_.size(), prefix_.size());
        out_.append(prefix_, 0, prefix_.size() - marked) += marker_.empty() ? prefix_.substr(prefix_.size() - marked) : marker_;
        last_prefix_ = prefix_;
        marker_.clear();
    } else {
        out_.append(static_cast<std::size_t>(spaces_), ' ');
    }
    spaces_ = 0;
    at_start_ = false;
}

void HtmlWriter::character(std::string_view c) {
    const Class is = class_of(c);
    if (is == Class::gone) return;
    if (is == Class::space) {
        if (!at_start_ && lines_ == 0) spaces_ = std::max(spaces_, 1);
        return;
    }
    const bool word_begins = at_start_ || lines_ > 0 || spaces_ > 0;
    if (is == Class::joiner && word_begins) return;
    if (word_begins) begin_word();
    out_ += c;
}

void HtmlWriter::text(std::string_view utf8) {
    while (!utf8.empty() && !full_) {
        const std::size_t length = character_length(utf8);
        character(utf8.substr(0, length));
        utf8.remove_prefix(length);
        full_ = out_.size() >= max_bytes_;
    }
}

void HtmlWriter::preformatted(std::string_view utf8) {
    while (!utf8.empty() && !full_) {
        const std::size_t length = character_length(utf8);
        const std::string_view c = utf8.substr(0, length);
        utf8.remove_prefix(length);
        if (c == "\n") {
            if (lines_ == 0 && at_start_ && !out_.empty()) lines_ = 1;
            line_break();
        } else if (c == " " || c == "\t" || c == "\u00A0") {
            begin_word();
            out_ += c == "\t" ? '\t' : ' ';
        } else {
            character(c);
        }
        full_ = out_.size() >= max_bytes_;
    }
}

std::string HtmlWriter::take() {
    while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\n' || out_.back() == '\t')) out_.pop_back();
    if (!out_.empty() && !full_) out_ += '\n';
    if (out_.size() > max_bytes_) {
        std::size_t size = max_bytes_;
        while (size > 0 && (static_cast<std::uint8_t>(out_[size]) & 0xc0) == 0x80) --size;
        out_.resize(size);
    }
    return std::move(out_);
}

}  // namespace packetboat::mime
