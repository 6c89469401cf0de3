#include "mime/base64.h"

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>

#include "mime/decode.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace packetboat::mime {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xff;
constexpr std::uint8_t padding = 0xfe;

consteval std::array<std::uint8_t, 256> digit_table() {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::uint8_t value = 0; value < alphabet.size(); ++value) table[static_cast<std::uint8_t>(alphabet[value])] = value;
    table['='] = padding;
    return table;
}
constexpr std::array<std::uint8_t, 256> digits = digit_table();

// The value of a digit at each of the four places of a group, byte by byte as it is stored; top byte set: no digit.
using GroupTable = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr std::uint32_t not_a_digit = 0x0100'0000;

consteval GroupTable group_table() {
    GroupTable table{};
    for (std::size_t place = 0; place < 4; ++place) {
        for (std::size_t c = 0; c < 256; ++c) {
            const std::uint32_t value = digits[c] < 64 ? std::uint32_t{digits[c]} << (18 - 6 * place) : 0;
            // Big-endian 24 bits as three bytes in memory order of a little-endian word.
            const std::uint32_t bytes = (value >> 16 & 0xff) | (value & 0xff00) | (value & 0xff) << 16;
            table[place][c] = digits[c] < 64 ? bytes : not_a_digit;
        }
    }
    return table;
}
constexpr GroupTable groups = group_table();

struct Position {
    const std::uint8_t* from;
    const std::uint8_t* end;
    char* to;
    char* out_end;

    std::size_t left() const { return static_cast<std::size_t>(end - from); }
    std::size_t room() const { return static_cast<std::size_t>(out_end - to); }
};

// Between lines of whole groups.
void skip_line_end(Position& at) {
    if (at.from != at.end && *at.from == '\r') ++at.from;
    if (at.from != at.end && *at.from == '\n') ++at.from;
}

void store_bits(std::uint32_t bits, unsigned count, Position& at) {
    // RFC 2045 §6.8: two digits are a byte, three are two; one is none. It is what padding leaves, and also a text cut short.
    if (count >= 2) *at.to++ = static_cast<char>(bits >> (6 * count - 8));
    if (count == 3) *at.to++ = static_cast<char>(bits >> 2);
}

// Reads until a group is whole and a digit follows, so that a fast path can go on; or to the end of the text. What is not of the alphabet
// is skipped. Padding ends a group early, and what follows begins the next one: texts encoded in pieces and joined decode to the joined
// pieces, as they do in the major clients.
void one_by_one(Position& at) {
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (; at.from != at.end; ++at.from) {
        const std::uint8_t digit = digits[*at.from];
        if (digit == no_digit) continue;
        if (digit == padding) {
            if (count < 4) store_bits(bits, count, at);
            bits = count = 0;
            continue;
        }
        if (count == 4) return;
        bits = bits << 6 | digit;
        if (++count != 4) continue;
        *at.to++ = static_cast<char>(bits >> 16);
        *at.to++ = static_cast<char>(bits >> 8);
        *at.to++ = static_cast<char>(bits);
        bits = 0;
        // `count` stays 4: the next digit is the fast path's.
    }
    if (count < 4) store_bits(bits, count, at);
}

// Whole groups and line ends between them, until something else comes or the room for a whole store is not there.
void run_portable(Position& at) {
    while (at.left() >= 4 && at.room() >= 4) {
        std::uint32_t bytes = groups[0][at.from[0]] | groups[1][at.from[1]] | groups[2][at.from[2]] | groups[3][at.from[3]];
        if (bytes >= not_a_digit) {
            const std::uint8_t* const before = at.from;
            skip_line_end(at);
            if (at.from == before) return;
            continue;
        }
        at.to[0] = static_cast<char>(bytes);
        at.to[1] = static_cast<char>(bytes >> 8);
        at.to[2] = static_cast<char>(bytes >> 16);
        at.from += 4;
        at.to += 3;
    }
}

#ifdef __x86_64__

// How the vector paths know a digit: each half of a byte has a set of classes in a table, and a digit is a byte whose halves share none.
// What is added to a digit to get its value depends on the upper half alone, but for '/', which is told from '+' by one comparison.
using Lookup = std::array<std::int8_t, 16>;
alignas(16) constexpr Lookup low_classes{0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a};
alignas(16) constexpr Lookup high_classes{0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10};
alignas(16) constexpr Lookup value_offsets{0, 16, 19, 4, -65, -65, -71, -71};
// Three bytes out of each word of four digits.
alignas(16) constexpr Lookup packed{2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1};

__m128i load(const Lookup& lookup) { return _mm_load_si128(reinterpret_cast<const __m128i*>(lookup.data())); }
__attribute__((target("avx2"))) __m256i load_twice(const Lookup& lookup) { return _mm256_broadcastsi128_si256(load(lookup)); }

