#include "mime/body_encoder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t quoted_line_max = 75;   // with the "=" of a soft break 76: RFC 2045 §6.7 (5)
constexpr std::size_t line_max = 998;         // RFC 5322 §2.1.1
constexpr std::size_t line_wanted_max = 900;  // of what is quoted-printable already: beyond it a place to break is looked for
constexpr std::string_view from = "From";

constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_printable(char c) { return c > ' ' && c <= '~'; }
constexpr bool is_stray(char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '\0'; }

}  // namespace

void BodyEncoder::begin_line() {
    column_ = from_ = 0;
    dash_ = false;
}

void BodyEncoder::begin(BodyForm form) {
    form_ = form;
    begin_line();
    held_ = '\0';
    since_sign_ = 2;
    filled_ = 0;
    wrote_ = false;
}

void BodyEncoder::text(std::string_view bytes, std::string& out) {
    switch (form_) {
        case BodyForm::as_is: out += bytes; return;
        case BodyForm::base64: base64(bytes, out); return;
        case BodyForm::quoted_printable:
            for (const char c : bytes) quoted(c, out);
            return;
        case BodyForm::stray_in_quoted_printable:
            for (const char c : bytes) stray_quoted(c, out);
            return;
        case BodyForm::stray:
            for (const char c : bytes) stray(c, out);
            return;
    }
}

void BodyEncoder::line_end(std::string_view crlf_or_lf, std::string& out) {
    if (form_ == BodyForm::base64) return base64(crlf_or_lf, out);
    if (form_ == BodyForm::quoted_printable) {
        const bool bare = crlf_or_lf.size() == 1;
        put_held(!bare, out);
        if (bare) {
            // The line goes on as far as the encoding is concerned, and is broken for people.
            put('\n', true, out);
            return new_line(out);
        }
    }
    out += crlf_or_lf;
    since_sign_ = 2;
    begin_line();
}

void BodyEncoder::end(bool last, std::string& out) {
    if (form_ == BodyForm::base64) {
        if (filled_ > 0) base64_line(out);
        if (last && wrote_) out += "\r\n";
    }
    if (form_ == BodyForm::quoted_printable) {
        put_held(true, out);
        // The message gets the line end that it lacks: a soft one, which is no content.
        if (last && column_ > 0) new_line(out);
    }
    begin(BodyForm::as_is);
}

// ---- Quoted-printable

void BodyEncoder::new_line(std::string& out) {
    out += "=\r\n";
    begin_line();
}

void BodyEncoder::escaped(char c, std::string& out) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<std::uint8_t>(c);
    out += {'=', digits[byte >> 4], digits[byte & 15]};
    column_ += 3;
    dash_ = false;
}

void BodyEncoder::put(char c, bool escape, std::string& out) {
    if (column_ + (escape ? 3 : 1) > quoted_line_max) new_line(out);
    // Careless SMTP takes or adds a dot at a line's start, mailboxes put ">" before "From ", and "--" may begin a delimiter.
    const bool changed = (column_ == 0 && c == '.') || (dash_ && c == '-') || (from_ == from.size() && column_ == from_ && c == ' ');
    if (escape || changed) {
        if (column_ + 3 > quoted_line_max) new_line(out);
        return escaped(c, out);
    }
    if (from_ == column_ && from_ < from.size() && c == from[from_]) ++from_;
    dash_ = column_ == 0 && c == '-';
    out += c;
    ++column_;
}

void BodyEncoder::put_held(bool escape, std::string& out) {
    if (held_ != '\0') put(std::exchange(held_, '\0'), escape, out);
}

void BodyEncoder::quoted(char c, std::string& out) {
    put_held(false, out);
    if (is_wsp(c)) {
        held_ = c;
        return;
    }
    put(c, !is_printable(c) || c == '=', out);
}

// ---- What is encoded already

void BodyEncoder::stray_quoted(char c, std::string& out) {
    const bool may_break = since_sign_ == 2 && (is_stray(c) || is_printable(c));
    if (column_ >= line_wanted_max && may_break) new_line(out);
    since_sign_ = c == '=' ? 0 : std::min<std::size_t>(since_sign_ + 1, 2);
    if (is_stray(c) || (dash_ && c == '-')) return escaped(c, out);
    dash_ = column_ == 0 && c == '-';
    out += c;
    ++column_;
}

void BodyEncoder::stray(char c, std::string& out) {
    if (column_ >= line_max) {
        out += "\r\n";
        begin_line();
    }
    const bool changed = is_stray(c) || c == '\r' || (dash_ && c == '-');
    dash_ = column_ == 0 && c == '-';
    out += changed ? '?' : c;
    ++column_;
}

// ---- Base64

void BodyEncoder::base64_line(std::string& out) {
    if (std::exchange(wrote_, true)) out += "\r\n";
    out += base64_encode({bytes_.data(), filled_});
    filled_ = 0;
}

void BodyEncoder::base64(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        const std::size_t taken = std::min(bytes.size(), bytes_.size() - filled_);
        std::ranges::copy(bytes.substr(0, taken), bytes_.begin() + static_cast<std::ptrdiff_t>(filled_));
        filled_ += taken;
        bytes.remove_prefix(taken);
        if (filled_ == bytes_.size()) base64_line(out);
    }
}

}  // namespace packetboat::mime
