#include "mime/converter.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "mime/utf8.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t open_max = 8;  // of one thread; an open converter is a few hundred bytes to some kilobytes
constexpr std::size_t chunk_units = 2048;

struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
};

// The 256 characters of an encoding of one byte a character: a look at a table is ten times as fast as ICU's loop.
using Table = std::array<char16_t, 256>;

struct Converter {
    std::string name;
    std::unique_ptr<UConverter, Close> icu;
    std::unique_ptr<Table> table;  // if it is such an encoding
};

// ICU's own substitution writes U+001A for some encodings. `context`: the converter is GB18030's, which the standard also uses for GBK and
// where a lone 0x80 is the euro sign of Windows (Encoding Standard §10.2.1).
void write_replacement(const void* context, UConverterToUnicodeArgs* args, const char* bytes, std::int32_t length,
                       UConverterCallbackReason reason, UErrorCode* error) {
    if (reason > UCNV_IRREGULAR) return;
    *error = U_ZERO_ERROR;
    const bool euro = context != nullptr && length == 1 && bytes[0] == '\x80';
    const UChar replacement = euro ? 0x20ac : 0xfffd;
    ucnv_cbToUWriteUChars(args, &replacement, 1, 0, error);
}

std::unique_ptr<Table> read_table(UConverter* converter) {
    const UConverterType type = ucnv_getType(converter);
    if (type != UCNV_SBCS && type != UCNV_LATIN_1 && type != UCNV_US_ASCII) return nullptr;
    auto table = std::make_unique<Table>();
    for (std::size_t byte = 0; byte < table->size(); ++byte) {
        const char in = static_cast<char>(byte);
        std::array<UChar, 4> out{};
        UErrorCode error = U_ZERO_ERROR;
        const std::int32_t length = ucnv_toUChars(converter, out.data(), out.size(), &in, 1, &error);
        char16_t c = U_SUCCESS(error) && length == 1 ? out[0] : u'\uFFFD';
        // IBM's Thai has private characters where the standard has none.
        if (c >= 0xf8c1 && c <= 0xf8c8) c = 0xfffd;
        (*table)[byte] = c;
    }
    // IBM's tables rotate three control characters (0x1a, 0x1c, 0x7f); nobody who writes mail means that.
    if ((*table)['A'] == 'A' && (*table)['\n'] == '\n') {
        for (const std::size_t control : {0x1aU, 0x1cU, 0x7fU}) (*table)[control] = static_cast<char16_t>(control);
    }
    return table;
}

// The open converters of this thread, the one used last in front.
class Cache {
public:
    // nullptr: ICU has none of this name.
    Converter* get(std::string_view name) {
        const auto found = std::ranges::find(open_, name, &Converter::name);
        if (found != open_.end()) {
            std::rotate(open_.begin(), found, found + 1);
        } else {
            Converter opened{std::string(name), nullptr, nullptr};
            UErrorCode error = U_ZERO_ERROR;
            opened.icu.reset(ucnv_open(opened.name.c_str(), &error));
            if (U_FAILURE(error) || !opened.icu) return nullptr;
            static constexpr char gb18030[] = "gb18030";
            const void* const context = name == gb18030 ? gb18030 : nullptr;
            ucnv_setToUCallBack(opened.icu.get(), write_replacement, context, nullptr, nullptr, &error);
            ucnv_setFromUCallBack(opened.icu.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
            if (U_FAILURE(error)) return nullptr;
            opened.table = read_table(opened.icu.get());
            if (open_.size() == open_max) open_.pop_back();
            open_.insert(open_.begin(), std::move(opened));
        }
        ucnv_reset(open_.front().icu.get());
        return &open_.front();
    }

private:
    std::vector<Converter> open_;
};

Converter* open_converter(std::string_view name) {
    thread_local Cache cache;
    return cache.get(name);
}

std::string by_table(const Table& table, std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 4);
    for (const char byte : bytes) append_utf8(out, table[static_cast<std::uint8_t>(byte)]);
    return out;
}

