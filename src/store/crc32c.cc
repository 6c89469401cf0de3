#include "store/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace packetboat::store {
namespace {

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, 8> make_tables() {
    std::array<Table, 8> tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
        tables[0][i] = crc;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t t = 1; t < 8; ++t) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
    }
    return tables;
}
constexpr std::array<Table, 8> tables = make_tables();

std::uint64_t load64(const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Eight bytes a step, on any processor (of either byte order: the bytes are taken apart one by one).
std::uint32_t by_tables(std::uint32_t crc, std::string_view bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    while (bytes.size() >= 8) {
        crc = tables[7][(crc ^ byte(0)) & 0xff] ^ tables[6][((crc >> 8) ^ byte(1)) & 0xff] ^ tables[5][((crc >> 16) ^ byte(2)) & 0xff] ^
              tables[4][((crc >> 24) ^ byte(3)) & 0xff] ^ tables[3][byte(4)] ^ tables[2][byte(5)] ^ tables[1][byte(6)] ^ tables[0][byte(7)];
        bytes.remove_prefix(8);
    }
    for (const char c : bytes) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
    return crc;
}

#if defined(__x86_64__)

// Multiplies by x^(8 * zeros) modulo the polynomial: what a CRC becomes when `zeros` zero bytes follow.
std::uint32_t shift_by_zeros(std::uint32_t crc, std::size_t zeros) {
    for (std::size_t i = 0; i < zeros; ++i) crc = (crc >> 8) ^ tables[0][crc & 0xff];
    return crc;
}

constexpr std::size_t lane_bytes = 512;

// The shift is linear, so that four table look-ups do it for a fixed number of bytes.
struct Shift {
    std::array<Table, 4> by_byte;
    explicit Shift(std::size_t zeros) {
        for (std::size_t i = 0; i < 4; ++i) {
            for (std::uint32_t b = 0; b < 256; ++b) by_byte[i][b] = shift_by_zeros(b << (8 * i), zeros);
        }
    }
    std::uint32_t operator()(std::uint32_t crc) const {
        return by_byte[0][crc & 0xff] ^ by_byte[1][(crc >> 8) & 0xff] ^ by_byte[2][(crc >> 16) & 0xff] ^ by_byte[3][crc >> 24];
    }
};

// The instruction takes three cycles but can start every cycle: three lanes side by side, joined at their ends.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, std::string_view bytes) {
    static const Shift shift(lane_bytes);
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    while (left >= 3 * lane_bytes) {
        std::uint64_t a = crc;
        std::uint64_t b = 0;
        std::uint64_t c = 0;
        for (std::size_t i = 0; i < lane_bytes; i += 8) {
            a = _mm_crc32_u64(a, load64(at + i));
            b = _mm_crc32_u64(b, load64(at + lane_bytes + i));
            c = _mm_crc32_u64(c, load64(at + 2 * lane_bytes + i));
        }
        crc = shift(shift(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b)) ^ static_cast<std::uint32_t>(c);
        at += 3 * lane_bytes;
        left -= 3 * lane_bytes;
    }
    for (; left >= 8; at += 8, left -= 8) crc = static_cast<std::uint32_t>(_mm_crc32_u64(crc, load64(at)));
    for (; left > 0; ++at, --left) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*at));
    return crc;
}

#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return ~by_instruction(~0U, bytes);
#endif
    return ~by_tables(~0U, bytes);
}

std::uint32_t crc32c_by_tables(std::string_view bytes) { return ~by_tables(~0U, bytes); }

}  // namespace packetboat::store
