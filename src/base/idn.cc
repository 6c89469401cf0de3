#include "base/idn.h"

#include <idn2.h>

#include <cstdint>
#include <memory>

#include "base/text.h"

namespace packetboat {

namespace {

constexpr std::size_t name_max_bytes = 1'020;  // four bytes for each of the 255 characters that a name can have

}  // namespace

Result<std::string> to_a_labels(std::string_view name) {
    if (is_ascii(name)) return std::string(name);
    const Unexpected invalid = fail(ErrorCode::invalid, "not a valid internationalized domain name");
    if (name.size() > name_max_bytes || name.find('\0') != std::string_view::npos || !is_utf8(name)) return invalid;
    const std::string terminated(name);
    std::uint8_t* converted = nullptr;
    const int status =
        idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, void (*)(void*)> owned(converted, idn2_free);
    if (status != IDN2_OK) return invalid;
    return std::string(reinterpret_cast<const char*>(converted));
}

}  // namespace packetboat
