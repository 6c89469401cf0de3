#include "mime/charset.h"

#include <algorithm>

#include "base/text.h"
#include "mime/charset_labels.h"
#include "mime/converter.h"
#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t label_max_bytes = 64;
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

// What stands around a label in mail goes: white space, and quotes of a parameter that was quoted twice. Empty: it cannot be a label.
// ICU would take options behind a comma, which no label has.
std::string normalized(std::string_view label) {
    const auto outer = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '"' || c == '\''; };
    while (!label.empty() && outer(label.front())) label.remove_prefix(1);
    while (!label.empty() && outer(label.back())) label.remove_suffix(1);
    const auto can_stand = [](char c) { return is_alnum(c) || std::string_view("-_.:+()").contains(c); };
    if (label.size() > label_max_bytes || !std::ranges::all_of(label, can_stand)) return {};
    return lower(label);
}

// Text that says it is ASCII and is not: of all encodings it is most likely UTF-8, if it can be; browsers would say windows-1252.
bool promises_ascii(std::string_view label) { return label == "us-ascii" || label == "ascii" || label == "ansi_x3.4-1968"; }

// Upper half of ISO-8859-16 from 0xa0; ICU has no converter for it.
constexpr std::u16string_view iso_8859_16 =
    u"\u00A0\u0104\u0105\u0141\u20AC\u201E\u0160\u00A7\u0161\u00A9\u0218\u00AB\u0179\u00AD\u017A\u017B"
    u"\u00B0\u00B1\u010C\u0142\u017D\u201D\u00B6\u00B7\u017E\u010D\u0219\u00BB\u0152\u0153\u0178\u017C"
    u"\u00C0\u00C1\u00C2\u0102\u00C4\u0106\u00C6\u00C7\u00C8\u00C9\u00CA\u00CB\u00CC\u00CD\u00CE\u00CF"
    u"\u0110\u0143\u00D2\u00D3\u00D4\u0150\u00D6\u015A\u0170\u00D9\u00DA\u00DB\u00DC\u0118\u021A\u00DF"
    u"\u00E0\u00E1\u00E2\u0103\u00E4\u0107\u00E6\u00E7\u00E8\u00E9\u00EA\u00EB\u00EC\u00ED\u00EE\u00EF"
    u"\u0111\u0144\u00F2\u00F3\u00F4\u0151\u00F6\u015B\u0171\u00F9\u00FA\u00FB\u00FC\u0119\u021B\u00FF";
static_assert(iso_8859_16.size() == 96);

// The character of a byte in the two encodings that ICU lacks.
char32_t character(Decoder decoder, std::uint8_t byte) {
    if (byte < 0x80) return byte;
    if (decoder == Decoder::user_defined) return 0xf780U + (byte - 0x80U);  // Encoding Standard §14.5.1
    return byte < 0xa0 ? byte : iso_8859_16[byte - 0xa0U];
}

std::string read_as(const Encoding& encoding, std::string_view bytes) {
    if (encoding.decoder == Decoder::utf8) return valid_utf8(bytes);
    if (encoding.decoder == Decoder::icu) return icu_to_utf8(encoding.read, bytes).value_or(valid_utf8(bytes));
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char byte : bytes) append_utf8(out, character(encoding.decoder, static_cast<std::uint8_t>(byte)));
    return out;
}

std::optional<std::string> write_by_table(Decoder decoder, std::string_view utf8) {
    std::string out;
    while (!utf8.empty()) {
        bool said = false;
        for (unsigned byte = 0; byte < 256 && !said; ++byte) {
            std::string one;
            append_utf8(one, character(decoder, static_cast<std::uint8_t>(byte)));
            if (!utf8.starts_with(one)) continue;
            utf8.remove_prefix(one.size());
            out += static_cast<char>(byte);
            said = true;
        }
        if (!said) return std::nullopt;
    }
    return out;
}

std::optional<std::string> write_as(const Encoding* encoding, const std::string& label, std::string_view utf8) {
    if (encoding == nullptr) return icu_knows(label) ? icu_from_utf8(label, utf8) : std::nullopt;
    if (encoding->decoder == Decoder::utf8) return std::string(utf8);
    if (encoding->decoder != Decoder::icu) return write_by_table(encoding->decoder, utf8);
    if (*encoding->write != '\0') return icu_from_utf8(encoding->write, utf8);
    return icu_from_utf8(icu_knows(label) ? label : encoding->read, utf8);
}

const Encoding& windows_1252() { return *find_encoding("windows-1252"); }

std::string guessed(std::string_view bytes) {
    return utf8_prefix(bytes) == bytes.size() ? std::string(bytes) : read_as(windows_1252(), bytes);
}

}  // namespace

bool is_known_charset(std::string_view label) {
    const std::string name = normalized(label);
    return find_encoding(name) != nullptr || (!name.empty() && icu_knows(name));
}

std::string to_utf8(std::string_view label, std::string_view bytes) {
    const std::string name = normalized(label);
    const Encoding* const encoding = find_encoding(name);
    // What browsers do not know: ICU's, if it has it, and its marks are its own.
    if (encoding == nullptr && !name.empty() && icu_knows(name)) {
        std::string text = icu_to_utf8(name, bytes).value_or(guessed(bytes));
        if (text.starts_with(utf8_mark)) text.erase(0, utf8_mark.size());
        return text;
    }
    // Encoding Standard §6: a byte order mark knows better than the label.
    if (bytes.starts_with(utf8_mark)) return valid_utf8(bytes.substr(utf8_mark.size()));
    if (bytes.starts_with("\xFE\xFF")) return read_as(*find_encoding("utf-16be"), bytes.substr(2));
    if (bytes.starts_with("\xFF\xFE")) return read_as(*find_encoding("utf-16le"), bytes.substr(2));
    if (encoding == nullptr || promises_ascii(name)) return guessed(bytes);
    if (encoding->holds_ascii && ascii_prefix(bytes) == bytes.size()) return std::string(bytes);
    return read_as(*encoding, bytes);
}

std::optional<std::string> from_utf8(std::string_view label, std::string_view utf8) {
    const std::string name = normalized(label);
    const Encoding* const encoding = find_encoding(name);
    if (name.empty() || utf8_prefix(utf8) != utf8.size()) return std::nullopt;
    std::optional<std::string> bytes = write_as(encoding, name, utf8);
    if (!bytes || (encoding != nullptr && encoding->decoder == Decoder::utf8)) return bytes;
    // Said is only what is understood: converters know characters that readers of that label take for others.
    if (to_utf8(name, *bytes) != utf8) return std::nullopt;
    return bytes;
}

}  // namespace packetboat::mime
