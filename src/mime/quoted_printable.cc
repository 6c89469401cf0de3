#include "mime/quoted_printable.h"

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

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_line_end(char c) { return c == '\r' || c == '\n'; }

constexpr std::int8_t not_hex = -1;
consteval std::array<std::int8_t, 256> hex_table() {
    std::array<std::int8_t, 256> table{};
    table.fill(not_hex);
    for (std::int8_t i = 0; i < 10; ++i) table[static_cast<std::size_t>('0' + i)] = i;
    for (std::int8_t i = 0; i < 6; ++i) {
        table[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
        table[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);  // RFC 2045 §6.7 note: robust readers take them
    }
    return table;
}
constexpr std::array<std::int8_t, 256> hex_values = hex_table();
int hex_value(char c) { return hex_values[static_cast<std::uint8_t>(c)]; }

struct Position {
    const char* from;
    const char* end;
    char* to;
    const char* begin;

    std::size_t left() const { return static_cast<std::size_t>(end - from); }
};

// What a decoder must look at: "=", and white space that the end of its line or of the text follows.
bool is_event(const Position& at) {
    if (*at.from == '=') return true;
    return is_space(*at.from) && (at.from + 1 == at.end || is_line_end(at.from[1]));
}

// Copies up to the next event. The output never overtakes the input, so a store as wide as what is left of the input has its room.
void copy_portable(Position& at) {
    while (at.from != at.end && !is_event(at)) *at.to++ = *at.from++;
}

#ifdef __x86_64__

// SSE2 is a part of x86-64 itself.
void copy_sse2(Position& at) {
    while (at.left() >= 17) {
        const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at.from));
        const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at.from + 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at.to), text);
        const __m128i space = _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\t')));
        const __m128i line_end = _mm_or_si128(_mm_cmpeq_epi8(next, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(next, _mm_set1_epi8('\n')));
        const __m128i event = _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('=')), _mm_and_si128(space, line_end));
        const auto events = static_cast<unsigned>(_mm_movemask_epi8(event));
        const int count = events == 0 ? 16 : __builtin_ctz(events);
        at.from += count;
        at.to += count;
        if (events != 0) return;
    }
    copy_portable(at);
}

__attribute__((target("avx2"))) void copy_avx2(Position& at) {
    while (at.left() >= 33) {
        const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at.from));
        const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at.from + 1));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(at.to), text);
        const __m256i space =
            _mm256_or_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8(' ')), _mm256_cmpeq_epi8(text, _mm256_set1_epi8('\t')));
        const __m256i line_end =
            _mm256_or_si256(_mm256_cmpeq_epi8(next, _mm256_set1_epi8('\r')), _mm256_cmpeq_epi8(next, _mm256_set1_epi8('\n')));
        const __m256i event = _mm256_or_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('=')), _mm256_and_si256(space, line_end));
        const auto events = static_cast<unsigned>(_mm256_movemask_epi8(event));
        const int count = events == 0 ? 32 : __builtin_ctz(events);
        at.from += count;
        at.to += count;
        if (events != 0) return;
    }
    copy_sse2(at);
}

#endif

void copy(Position& at, Vectors use) {
#ifdef __x86_64__
    if (use == Vectors::avx2) return copy_avx2(at);
    if (use == Vectors::ssse3) return copy_sse2(at);
#endif
    static_cast<void>(use);
    copy_portable(at);
}

// hex-octet = "=" 2(DIGIT / "A" / … / "F"), as many as follow each other: text that is not Latin is little else.
void hex_octets(Position& at) {
    while (at.left() >= 3 && *at.from == '=') {
        const int high = hex_value(at.from[1]);
        const int low = hex_value(at.from[2]);
        if ((high | low) < 0) return;
        *at.to++ = static_cast<char>(high << 4 | low);
        at.from += 3;
    }
}

// soft line break = "=" transport-padding line-end; one that the text's end cut short is one too. What is neither this nor an octet stays
// as it is.
void soft_break(Position& at) {
    const char* after = at.from + 1;
    while (after != at.end && is_space(*after)) ++after;
    if (after != at.end && !is_line_end(*after)) {
        *at.to++ = *at.from++;
        return;
    }
    if (after != at.end && *after == '\r') ++after;
    if (after != at.end && *after == '\n') ++after;
    at.from = after;
}

// RFC 2045 §6.7 (3): white space at the end of an encoded line was added on the way. Only what stands there as it is: an octet "=20" was
// encoded so that it stays, and is not looked at.
void trailing_space(Position& at) {
    ++at.from;
    const char* first = at.from;
    while (first != at.begin && is_space(first[-1])) --first;
    at.to -= at.from - first - 1;  // the last one was not copied
    at.begin = at.from;
}

}  // namespace

std::size_t decode_quoted_printable_into(std::string_view text, std::span<char> out, Vectors use) {
    assert(out.size() >= text.size());
    Position at{text.data(), text.data() + text.size(), out.data(), text.data()};
    for (;;) {
        copy(at, use);
        if (at.from == at.end) break;
        if (*at.from != '=') {
            trailing_space(at);
            continue;
        }
        hex_octets(at);
        if (at.from != at.end && *at.from == '=') soft_break(at);
        at.begin = at.from;
    }
    return static_cast<std::size_t>(at.to - out.data());
}

std::size_t decode_quoted_printable_into(std::string_view text, std::span<char> out) {
    return decode_quoted_printable_into(text, out, vectors());
}

std::string decode_quoted_printable(std::string_view text) {
    std::string out;
    out.resize_and_overwrite(text.size(), [&](char* to, std::size_t size) { return decode_quoted_printable_into(text, {to, size}); });
    return out;
}

}  // namespace packetboat::mime
