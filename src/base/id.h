#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace packetboat {

// 128 bits, random or derived; what commits, queue entries and messages are told apart by.
struct Id128 {
    std::array<std::uint8_t, 16> bytes{};

    static Id128 random();
    // The same parts give the same id: SHA-256 over them with their lengths, cut to 128 bits.
    static Id128 derived(std::initializer_list<std::string_view> parts);

    std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
    static Id128 from_view(std::string_view sixteen_bytes);
    std::string text() const;                                  // 26 characters of Crockford's base 32, lower case
    static std::optional<Id128> parse(std::string_view text);  // what text() wrote

    friend auto operator<=>(const Id128&, const Id128&) = default;
};

void random_bytes(std::span<std::uint8_t> out);
std::uint64_t random_u64();

// 11 characters, unlike any other of this process's life for practical purposes; for log lines.
std::string new_session_id();

}  // namespace packetboat
