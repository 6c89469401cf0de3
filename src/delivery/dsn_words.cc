#include "delivery/dsn_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mime/utf8.h"

namespace packetboat::delivery {
namespace {

constexpr std::size_t line_max = 78;
constexpr std::size_t line_max_bytes = 998;  // RFC 5322 §2.1.1

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

// Not in the middle of a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    std::size_t end = max_bytes;
    while (end + 3 > max_bytes && is_continuation(text[end])) --end;
    return text.substr(0, end);
}

// EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"                                           RFC 6533 §3
// The character at the front of `text`, taken away; nullopt: none is there.
std::optional<std::uint32_t> take_embedded(std::string_view& text) {
    if (!text.starts_with("\\x{")) return std::nullopt;
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos || end < 4 || end > 9) return std::nullopt;
    const std::string digits = std::string(10 - (end - 3), '0') + std::string(text.substr(3, end - 3));
    const std::optional<std::string> bytes = unhex(digits);
    if (!bytes) return std::nullopt;
    std::uint32_t point = 0;
    for (const char byte : *bytes) point = (point << 8) | static_cast<unsigned char>(byte);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return std::nullopt;
    text.remove_prefix(end + 1);
    return point;
}

std::string from_embedded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        if (const std::optional<std::uint32_t> point = take_embedded(text)) {
            mime::append_utf8(out, *point);
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

std::string one_line(std::string_view text, bool utf8) {
    text = cut(text, dsn_text_max_bytes);
    const bool keep = utf8 && is_utf8(text);
    std::string out;
    out.reserve(text.size());
    for (const char c : text) out += is_control(c) ? ' ' : !keep && static_cast<unsigned char>(c) >= 0x80 ? '?' : c;
    return std::string(trim(out));
}

std::string shown_address(std::string_view address, bool utf8) {
    if (utf8 || is_ascii(address) || !is_utf8(address)) return one_line(address, utf8);
    address = cut(address, dsn_text_max_bytes);
    std::string out;
    while (!address.empty()) {
        const std::uint32_t point = take_code_point(address);
        // QCHAR is what is printable but for "+", "=" and "\".
        const bool plain = point > ' ' && point < 0x7f && point != '+' && point != '=' && point != '\\';
        if (plain) {
            out += static_cast<char>(point);
        } else {
            out += fmt::format("\\x{{{:02X}}}", point);
        }
    }
    return out;
}

std::string from_xtext(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::optional<std::string> byte = text[i] == '+' ? unhex(text.substr(i + 1, 2)) : std::nullopt;
        const bool encoded = byte && byte->size() == 1;
        out += encoded ? byte->front() : text[i];
        if (encoded) i += 2;
    }
    return out;
}

std::string_view told_address(const QueuedRecipient& recipient) {
    return recipient.local && !recipient.original.empty() ? recipient.original : recipient.address;
}

// original-recipient-address = addr-type ";" xtext                                         RFC 3461 §4.2
// In one of type "utf-8" characters may be embedded, or stand as they are                  RFC 6533 §3
OriginalRecipient original_recipient(std::string_view orcpt) {
    const std::size_t semicolon = orcpt.find(';');
    const std::string_view type = orcpt.substr(0, std::min(semicolon, orcpt.size()));
    if (semicolon == std::string_view::npos || type.empty()) return {};
    if (!std::ranges::all_of(type, [](char c) { return is_alnum(c) || c == '-'; })) return {};
    const std::string address = from_xtext(orcpt.substr(semicolon + 1));
    if (iequals(type, "utf-8")) return {"utf-8", from_embedded(address)};
    return {std::string(type), address};
}

void append_paragraph(std::string& out, std::string_view words) {
    std::size_t column = 0;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        const std::string_view word = cut(words.substr(0, end), line_max_bytes);
        if (!word.empty() && column > 0) {
            const bool fits = column + 1 + word.size() <= line_max;
            out += fits ? " " : "\r\n";
            column = fits ? column + 1 : 0;
        }
        out += word;
        column += word.size();
        words.remove_prefix(word.size());
        if (word.size() == end && !words.empty()) words.remove_prefix(1);
    }
    out += "\r\n\r\n";
}

}  // namespace packetboat::delivery
