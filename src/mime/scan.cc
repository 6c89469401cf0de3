#include "mime/scan.h"

#include <array>
#include <bit>
#include <cstring>

namespace packetboat::mime {

namespace {

// One template over the vector's width, in the compiler's own vectors: 32 bytes where the processor has AVX2, 16 for SSE2 and NEON. Vectors
// are passed by reference, because how they are passed by value depends on the processor.
template <unsigned width>
struct Lanes {
    using Bytes = std::uint8_t __attribute__((vector_size(width)));
    using Signed = std::int8_t __attribute__((vector_size(width)));
    using Words = std::uint16_t __attribute__((vector_size(width * 2)));
    using Bools = bool __attribute__((ext_vector_type(width)));
    using Bits = std::conditional_t<width == 64, std::uint64_t, std::conditional_t<width == 32, std::uint32_t, std::uint16_t>>;
};

template <unsigned width>
[[gnu::always_inline]] inline void load(const char* from, typename Lanes<width>::Bytes& to) {
    std::memcpy(&to, from, width);
}

// Bit i is what lane i's mask is.
template <unsigned width, class Mask>
[[gnu::always_inline]] inline std::uint64_t bits(const Mask& mask) {
    const auto bools = __builtin_convertvector(mask, typename Lanes<width>::Bools);
    return std::bit_cast<typename Lanes<width>::Bits>(bools);
}

// Bits 0 to `last`.
[[gnu::always_inline]] inline std::uint64_t up_to(int last) { return ~std::uint64_t{0} >> (63 - last); }

// What the end of the text is padded with: nothing that a scan looks for.
constexpr char padding = 'x';

// The last bytes of a text, so long that a vector can be read at each of them and at the two bytes after.
template <unsigned width>
struct Tail {
    std::array<char, 2 * width + 2> bytes;

    [[gnu::always_inline]] explicit Tail(std::string_view rest) {
        bytes.fill(padding);
        rest.copy(bytes.data(), rest.size());
    }
};

template <unsigned width>
struct ToDashes {
    using Bytes = typename Lanes<width>::Bytes;
    static constexpr int rounds_max = 255;  // a lane of counts_ holds no more

    Tally& tally;
    Bytes counts{};
    Bytes least = ~Bytes{};
    Bytes bare{};
    int rounds = 0;

    // 16 operations a vector, and nothing but the dashes decides where to go.
    // Answers which lanes are an LF before "--". The lines before the first are counted, or all if there is none.
    [[gnu::always_inline]] std::uint64_t step(const char* at) {
        Bytes here, next, after_next;
        load<width>(at, here);
        load<width>(at + 1, next);
        load<width>(at + 2, after_next);
        const Bytes lf = Bytes(here == '\n');
        const Bytes cr = Bytes(here == '\r');
        const Bytes lf_next = Bytes(next == '\n');
        const Bytes ends = lf | (cr & ~lf_next);
        const std::uint64_t found = bits<width>(lf & Bytes(next == '-') & Bytes(after_next == '-'));
        least = __builtin_elementwise_min(least, here);
        bare |= cr ^ lf_next;
        if (found == 0) [[likely]] {
            counts -= ends;
            if (++rounds == rounds_max) flush();
        } else {
            tally.lines += static_cast<std::uint64_t>(std::popcount(bits<width>(ends) & up_to(std::countr_zero(found))));
        }
        return found;
    }

    [[gnu::always_inline]] void flush() {
        const auto words = __builtin_convertvector(counts, typename Lanes<width>::Words);
        tally.lines += __builtin_reduce_add(words);
        counts = Bytes{};
        rounds = 0;
    }

    [[gnu::always_inline]] void finish() {
        flush();
        tally.nul |= bits<width>(Bytes(least == 0)) != 0;
        tally.bare |= bits<width>(bare) != 0;
    }
};

template <unsigned width>
[[gnu::always_inline]] inline std::size_t to_dashes(std::string_view text, std::size_t begin, Tally& tally) {
    ToDashes<width> scan{tally};
    std::size_t at = begin;
    for (; text.size() - at >= width + 2; at += width) {
        const std::uint64_t found = scan.step(text.data() + at);
        if (found == 0) [[likely]]
            continue;
        scan.finish();
        return at + static_cast<std::size_t>(std::countr_zero(found)) + 1;
    }
    const Tail<width> tail(text.substr(at));
    for (const std::size_t offset : {0U, width}) {
        if (at + offset >= text.size()) break;
        const std::uint64_t found = scan.step(tail.bytes.data() + offset);
        if (found == 0) continue;
        scan.finish();
        return at + offset + static_cast<std::size_t>(std::countr_zero(found)) + 1;
    }
    scan.finish();
    return text.size();
}

enum class Until : bool { line_end, field_end };

template <unsigned width, Until until>
struct ToLineEnd {
    using Bytes = typename Lanes<width>::Bytes;
    using Signed = typename Lanes<width>::Signed;

    Tally& tally;
    bool has_8bit = false;

