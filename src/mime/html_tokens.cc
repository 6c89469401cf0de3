#include "mime/html_tokens.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
constexpr bool ends_name(char c) { return is_space(c) || c == '/' || c == '>'; }

// §13.2.3.5: CRLF and CR are LF.
void append_lines(std::string& out, std::string_view text) {
    for (;;) {
        const std::size_t cr = text.find('\r');
        out += text.substr(0, cr);
        if (cr == std::string_view::npos) return;
        text.remove_prefix(cr + 1);
        if (!text.starts_with('\n')) out += '\n';
    }
}

// The same where a NUL becomes U+FFFD.
void append_without_nul(std::string& out, std::string_view text) {
    for (;;) {
        const std::size_t nul = text.find('\0');
        append_lines(out, text.substr(0, nul));
        if (nul == std::string_view::npos) return;
        text.remove_prefix(nul + 1);
        out += replacement_character;
    }
}

void append_name(std::string& out, std::string_view name) {
    const std::size_t before = out.size();
    append_without_nul(out, name);
    std::transform(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), out.begin() + static_cast<std::ptrdiff_t>(before),
                   to_lower);
}

HtmlContent content_after(std::string_view tag) {
    // §13.2.6.4; without scripts, as here, <noscript> is as any other.
    if (tag == "title" || tag == "textarea") return HtmlContent::rcdata;
    constexpr std::string_view raw[] = {"style", "xmp", "iframe", "noembed", "noframes"};
    if (std::ranges::find(raw, tag) != std::end(raw)) return HtmlContent::rawtext;
    if (tag == "script") return HtmlContent::script;
    return tag == "plaintext" ? HtmlContent::plaintext : HtmlContent::data;
}

}  // namespace

const std::string* HtmlToken::attribute(std::string_view name) const {
    const auto found = std::ranges::find(attributes, name, &HtmlAttribute::name);
    return found == attributes.end() ? nullptr : &found->value;
}

bool HtmlTokenizer::next(HtmlToken& token) {
    while (!at_end()) {
        token.text.clear();
        token.attributes.clear();
        token.self_closing = false;
        token.kind = HtmlKind::text;
        if (content_ == HtmlContent::data ? data(token) : raw(token)) return true;
    }
    return false;
}

// Each of these takes something; false: it amounts to no token.
bool HtmlTokenizer::data(HtmlToken& token) {
    while (!at_end()) {
        std::size_t stop = at_;
        while (stop < html_.size() && html_[stop] != '<' && html_[stop] != '&') ++stop;
        append_lines(token.text, html_.substr(at_, stop - at_));
        at_ = stop;
        if (at_end()) break;
        if (html_[at_] == '&') {
            reference(token.text, false);
            continue;
        }
        const char after = at_ + 1 < html_.size() ? html_[at_ + 1] : '\0';
        const bool is_markup = is_alpha(after) || after == '!' || after == '?' || (after == '/' && at_ + 2 < html_.size());
        if (is_markup && !token.text.empty()) return true;
        if (is_markup) return markup(token);
        token.text += '<';
        ++at_;
    }
    return !token.text.empty();
}

bool HtmlTokenizer::markup(HtmlToken& token) {
    ++at_;
    if (is_alpha(html_[at_])) return tag(token, HtmlKind::start_tag);
    if (here("/")) {
        ++at_;
        if (is_alpha(html_[at_])) return tag(token, HtmlKind::end_tag);
        if (here(">")) {
            ++at_;
            return false;
        }
        bogus_comment(token);
        return true;
    }
    if (here("!--")) {
        at_ += 3;
        comment(token);
        return true;
    }
    const bool is_doctype = iequals(html_.substr(at_, 8), "!doctype");
    if (here("!")) ++at_;
    bogus_comment(token);
    // In a DOCTYPE too the first ">" is the end, even between quotes (§13.2.5.59).
    if (is_doctype) token.kind = HtmlKind::doctype;
    return true;
}

