#include <fmt/format.h>

#include <algorithm>

#include "mime/charset.h"
#include "mime/parameters.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t line_max_bytes = 74;       // of one parameter, so that it stands in a line of 78 with its fold and semicolon
constexpr std::size_t long_section_bytes = 900;  // where short sections would be too many to be read again
constexpr std::size_t short_sections_max = 100;

// attribute-char = <any ASCII CHAR except SPACE, CTLs, "*", "'", "%", or tspecials>       RFC 2231 §7
bool is_attribute_char(char c) { return is_token_char(c) && c != '*' && c != '\'' && c != '%'; }

// What quotes can hold so that all clients read it back: no encoded words, which they would decode.
bool can_be_quoted(std::string_view value) {
    return !value.contains("=?") && std::ranges::all_of(value, [](char c) { return !is_8bit(c) && (!is_control(c) || c == '\t'); });
}

// Each element is one character, so that a section never ends inside one.
std::vector<std::string> percent_encoded(std::string_view utf8) {
    std::vector<std::string> characters;
    for (const char c : utf8) {
        const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
        if (!continues || characters.empty()) characters.emplace_back();
        if (is_attribute_char(c)) {
            characters.back() += c;
        } else {
            characters.back() += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return characters;
}

// RFC 2231 §3, §4: "name*=utf-8''value", or "name*0*=utf-8''val; name*1*=ue".
void append_extended(std::string& out, const Parameter& parameter) {
    const std::vector<std::string> characters = percent_encoded(without_controls(valid_utf8(parameter.value)));
    std::size_t bytes = 0;
    for (const std::string& c : characters) bytes += c.size();
    constexpr std::string_view charset = "utf-8''";
    if (parameter.name.size() + 2 + charset.size() + bytes <= line_max_bytes) {
        out += "; " + parameter.name + "*=" + std::string(charset);
        for (const std::string& c : characters) out += c;
        return;
    }
    const std::size_t marks = parameter.name.size() + std::string_view("*99*=utf-8''").size();
    std::size_t room = std::max<std::size_t>(line_max_bytes - std::min(marks, line_max_bytes), 24);
    if (bytes / room >= short_sections_max) room = long_section_bytes;
    std::size_t used = room;
    std::size_t section = 0;
    for (const std::string& c : characters) {
        if (used + c.size() > room) {
            out += fmt::format("; {}*{}*={}", parameter.name, section, section == 0 ? charset : "");
            ++section;
            used = 0;
        }
        out += c;
        used += c.size();
    }
}

void append(std::string& out, const Parameter& parameter) {
    const std::string& value = parameter.value;
    const std::size_t size = parameter.name.size() + 1 + value.size();
    // Apostrophes around a token are taken for quotes.
    const bool plain = !value.contains("=?") && !value.starts_with('\'') && is_token(value);
    // A boundary is never split: too many readers know it only whole.
    const bool whole = parameter.name == "boundary" && std::ranges::none_of(value, [](char c) { return is_8bit(c) || is_control(c); });
    if (plain && (whole || size <= line_max_bytes)) {
        out += "; " + parameter.name + "=" + value;
    } else if (whole || value.empty() || (can_be_quoted(value) && size + 2 <= line_max_bytes)) {
        out += "; " + parameter.name + "=" + quote(value);
    } else {
        append_extended(out, parameter);
    }
}

// A name with other characters cannot be written; none that was read has them.
bool has_writable_name(const Parameter& parameter) { return is_token(parameter.name) && !parameter.name.contains('*'); }

}  // namespace

void append_parameters(std::string& out, const std::vector<Parameter>& parameters) {
    for (const Parameter& parameter : parameters) {
        if (has_writable_name(parameter)) append(out, parameter);
    }
}

}  // namespace packetboat::mime
