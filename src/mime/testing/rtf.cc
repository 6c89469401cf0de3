#include "mime/testing/rtf.h"

#include <algorithm>

namespace packetboat::mime::testing {

namespace {

constexpr std::string_view beginning =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    "Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

std::string little(std::uint32_t value) {
    std::string out;
    for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
    return out;
}

// Bit by bit, where the reader has a table.
std::uint32_t crc(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes) {
        value ^= static_cast<std::uint8_t>(byte);
        for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ 0xedb8'8320U : value >> 1U;
    }
    return value;
}

std::string reference(std::size_t place, std::size_t length) {
    const std::size_t bits = (place % 4096) << 4U | (length - 2);
    return {static_cast<char>(bits >> 8U), static_cast<char>(bits)};
}

}  // namespace

std::string rtf_stream(std::string_view content, std::uint32_t raw_bytes) {
    return little(static_cast<std::uint32_t>(content.size() + 12)) + little(raw_bytes) + "LZFu" + little(crc(content)) +
           std::string(content);
}

std::string compressed_rtf(std::string_view text) {
    constexpr std::size_t longest = 17;
    const std::string all = std::string(beginning) + std::string(text);
    std::string content;
    std::size_t kinds = 0;  // where the byte of the tokens' kinds is
    unsigned tokens = 0;
    const auto add = [&](std::string_view token, bool is_reference) {
        if (tokens++ % 8 == 0) {
            kinds = content.size();
            content += '\0';
        }
        if (is_reference) content[kinds] = static_cast<char>(content[kinds] | 1 << ((tokens - 1) % 8));
        content += token;
    };
    for (std::size_t at = beginning.size(); at < all.size();) {
        std::size_t best = 0;
        std::size_t place = 0;
        // All but the oldest byte of the window: a reference to the place where the next byte goes is the end.
        for (std::size_t from = at > 4095 ? at - 4095 : 0; from < at && best < longest; ++from) {
            std::size_t length = 0;
            while (length < longest && at + length < all.size() && all[from + length] == all[at + length]) ++length;
            if (length > best) best = length, place = from;
        }
        if (best < 2) best = 1;
        add(best == 1 ? std::string(1, all[at]) : reference(place, best), best > 1);
        at += best;
    }
    add(reference(all.size(), 2), true);
    return rtf_stream(content, static_cast<std::uint32_t>(text.size()));
}

}  // namespace packetboat::mime::testing