    // Answers which lanes are an LF that ends what is read; tallies up to the first, or all if there is none.
    [[gnu::always_inline]] std::uint64_t step(const char* at) {
        Bytes here, next;
        load<width>(at, here);
        load<width>(at + 1, next);
        const Bytes lf = Bytes(here == '\n');
        const Bytes cr = Bytes(here == '\r');
        const Bytes lf_next = Bytes(next == '\n');
        const Bytes bare = cr ^ lf_next;
        const Bytes nul = Bytes(here == 0);
        const Bytes high = Bytes(Signed(here) < 0);
        std::uint64_t found;
        if constexpr (until == Until::field_end) {
            found = bits<width>(lf & ~(Bytes(next == ' ') | Bytes(next == '\t')));
        } else {
            found = bits<width>(lf);
        }
        const std::uint64_t read = found != 0 ? up_to(std::countr_zero(found)) : ~std::uint64_t{0};
        tally.lines += static_cast<std::uint64_t>(std::popcount(bits<width>(lf | (cr & ~lf_next)) & read));
        if ((bits<width>(bare | nul | high) & read) != 0) {
            tally.bare |= (bits<width>(bare) & read) != 0;
            tally.nul |= (bits<width>(nul) & read) != 0;
            has_8bit |= (bits<width>(high) & read) != 0;
        }
        return found;
    }
};

template <unsigned width, Until until>
[[gnu::always_inline]] inline std::size_t to_line_end(std::string_view text, std::size_t begin, Tally& tally, bool& has_8bit) {
    ToLineEnd<width, until> scan{tally};
    std::size_t at = begin;
    std::size_t end = text.size();
    for (; text.size() - at >= width + 1; at += width) {
        const std::uint64_t found = scan.step(text.data() + at);
        if (found == 0) continue;
        has_8bit = scan.has_8bit;
        return at + static_cast<std::size_t>(std::countr_zero(found)) + 1;
    }
    if (at != text.size()) {
        const Tail<width> tail(text.substr(at));
        const std::uint64_t found = scan.step(tail.bytes.data());
        if (found != 0) end = at + static_cast<std::size_t>(std::countr_zero(found)) + 1;
    }
    has_8bit = scan.has_8bit;
    return end;
}

// ftext = %d33-57 / %d59-126                                                               RFC 5322 §2.2
constexpr bool is_ftext(char c) { return c > ' ' && c <= '~' && c != ':'; }

template <unsigned width>
[[gnu::always_inline]] inline std::size_t name_end(std::string_view text, std::size_t begin) {
    using Bytes = typename Lanes<width>::Bytes;
    using Signed = typename Lanes<width>::Signed;
    std::size_t at = begin;
    if (text.size() - at >= width) {
        Bytes here;
        load<width>(text.data() + at, here);
        const std::uint64_t other = bits<width>(Bytes(Signed(here) <= ' ') | Bytes(here == ':') | Bytes(here == 0x7f));
        if (other != 0) return at + static_cast<std::size_t>(std::countr_zero(other));
        at += width;
    }
    while (at < text.size() && is_ftext(text[at])) ++at;
    return at;
}

template <unsigned width>
[[gnu::always_inline]] inline FieldScan field(std::string_view text, std::size_t begin, Tally& tally) {
    FieldScan scan;
    scan.name_end = name_end<width>(text, begin);
    scan.end = to_line_end<width, Until::field_end>(text, begin, tally, scan.has_8bit);
    return scan;
}

template <unsigned width>
[[gnu::always_inline]] inline std::size_t line(std::string_view text, std::size_t begin, Tally& tally) {
    bool has_8bit = false;
    return to_line_end<width, Until::line_end>(text, begin, tally, has_8bit);
}

std::size_t to_dashes_16(std::string_view text, std::size_t begin, Tally& tally) { return to_dashes<16>(text, begin, tally); }
FieldScan field_16(std::string_view text, std::size_t begin, Tally& tally) { return field<16>(text, begin, tally); }
std::size_t line_16(std::string_view text, std::size_t begin, Tally& tally) { return line<16>(text, begin, tally); }

#if defined(__x86_64__)

#define PACKETBOAT_AVX2 [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt")]]
PACKETBOAT_AVX2 std::size_t to_dashes_avx2(std::string_view text, std::size_t begin, Tally& tally) {
    return to_dashes<32>(text, begin, tally);
}
PACKETBOAT_AVX2 FieldScan field_avx2(std::string_view text, std::size_t begin, Tally& tally) { return field<32>(text, begin, tally); }
PACKETBOAT_AVX2 std::size_t line_avx2(std::string_view text, std::size_t begin, Tally& tally) { return line<32>(text, begin, tally); }
#undef PACKETBOAT_AVX2

constexpr std::array all_scanners = {Scanner{"AVX2", to_dashes_avx2, field_avx2, line_avx2},
                                     Scanner{"SSE2", to_dashes_16, field_16, line_16}};

bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt");
}

std::span<const Scanner> choose() { return std::span(all_scanners).subspan(has_avx2() ? 0 : 1); }

#else

constexpr std::array all_scanners = {Scanner{"16 bytes", to_dashes_16, field_16, line_16}};

std::span<const Scanner> choose() { return all_scanners; }

#endif

}  // namespace

std::span<const Scanner> scanners() {
    static const std::span<const Scanner> usable = choose();
    return usable;
}

const Scanner& scanner() { return scanners().front(); }

}  // namespace packetboat::mime