// §13.2.5.43 to 52.
void HtmlTokenizer::comment(HtmlToken& token) {
    token.kind = HtmlKind::comment;
    for (const std::string_view abrupt : {std::string_view(">"), std::string_view("->")}) {
        if (!here(abrupt)) continue;
        at_ += abrupt.size();
        return;
    }
    const std::size_t begin = at_;
    for (std::size_t dashes = html_.find("--", at_); dashes != std::string_view::npos; dashes = html_.find("--", dashes + 1)) {
        std::size_t end = dashes + 2;
        if (end < html_.size() && html_[end] == '!') ++end;
        if (end == html_.size() || html_[end] != '>') continue;
        append_without_nul(token.text, html_.substr(begin, dashes - begin));
        at_ = end + 1;
        return;
    }
    std::string_view content = html_.substr(begin);
    for (const std::string_view unfinished : {std::string_view("--!"), std::string_view("--"), std::string_view("-")}) {
        if (!content.ends_with(unfinished)) continue;
        content.remove_suffix(unfinished.size());
        break;
    }
    append_without_nul(token.text, content);
    at_ = html_.size();
}

void HtmlTokenizer::bogus_comment(HtmlToken& token) {
    token.kind = HtmlKind::comment;
    const std::size_t end = std::min(html_.find('>', at_), html_.size());
    append_without_nul(token.text, html_.substr(at_, end - at_));
    at_ = std::min(end + 1, html_.size());
}

bool HtmlTokenizer::tag(HtmlToken& token, HtmlKind kind) {
    token.kind = kind;
    const std::size_t begin = at_;
    while (!at_end() && !ends_name(html_[at_])) ++at_;
    append_name(token.text, html_.substr(begin, at_ - begin));
    if (!attributes(token)) return false;
    if (kind == HtmlKind::end_tag) {
        token.attributes.clear();
        token.self_closing = false;
    }
    if (kind == HtmlKind::start_tag && follows_tags_) {
        content_ = content_after(token.text);
        last_start_tag_ = token.text;
    }
    return true;
}

void HtmlTokenizer::skip_space() {
    while (!at_end() && is_space(html_[at_])) ++at_;
}

// §13.2.5.32 to 40: up to and with the ">" of a tag. false: the text ended before.
bool HtmlTokenizer::attributes(HtmlToken& token) {
    for (;;) {
        skip_space();
        if (at_end()) return false;
        if (here(">") || here("/>")) {
            token.self_closing = here("/");
            at_ += token.self_closing ? 2 : 1;
            return true;
        }
        if (here("/")) {
            ++at_;
            continue;
        }
        const std::size_t begin = at_++;  // whatever it is, "=" too
        while (!at_end() && !ends_name(html_[at_]) && html_[at_] != '=') ++at_;
        HtmlAttribute attribute;
        append_name(attribute.name, html_.substr(begin, at_ - begin));
        skip_space();
        if (here("=")) {
            ++at_;
            skip_space();
            if (at_end() || !attribute_value(attribute.value)) return false;
        }
        const bool wanted = token.attributes.size() < html_attributes_max && token.attribute(attribute.name) == nullptr;
        if (wanted) token.attributes.push_back(std::move(attribute));
    }
}

bool HtmlTokenizer::attribute_value(std::string& value) {
    const char quote = html_[at_] == '"' || html_[at_] == '\'' ? html_[at_] : '\0';
    if (quote != '\0') ++at_;
    const auto ends = [quote](char c) { return quote != '\0' ? c == quote : is_space(c) || c == '>'; };
    while (!at_end() && !ends(html_[at_])) {
        if (html_[at_] == '&') {
            reference(value, true);
            continue;
        }
        const std::size_t begin = at_;
        while (!at_end() && !ends(html_[at_]) && html_[at_] != '&') ++at_;
        append_without_nul(value, html_.substr(begin, at_ - begin));
    }
    if (at_end()) return false;
    if (quote != '\0') ++at_;
    return true;
}

}  // namespace packetboat::mime
