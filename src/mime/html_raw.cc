#include <array>

#include "base/text.h"
#include "mime/html_entities.h"
#include "mime/html_tokens.h"
#include "mime/utf8.h"

// The parts of the tokenizer that read text which is not markup: what stands in <script>, <style> and their like, and character references.
namespace packetboat::mime {

namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// §13.2.5.80: the numbers that are windows-1252's.
constexpr std::array<char16_t, 32> windows_1252_controls{
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};

int digit_value(char c, bool is_hex) {
    if (is_digit(c)) return c - '0';
    const char low = to_lower(c);
    return is_hex && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

}  // namespace

// The text up to the end tag of its element.
bool HtmlTokenizer::raw(HtmlToken& token) {
    const std::size_t end = content_ == HtmlContent::script ? script_end() : raw_end();
    if (end == at_) {
        content_ = HtmlContent::data;
        at_ += 2;
        return tag(token, HtmlKind::end_tag);
    }
    const std::string_view html = html_;
    html_ = html.substr(0, end);
    while (!at_end()) {
        const std::size_t stop = content_ == HtmlContent::rcdata ? html_.find('&', at_) : std::string_view::npos;
        std::string_view text = html_.substr(at_, stop == std::string_view::npos ? stop : stop - at_);
        at_ += text.size();
        while (!text.empty()) {
            if (text.front() == '\0') {
                token.text += replacement_character;
            } else if (text.front() != '\r') {
                token.text += text.front();
            } else if (text.size() < 2 || text[1] != '\n') {
                token.text += '\n';
            }
            text.remove_prefix(1);
        }
        if (!at_end()) reference(token.text, false);
    }
    html_ = html;
    return true;
}

// "</" name and what may follow a tag's name, from `at`.
bool HtmlTokenizer::is_end_tag(std::size_t at, std::string_view name) const {
    const std::string_view rest = html_.substr(at);
    if (name.empty() || rest.size() < name.size() + 3 || !rest.starts_with("</")) return false;
    const char after = rest[name.size() + 2];
    return iequals(rest.substr(2, name.size()), name) && (is_space(after) || after == '/' || after == '>');
}

std::size_t HtmlTokenizer::raw_end() const {
    if (content_ == HtmlContent::plaintext) return html_.size();
    for (std::size_t at = html_.find("</", at_); at != std::string_view::npos; at = html_.find("</", at + 2)) {
        if (is_end_tag(at, last_start_tag_)) return at;
    }
    return html_.size();
}

// §13.2.5.15 to 31: "<!--" hides nothing but "<script", which then hides one "</script".
std::size_t HtmlTokenizer::script_end() const {
    enum class In : std::uint8_t { script, comment, script_in_comment } in = In::script;
    for (std::size_t at = html_.find_first_of("<-", at_); at != std::string_view::npos; at = html_.find_first_of("<-", at)) {
        const std::string_view rest = html_.substr(at, 8);
        if (in != In::script && rest.starts_with("-->")) {
            in = In::script;
            at += 3;
            continue;
        }
        if (in != In::script_in_comment && is_end_tag(at, last_start_tag_)) return at;
        const bool is_script =
            rest.size() == 8 && iequals(rest.substr(0, 7), "<script") && (is_space(rest[7]) || rest[7] == '/' || rest[7] == '>');
        if (in == In::script && rest.starts_with("<!--")) {
            in = In::comment;
            at += 2;  // "<!-->" is over at once
            continue;
        }
        if (in == In::comment && is_script) in = In::script_in_comment;
        if (in == In::script_in_comment && is_end_tag(at, "script")) in = In::comment;
        ++at;
    }
    return html_.size();
}

// §13.2.5.72 to 80. At "&"; what is no reference is the text that it is.
void HtmlTokenizer::reference(std::string& out, bool in_attribute) {
    ++at_;
    if (here("#")) return numeric_reference(out);
    const NamedReference found = named_reference(html_.substr(at_));
    const std::size_t end = at_ + found.length;
    // In "?a=1&copy=2" old references without ";" are not meant.
    const bool not_meant =
        in_attribute && found.length > 0 && html_[end - 1] != ';' && end < html_.size() && (html_[end] == '=' || is_alnum(html_[end]));
    if (found.length == 0 || not_meant) {
        out += '&';
        return;
    }
    out += found.characters;
    at_ = end;
}

void HtmlTokenizer::numeric_reference(std::string& out) {
    std::size_t at = at_ + 1;
    const bool is_hex = at < html_.size() && to_lower(html_[at]) == 'x';
    if (is_hex) ++at;
    const std::size_t first = at;
    char32_t value = 0;
    for (; at < html_.size(); ++at) {
        const int digit = digit_value(html_[at], is_hex);
        if (digit < 0) break;
        if (value <= 0x10ffff) value = value * (is_hex ? 16 : 10) + static_cast<char32_t>(digit);
    }
    if (at == first) {
        out += '&';
        return;
    }
    if (at < html_.size() && html_[at] == ';') ++at;
    at_ = at;
    if (value >= 0x80 && value < 0xa0) value = windows_1252_controls[value - 0x80];
    append_utf8(out, value == 0 ? U'\uFFFD' : value);
}

}  // namespace packetboat::mime
