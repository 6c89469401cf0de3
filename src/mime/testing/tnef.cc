#include "mime/testing/tnef.h"

namespace packetboat::mime::testing {

std::string little(std::uint32_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
}

std::string attribute(std::uint8_t level, std::uint32_t id, std::string_view data) {
    std::uint32_t sum = 0;
    for (const char byte : data) sum += static_cast<std::uint8_t>(byte);
    return little(level, 1) + little(id, 4) + little(static_cast<std::uint32_t>(data.size()), 4) + std::string(data) + little(sum, 2);
}

std::string property(std::uint32_t type, std::uint32_t tag, std::string value) {
    const std::string size = little(static_cast<std::uint32_t>(value.size()), 4);
    value.resize((value.size() + 3) / 4 * 4);
    return little(type, 2) + little(tag, 2) + little(1, 4) + size + value;
}

}  // namespace packetboat::mime::testing