__attribute__((target("ssse3"))) void run_ssse3(Position& at) {
    const __m128i classes_low = load(low_classes);
    const __m128i classes_high = load(high_classes);
    const __m128i offsets = load(value_offsets);
    const __m128i pack = load(packed);
    const __m128i half = _mm_set1_epi8(0x0f);
    while (at.left() >= 16 && at.room() >= 16) {
        const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at.from));
        const __m128i high = _mm_and_si128(_mm_srli_epi32(text, 4), half);
        const __m128i low = _mm_and_si128(text, half);
        const __m128i classes = _mm_and_si128(_mm_shuffle_epi8(classes_low, low), _mm_shuffle_epi8(classes_high, high));
        const auto is_digit = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(classes, _mm_setzero_si128())));
        const __m128i slash = _mm_cmpeq_epi8(text, _mm_set1_epi8('/'));
        const __m128i values = _mm_add_epi8(text, _mm_shuffle_epi8(offsets, _mm_add_epi8(slash, high)));
        const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x0140'0140));
        const __m128i words = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001'1000));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at.to), _mm_shuffle_epi8(words, pack));
        if (is_digit == 0xffff) {
            at.from += 16;
            at.to += 12;
            continue;
        }
        const auto count = static_cast<unsigned>(__builtin_ctz(~is_digit));
        at.from += count & ~3U;
        at.to += count / 4 * 3;
        const std::uint8_t* const before = at.from;
        if (count % 4 == 0) skip_line_end(at);
        if (at.from == before) return;
    }
}

// The same in 32 bytes: what a line of 76 digits and CRLF costs is two whole steps and one of 12.
__attribute__((target("avx2"))) void run_avx2(Position& at) {
    const __m256i classes_low = load_twice(low_classes);
    const __m256i classes_high = load_twice(high_classes);
    const __m256i offsets = load_twice(value_offsets);
    const __m256i pack = load_twice(packed);
    const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i half = _mm256_set1_epi8(0x0f);
    while (at.left() >= 32 && at.room() >= 32) {
        const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at.from));
        const __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), half);
        const __m256i low = _mm256_and_si256(text, half);
        const __m256i classes = _mm256_and_si256(_mm256_shuffle_epi8(classes_low, low), _mm256_shuffle_epi8(classes_high, high));
        const auto is_digit = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(classes, _mm256_setzero_si256())));
        const __m256i slash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('/'));
        const __m256i values = _mm256_add_epi8(text, _mm256_shuffle_epi8(offsets, _mm256_add_epi8(slash, high)));
        const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x0140'0140));
        const __m256i words = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));
        const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(words, pack), join);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at.to), bytes);
        if (is_digit == 0xffff'ffff) {
            at.from += 32;
            at.to += 24;
            continue;
        }
        const auto count = static_cast<unsigned>(__builtin_ctz(~is_digit));
        at.from += count & ~3U;
        at.to += count / 4 * 3;
        const std::uint8_t* const before = at.from;
        if (count % 4 == 0) skip_line_end(at);
        if (at.from == before) return;
    }
}

#endif

void run(Position& at, Vectors use) {
#ifdef __x86_64__
    if (use == Vectors::avx2) return run_avx2(at);
    if (use == Vectors::ssse3) return run_ssse3(at);
#endif
    static_cast<void>(use);
    run_portable(at);
}

}  // namespace

std::size_t decode_base64_into(std::string_view text, std::span<char> out, Vectors use) {
    assert(out.size() >= base64_size_max(text.size()));
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.data());
    Position at{begin, begin + text.size(), out.data(), out.data() + out.size()};
    while (at.from != at.end) {
        run(at, use);
        one_by_one(at);
    }
    return static_cast<std::size_t>(at.to - out.data());
}

std::size_t decode_base64_into(std::string_view text, std::span<char> out) { return decode_base64_into(text, out, vectors()); }

std::string decode_base64(std::string_view text) {
    std::string out;
    out.resize_and_overwrite(base64_size_max(text.size()),
                             [&](char* to, std::size_t size) { return decode_base64_into(text, {to, size}); });
    return out;
}

std::string encode_base64(std::string_view bytes) {
    constexpr std::size_t line_bytes = 57;  // 76 digits
    const std::size_t lines = (bytes.size() + line_bytes - 1) / line_bytes;
    std::string out;
    out.resize_and_overwrite((bytes.size() + 2) / 3 * 4 + 2 * lines, [&](char* to, std::size_t) {
        const char* const begin = to;
        const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
        const auto digit = [&to](std::uint32_t bits, unsigned shift) { *to++ = alphabet[bits >> shift & 63]; };
        for (std::size_t left = bytes.size(); left > 0;) {
            const std::size_t line = left < line_bytes ? left : line_bytes;
            left -= line;
            const std::uint8_t* const whole_end = from + line / 3 * 3;
            for (; from != whole_end; from += 3) {
                const std::uint32_t bits = std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
                for (const unsigned shift : {18U, 12U, 6U, 0U}) digit(bits, shift);
            }
            if (const std::size_t rest = line % 3; rest > 0) {
                const std::uint32_t bits = std::uint32_t{from[0]} << 16 | (rest == 2 ? std::uint32_t{from[1]} << 8 : 0);
                from += rest;
                digit(bits, 18);
                digit(bits, 12);
                if (rest == 2) digit(bits, 6);
                for (std::size_t pad = rest; pad < 3; ++pad) *to++ = '=';
            }
            *to++ = '\r';
            *to++ = '\n';
        }
        return static_cast<std::size_t>(to - begin);  // not the size given, which this library rounds up
    });
    return out;
}

}  // namespace packetboat::mime
