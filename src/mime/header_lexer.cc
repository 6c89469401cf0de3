#include "mime/header_lexer.h"

#include <algorithm>

#include "mime/charset.h"

namespace packetboat::mime {

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_dot_atom(std::string_view text) {
    return !text.empty() && text.front() != '.' && text.back() != '.' && !text.contains("..") &&
           std::ranges::all_of(text, [](char c) { return is_atext(c) || c == '.'; });
}

bool HeaderLexer::skip_cfws() {
    const std::size_t begin = at_;
    for (;;) {
        skip_space();
        if (peek() != '(' || !comment()) return at_ != begin;
    }
}

// comment = "(" *([FWS] ccontent) [FWS] ")"                             RFC 5322 §3.2.2
std::optional<std::string_view> HeaderLexer::comment() {
    if (!comments_close_) return std::nullopt;
    std::size_t depth = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
        if (text_[i] == '\\') {
            ++i;
        } else if (text_[i] == '(') {
            if (++depth > comment_nesting_max) {
                at_ = text_.size();
                return std::nullopt;
            }
        } else if (text_[i] == ')' && --depth == 0) {
            const std::string_view inside = slice(at_ + 1, i);
            at_ = i + 1;
            return inside;
        }
    }
    comments_close_ = false;
    return std::nullopt;
}

// quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE                 RFC 5322 §3.2.4
std::optional<std::string_view> HeaderLexer::quoted() {
    if (!quotes_close_) return std::nullopt;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
        if (text_[i] == '\\') {
            ++i;
        } else if (text_[i] == '"') {
            const std::string_view inside = slice(at_ + 1, i);
            at_ = i + 1;
            return inside;
        }
    }
    quotes_close_ = false;
    return std::nullopt;
}

std::string unescape(std::string_view inside) {
    std::string out;
    out.reserve(inside.size());
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (inside[i] == '\\' && i + 1 < inside.size()) ++i;
        if (inside[i] != '\r' && inside[i] != '\n') out += inside[i];
    }
    return out;
}

std::string text_of(std::string_view bytes) { return is_utf8(bytes) ? std::string(bytes) : to_utf8("", bytes); }

std::string text_of(std::string_view charset, std::string_view bytes) {
    if (charset.empty() || iequals(charset, "us-ascii") || iequals(charset, "ascii")) return text_of(bytes);
    // A byte order mark stays where it is a character of the text: to_utf8 reads whole bodies.
    return iequals(charset, "utf-8") && is_utf8(bytes) ? std::string(bytes) : to_utf8(charset, bytes);
}

std::string without_controls(std::string utf8) {
    const auto goes = [&](std::size_t i) { return is_control(utf8[i]) && utf8[i] != '\t'; };
    const auto is_c1 = [&](std::size_t i) {
        return utf8[i] == '\xc2' && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xa0;
    };
    std::size_t kept = 0;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        if (goes(i)) continue;
        if (is_c1(i)) {
            ++i;
            continue;
        }
        utf8[kept++] = utf8[i];
    }
    utf8.resize(kept);
    return utf8;
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    out.reserve(text.size() + 2);
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
    return out;
}

}  // namespace packetboat::mime
