#include <algorithm>

#include "base/text.h"
#include "mime/body_parts.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/header_lexer.h"
#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

bool is_ascii_label(std::string_view charset) { return charset.empty() || iequals(charset, "us-ascii") || iequals(charset, "ascii"); }

// "malformed sections were found while decoding the charset, or the charset was unknown"    RFC 8621 §4.1.4
bool has_charset_problem(std::string_view charset, std::string_view bytes, std::string_view text) {
    if (is_ascii(bytes) && (is_ascii_label(charset) || iequals(charset, "utf-8"))) return false;
    if (is_ascii_label(charset) || !is_known_charset(charset)) return true;
    // A U+FFFD that stands in the text itself is UTF-8's alone, for practical purposes.
    if (iequals(charset, "utf-8") || iequals(charset, "utf8")) return !is_utf8(bytes);
    return text.contains(replacement_character);
}

void drop_cr_before_lf(std::string& text) {
    std::size_t kept = text.find('\r');
    if (kept == std::string::npos) return;
    for (std::size_t i = kept; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        text[kept++] = text[i];
    }
    text.resize(kept);
}

std::size_t character_cut(std::string_view utf8, std::size_t max_bytes) {
    std::size_t cut = max_bytes;
    while (cut > 0 && (static_cast<unsigned char>(utf8[cut]) & 0xc0) == 0x80) --cut;
    return cut;
}

// What begins at a "<", from the least that a tag can be: "<b", "</", "<!" and "<?".
bool begins_markup(std::string_view rest) {
    return rest.size() > 1 && (is_alpha(rest[1]) || rest[1] == '/' || rest[1] == '!' || rest[1] == '?');
}

// After the markup at the front; npos: it does not end.
std::size_t markup_end(std::string_view rest) {
    if (rest.starts_with("<!--")) {
        const std::size_t end = rest.find("-->", 2);
        return end == std::string_view::npos ? end : end + 3;
    }
    // A ">" in an attribute's value does not end the tag.
    for (std::size_t i = 2; i < rest.size(); ++i) {
        if (rest[i] == '>') return i + 1;
        const bool opens = (rest[i] == '"' || rest[i] == '\'') && rest[i - 1] == '=';
        if (opens && (i = rest.find(rest[i], i + 1)) == std::string_view::npos) return i;
    }
    return std::string_view::npos;
}

}  // namespace

std::size_t html_cut(std::string_view html, std::size_t max_bytes) {
    if (html.size() <= max_bytes) return html.size();
    // Only what is kept is looked at, and what a tag would have after it does not matter.
    const std::string_view kept = html.substr(0, max_bytes);
    for (std::size_t at = kept.find('<'); at != std::string_view::npos; at = kept.find('<', at)) {
        if (at + 1 == kept.size()) return at;
        if (!begins_markup(kept.substr(at))) {
            ++at;
            continue;
        }
        const std::size_t size = markup_end(kept.substr(at));
        if (size == std::string_view::npos) return at;
        at += size;
    }
    return character_cut(html, max_bytes);
}

EmailBodyValue body_value(const EmailBodyPart& part, std::string_view message, std::size_t max_bytes) {
    const std::string_view body = part.body.of(message);
    const std::string_view charset = part.charset ? std::string_view(*part.charset) : "";
    std::string decoded;
    const bool as_it_is = part.encoding == TransferEncoding::identity || part.encoding == TransferEncoding::unknown;
    if (!as_it_is) decoded = decode(part.encoding, body);
    const std::string_view bytes = as_it_is ? body : std::string_view(decoded);

    EmailBodyValue out{.value = text_of(charset, bytes)};
    out.is_encoding_problem = part.encoding == TransferEncoding::unknown || has_charset_problem(charset, bytes, out.value);
    drop_cr_before_lf(out.value);
    if (max_bytes != 0 && out.value.size() > max_bytes) {
        out.value.resize(part.type == "text/html" ? html_cut(out.value, max_bytes) : character_cut(out.value, max_bytes));
        out.is_truncated = true;
    }
    return out;
}

}  // namespace packetboat::mime
