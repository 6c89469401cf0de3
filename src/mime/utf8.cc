#include "mime/utf8.h"

#include <cstring>

#include "mime/charset.h"

namespace packetboat::mime {

namespace {

// A sequence of UTF-8 at the start of a text (Encoding Standard §9.1.1, which is the Unicode Standard's table 3-7): its length if it is
// whole, else of the longest start of one that could have been: what one U+FFFD stands for.
struct Sequence {
    std::size_t length;
    bool whole;
};

Sequence sequence(const std::uint8_t* at, std::size_t left) {
    const std::uint8_t lead = at[0];
    if (lead < 0x80) return {1, true};
    if (lead < 0xc2 || lead > 0xf4) return {1, false};
    const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (lead == 0xe0) low = 0xa0;   // not shorter
    if (lead == 0xed) high = 0x9f;  // not a surrogate
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;  // not beyond U+10FFFF
    for (std::size_t i = 1; i < length; ++i) {
        if (i == left || at[i] < low || at[i] > high) return {i, false};
        low = 0x80;
        high = 0xbf;
    }
    return {length, true};
}

const std::uint8_t* unsigned_data(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

}  // namespace

std::size_t ascii_prefix(std::string_view bytes) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::size_t at = 0;
    for (; at + 32 <= bytes.size(); at += 32) {
        std::uint64_t words[4];
        std::memcpy(words, bytes.data() + at, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
    }
    while (at < bytes.size() && static_cast<std::uint8_t>(bytes[at]) < 0x80) ++at;
    return at;
}

std::size_t utf8_prefix(std::string_view bytes) {
    const std::uint8_t* const data = unsigned_data(bytes);
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (data[at] < 0x80) {
            at += ascii_prefix(bytes.substr(at));
            continue;
        }
        const Sequence next = sequence(data + at, bytes.size() - at);
        if (!next.whole) break;
        at += next.length;
    }
    return at;
}

void append_utf8(std::string& out, char32_t c) {
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = 0xfffd;
    if (c < 0x80) {
        out += static_cast<char>(c);
        return;
    }
    const auto tail = [&out, c](unsigned shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
    if (c < 0x800) {
        out += static_cast<char>(0xc0 | c >> 6);
    } else if (c < 0x1'0000) {
        out += static_cast<char>(0xe0 | c >> 12);
        tail(6);
    } else {
        out += static_cast<char>(0xf0 | c >> 18);
        tail(12);
        tail(6);
    }
    tail(0);
}

std::string valid_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (;;) {
        const std::size_t valid = utf8_prefix(bytes);
        out += bytes.substr(0, valid);
        bytes.remove_prefix(valid);
        if (bytes.empty()) return out;
        bytes.remove_prefix(sequence(unsigned_data(bytes), bytes.size()).length);
        out += replacement_character;
    }
}

}  // namespace packetboat::mime
