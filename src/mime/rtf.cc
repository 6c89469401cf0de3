#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mime/reading.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::uint32_t compressed = 0x7546'5a4c;    // "LZFu"
constexpr std::uint32_t uncompressed = 0x414c'454d;  // "MELA"
constexpr std::size_t window_bytes = 4096;

// [MS-OXRTFCP] 2.1.2.1: what the window has at the beginning.
constexpr std::string_view beginning =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial"
    "Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
static_assert(beginning.size() == 207);

std::uint32_t u32(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

// [MS-OXRTFCP] 2.1.3.2: CRC-32 with a beginning and an end of zero.
std::uint32_t crc(std::string_view bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> out{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xedb8'8320U : 0U);
            out[i] = value;
        }
        return out;
    }();
    std::uint32_t value = 0;
    for (const char byte : bytes) value = table[(value ^ static_cast<std::uint8_t>(byte)) & 0xffU] ^ (value >> 8U);
    return value;
}

// [MS-OXRTFCP] 2.2.2: literals, and references into the last 4096 bytes; eight of them after a byte that tells them apart.
class Window {
public:
    explicit Window(std::size_t size_bytes) : max_bytes_(size_bytes) {
        std::ranges::copy(beginning, bytes_.begin());
        out_.reserve(std::min<std::size_t>(size_bytes, 1U << 20U));
    }

    std::string unpacked(std::string_view in) {
        while (!in.empty()) {
            const auto kinds = static_cast<std::uint8_t>(in.front());
            in.remove_prefix(1);
            for (unsigned bit = 0; bit < 8 && !in.empty(); ++bit) {
                const bool is_reference = (kinds >> bit & 1U) != 0;
                if (!is_reference) {
                    put(in.front());
                    in.remove_prefix(1);
                    continue;
                }
                if (in.size() < 2 || !refer(static_cast<std::uint8_t>(in[0]), static_cast<std::uint8_t>(in[1]))) return std::move(out_);
                in.remove_prefix(2);
            }
        }
        return std::move(out_);
    }

private:
    void put(char byte) {
        if (out_.size() < max_bytes_) out_ += byte;
        bytes_[end_] = byte;
        end_ = (end_ + 1) % window_bytes;
    }
    // False: it says that this is the end.
    bool refer(unsigned first, unsigned second) {
        std::size_t from = first << 4U | second >> 4U;
        if (from == end_) return false;
        for (unsigned left = (second & 0xfU) + 2; left > 0; --left) {
            put(bytes_[from]);
            from = (from + 1) % window_bytes;
        }
        return true;
    }

    std::array<char, window_bytes> bytes_{};
    std::size_t end_ = beginning.size();
    std::size_t max_bytes_;
    std::string out_;
};

}  // namespace

std::optional<std::string> decompress_rtf(std::string_view stream) {
    if (stream.size() < header_bytes) return std::nullopt;
    const std::size_t size_bytes = u32(stream, 0);  // of what follows it
    const std::size_t raw_bytes = u32(stream, 4);
    const std::uint32_t kind = u32(stream, 8);
    if (size_bytes < header_bytes - 4 || size_bytes + 4 > stream.size() || raw_bytes > rtf_max_bytes) return std::nullopt;
    const std::string_view content = stream.substr(header_bytes, size_bytes + 4 - header_bytes);
    if (kind == uncompressed) return std::string(content.substr(0, raw_bytes));
    if (kind != compressed || crc(content) != u32(stream, 12)) return std::nullopt;
    return Window(raw_bytes).unpacked(content);
}

}  // namespace packetboat::mime
