#include "agent/terminal_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace packetboat::agent {

namespace {

constexpr char32_t replacement = 0xfffd;

// Reads the code point at `at` and goes on behind it; what is not UTF-8 is U+FFFD.
char32_t take(std::string_view text, std::size_t& at) {
    UChar32 point = 0;
    auto position = static_cast<std::int64_t>(at);
    const auto size = static_cast<std::int64_t>(text.size());
    const char* bytes = text.data();
    U8_NEXT_OR_FFFD(bytes, position, size, point);
    at = static_cast<std::size_t>(position);
    return static_cast<char32_t>(point);
}

void append(std::string& out, char32_t point) {
    std::uint8_t bytes[U8_MAX_LENGTH];
    std::size_t size = 0;
    U8_APPEND_UNSAFE(bytes, size, static_cast<std::uint32_t>(point));
    out.append(reinterpret_cast<const char*>(bytes), size);
}

bool is_line_end(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }

bool is_joiner(char32_t c) { return c == 0x200c || c == 0x200d; }

// Nothing of it is seen, and it may be there to deceive: bidi controls, zero width spaces, tags, fillers. Variation selectors choose
// between forms of the character before them, and stay.
bool is_invisible(char32_t c) {
    const auto point = static_cast<UChar32>(c);
    if (is_joiner(c) || u_hasBinaryProperty(point, UCHAR_VARIATION_SELECTOR)) return false;
    return u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || u_hasBinaryProperty(point, UCHAR_BIDI_CONTROL) ||
           u_charType(point) == U_FORMAT_CHAR || (c >= 0xfff9 && c <= 0xfffb);
}

bool is_mark(char32_t c) {
    const auto type = u_charType(static_cast<UChar32>(c));
    return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK;
}

// The picture of a control character, or the character itself.
char32_t shown(char32_t c) {
    if (c < 0x20) return 0x2400 + c;
    if (c == 0x7f) return 0x2421;
    if (c < 0xa0 && c >= 0x80) return replacement;
    const auto type = u_charType(static_cast<UChar32>(c));
    return type == U_SURROGATE ? replacement : c;
}

std::size_t width_of(char32_t c) {
    if (c < 0x300) return c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0) ? 1 : 0;
    const auto point = static_cast<UChar32>(c);
    const auto type = u_charType(point);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
    if (c >= 0x1160 && c <= 0x11ff) return 0;  // vowels and finals that join the syllable before them
    const int wide = u_getIntPropertyValue(point, UCHAR_EAST_ASIAN_WIDTH);
    return wide == U_EA_WIDE || wide == U_EA_FULLWIDTH ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
    constexpr std::size_t tab_columns = 8;
    std::string out;
    out.reserve(text.size());
    std::size_t column = 0;
    std::size_t marks = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = take(text, at);
        if (is_line_end(c)) {
            if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
            out += lines == Lines::many ? '\n' : ' ';
            column = 0;
            continue;
        }
        if (c == '\t') {
            const std::size_t spaces = lines == Lines::many ? tab_columns - column % tab_columns : 1;
            out.append(spaces, ' ');
            column += spaces;
            continue;
        }
        if (is_invisible(c)) continue;
        marks = is_mark(c) || is_joiner(c) ? marks + 1 : 0;
        if (marks > marks_max) continue;
        append(out, shown(c));
        column += width_of(shown(c));
    }
    return out;
}

std::size_t columns_of(std::string_view line) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < line.size();) columns += width_of(take(line, at));
    return columns;
}

std::string shorten(std::string_view line, std::size_t columns) {
    std::size_t used = 0;
    std::size_t keep = 0;  // bytes that leave a column for the ellipsis
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t width = width_of(take(line, at));
        if (used + width > columns) return columns == 0 ? std::string() : std::string(line.substr(0, keep)) + "…";
        used += width;
        if (used < columns) keep = at;
    }
    return std::string(line);
}

namespace {

// Quote marks and indentation of a line, which its continuations repeat.
std::string_view lead_of(std::string_view line) {
    const std::size_t end = std::min(line.find_first_not_of("> "), line.size());
    return line.substr(0, end);
}

void wrap_line(std::string& out, std::string_view line, std::size_t columns) {
    const std::string_view lead = lead_of(line);
    const std::size_t lead_columns = lead.size();
    if (lead_columns + 10 > columns || columns_of(line) <= columns) {
        out += line;
        return;
    }
    std::size_t begin = 0;             // of the line that is being filled
    std::size_t used = 0;              // columns of it
    std::size_t break_at = 0;          // the last place where it may end; 0: nowhere
    std::size_t used_since_break = 0;  // columns behind that place
    bool after_wide = false;
    const auto new_line = [&] {
        std::string_view piece = line.substr(begin, break_at - begin);
        out += piece.substr(0, piece.find_last_not_of(' ') + 1);
        out += '\n';
        out += lead;
        begin = break_at;
        used = lead_columns + used_since_break;
        break_at = 0;
    };
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t start = at;
        const char32_t c = take(line, at);
        const std::size_t width = width_of(c);
        const bool wide = width == 2;
        if (start > lead.size() && c != ' ' && width > 0 && (line[start - 1] == ' ' || wide || after_wide)) {
            break_at = start;
            used_since_break = 0;
        }
        if (used + width > columns && c != ' ' && break_at > begin) new_line();
        used += width;
        used_since_break += width;
        if (width > 0) after_wide = wide;
    }
    out += line.substr(begin);
}

}  // namespace

std::string wrap(std::string_view printable_text, std::size_t columns) {
    std::string out;
    out.reserve(printable_text.size() + printable_text.size() / 40);
    while (!printable_text.empty()) {
        const std::size_t end = printable_text.find('\n');
        wrap_line(out, printable_text.substr(0, end), columns);
        if (end == std::string_view::npos) break;
        out += '\n';
        printable_text.remove_prefix(end + 1);
    }
    return out;
}

std::string json_for_terminal(std::string_view json) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(json.size());
    const auto escape = [&](std::uint32_t unit) {
        out += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 0xf];
    };
    for (std::size_t at = 0; at < json.size();) {
        const std::size_t start = at;
        const char32_t c = take(json, at);
        const bool obeyed = c == 0x7f || (c >= 0x80 && c < 0xa0) || (c >= 0x80 && (is_invisible(c) || is_line_end(c)));
        if (!obeyed) {
            out += json.substr(start, at - start);
        } else if (c < 0x10000) {
            escape(c);
        } else {
            escape(0xd800 + ((c - 0x10000) >> 10));
            escape(0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }
    return out;
}

}  // namespace packetboat::agent
