#include "base/id.h"

#include <openssl/sha.h>
#include <sys/random.h>

#include <cassert>
#include <cstdlib>
#include <cstring>

namespace packetboat {

namespace {

constexpr std::string_view base32_digits = "0123456789abcdefghjkmnpqrstvwxyz";

std::string base32(std::span<const std::uint8_t> bytes) {
    std::string out;
    unsigned held = 0;
    unsigned bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = (held << 8) | byte;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out += base32_digits[(held >> bits) & 31];
        }
    }
    if (bits > 0) out += base32_digits[(held << (5 - bits)) & 31];
    return out;
}

// getrandom(2) costs a system call; a thread draws from it in blocks.
struct RandomPool {
    std::array<std::uint8_t, 256> block{};
    std::size_t used = block.size();
};

}  // namespace

void random_bytes(std::span<std::uint8_t> out) {
    thread_local RandomPool pool;
    for (std::uint8_t& byte : out) {
        if (pool.used == pool.block.size()) {
            if (getrandom(pool.block.data(), pool.block.size(), 0) != static_cast<ssize_t>(pool.block.size())) std::abort();
            pool.used = 0;
        }
        byte = pool.block[pool.used];
        pool.block[pool.used++] = 0;
    }
}

std::uint64_t random_u64() {
    std::array<std::uint8_t, 8> bytes{};
    random_bytes(bytes);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

Id128 Id128::random() {
    Id128 id;
    random_bytes(id.bytes);
    return id;
}

Id128 Id128::derived(std::initializer_list<std::string_view> parts) {
    std::string joined;
    for (const std::string_view part : parts) {
        joined += std::to_string(part.size());
        joined += ':';
        joined += part;
    }
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest.data());
    Id128 id;
    std::memcpy(id.bytes.data(), digest.data(), id.bytes.size());
    return id;
}

Id128 Id128::from_view(std::string_view sixteen_bytes) {
    assert(sixteen_bytes.size() == 16);
    Id128 id;
    std::memcpy(id.bytes.data(), sixteen_bytes.data(), id.bytes.size());
    return id;
}

std::string Id128::text() const { return base32(bytes); }

std::optional<Id128> Id128::parse(std::string_view text) {
    Id128 id;
    std::size_t filled = 0;
    unsigned held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = base32_digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        held = (held << 5) | static_cast<unsigned>(digit);
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        if (filled == id.bytes.size()) return std::nullopt;
        id.bytes[filled++] = static_cast<std::uint8_t>(held >> bits);
    }
    // Whatever is left over are text()'s zeros.
    if (filled != id.bytes.size() || id.text() != text) return std::nullopt;
    return id;
}

std::string new_session_id() {
    std::array<std::uint8_t, 7> bytes{};
    random_bytes(bytes);
    return base32(bytes).substr(0, 11);
}

}  // namespace packetboat