// UTF-16 as it comes out of ICU in pieces: a pair may lie on both sides of a cut.
class Utf16Reader {
public:
    explicit Utf16Reader(std::string& out) : out_(out) {}

    void add(std::u16string_view units) {
        for (const char16_t unit : units) {
            const bool low = (unit & 0xfc00) == 0xdc00;
            if (high_ != 0 && low) {
                append_utf8(out_, 0x1'0000 + ((high_ - 0xd800U) << 10) + (unit - 0xdc00U));
                high_ = 0;
                continue;
            }
            end();
            if ((unit & 0xfc00) == 0xd800) {
                high_ = unit;
            } else {
                append_utf8(out_, unit);
            }
        }
    }
    void end() {
        if (high_ != 0) out_ += replacement_character;
        high_ = 0;
    }

private:
    std::string& out_;
    char16_t high_ = 0;
};

// The bytes of a UTF-8 text as UTF-16. `utf8` is valid.
std::u16string to_utf16(std::string_view utf8) {
    std::u16string out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<std::uint8_t>(utf8[at + i])); };
        const char32_t lead = byte(0);
        if (lead < 0x80) {
            out += static_cast<char16_t>(lead);
            at += 1;
        } else if (lead < 0xe0) {
            out += static_cast<char16_t>((lead & 0x1f) << 6 | (byte(1) & 0x3f));
            at += 2;
        } else if (lead < 0xf0) {
            out += static_cast<char16_t>((lead & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f));
            at += 3;
        } else {
            const char32_t c = ((lead & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f)) - 0x1'0000;
            out += static_cast<char16_t>(0xd800 + (c >> 10));
            out += static_cast<char16_t>(0xdc00 + (c & 0x3ff));
            at += 4;
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> icu_to_utf8(std::string_view name, std::string_view bytes) {
    Converter* const converter = open_converter(name);
    if (converter == nullptr) return std::nullopt;
    if (converter->table) return by_table(*converter->table, bytes);
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 2);
    Utf16Reader reader(out);
    const char* from = bytes.data();
    const char* const end = from + bytes.size();
    for (;;) {
        std::array<UChar, chunk_units> units;  // NOLINT: written before it is read
        UChar* to = units.data();
        UErrorCode error = U_ZERO_ERROR;
        ucnv_toUnicode(converter->icu.get(), &to, units.data() + units.size(), &from, end, nullptr, 1, &error);
        reader.add({units.data(), to});
        if (error == U_BUFFER_OVERFLOW_ERROR) continue;
        // Our callback leaves no error standing but what is ICU's own trouble (no memory): the rest is lost, and says so.
        if (U_FAILURE(error)) out += replacement_character;
        break;
    }
    reader.end();
    return out;
}

std::optional<std::string> icu_from_utf8(std::string_view name, std::string_view utf8) {
    Converter* const converter = open_converter(name);
    if (converter == nullptr) return std::nullopt;
    const std::u16string units = to_utf16(utf8);
    const UChar* from = units.data();
    const UChar* const end = from + units.size();
    std::string out;
    for (;;) {
        std::array<char, chunk_units> bytes;  // NOLINT: written before it is read
        char* to = bytes.data();
        UErrorCode error = U_ZERO_ERROR;
        ucnv_fromUnicode(converter->icu.get(), &to, bytes.data() + bytes.size(), &from, end, nullptr, 1, &error);
        out.append(bytes.data(), to);
        if (error == U_BUFFER_OVERFLOW_ERROR) continue;
        if (U_FAILURE(error)) return std::nullopt;
        return out;
    }
}

bool icu_knows(std::string_view name) {
    UErrorCode error = U_ZERO_ERROR;
    return ucnv_countAliases(std::string(name).c_str(), &error) > 0 && U_SUCCESS(error);
}

}  // namespace packetboat::mime
