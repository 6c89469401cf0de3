#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/limits.h"

namespace packetboat::mime {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }
// atext = ALPHA / DIGIT / "!#$%&'*+-/=?^_`{|}~" / UTF8-non-ascii        RFC 5322 §3.2.3, RFC 6532 §3.2
constexpr bool is_atext(char c) { return is_alnum(c) || is_8bit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c); }
// token = 1*<any CHAR except SPACE, CTLs, or tspecials>                 RFC 2045 §5.1
constexpr bool is_token_char(char c) {
    return !is_control(c) && !is_8bit(c) && c != ' ' && !std::string_view("()<>@,;:\\\"/[]?=").contains(c);
}
bool is_token(std::string_view text);     // not empty either
bool is_dot_atom(std::string_view text);  // dot-atom-text, RFC 5322 §3.2.3

// What all structured fields are made of (RFC 5322 §3.2), read from the value as it came, with its folds. Line ends count as white space.
// Nothing fails: a quote or a parenthesis that is never closed is a character like others, as the major clients have it, and is found out
// by one look at the rest only, so that reading stays linear whatever the value.
class HeaderLexer {
public:
    explicit HeaderLexer(std::string_view value) : text_(value) {}

    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[at_]; }
    std::size_t offset() const { return at_; }
    std::string_view rest() const { return text_.substr(at_); }
    std::string_view slice(std::size_t begin, std::size_t end) const { return text_.substr(begin, end - begin); }
    void skip(std::size_t count = 1) { at_ = std::min(at_ + count, text_.size()); }
    void go_to(std::size_t offset) { at_ = offset; }
    bool take(char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    template <class Is>
    std::string_view while_(Is is) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is(text_[at_])) ++at_;
        return slice(begin, at_);
    }

    bool skip_space() { return !while_(is_space).empty(); }
    // CFWS (RFC 5322 §3.2.2). Whether there was any.
    bool skip_cfws();
    // At a "(": what stands between it and its ")", as written. nullopt: it is never closed, and nothing was taken; or comments nest deeper
    // than comment_nesting_max, and the value ends here.
    std::optional<std::string_view> comment();
    // At a DQUOTE: what stands between it and the next, as written. nullopt: it is never closed, and nothing was taken.
    std::optional<std::string_view> quoted();

private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool comments_close_ = true;
    bool quotes_close_ = true;
};

// What was between quotes or parentheses: quoted-pairs resolved, line ends gone.
std::string unescape(std::string_view inside);

// Raw text of a header: UTF-8 if it is, else windows-1252 (RFC 6532, and what came before it).
std::string text_of(std::string_view bytes);
// Bytes whose charset a label says. A label that says too little ("", "us-ascii") counts for none: real mail labels UTF-8 so.
std::string text_of(std::string_view charset, std::string_view bytes);
// Without control characters but tab: C0, DEL, and C1 of UTF-8.
std::string without_controls(std::string utf8);

// DQUOTE, the text with \ before \ and DQUOTE, DQUOTE.
std::string quote(std::string_view text);

}  // namespace packetboat::mime
