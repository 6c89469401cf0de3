#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "relay/content_scan.h"

// What is found does not depend on how the message is cut, and is what a plain look at all of it finds.
namespace {

using packetboat::relay::ContentScan;

bool same(const ContentScan& a, const ContentScan& b) {
    return a.header_ended() == b.header_ended() && a.header_eight_bit() == b.header_eight_bit() && a.eight_bit() == b.eight_bit() &&
           a.binary() == b.binary();
}

bool is_eight_bit(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) >= 0x80) return true;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ContentScan whole;
    whole.next(text);
    if (whole.eight_bit() != is_eight_bit(text)) std::abort();
    if (whole.header_eight_bit() && !whole.eight_bit()) std::abort();
    if (text.contains('\0') && !whole.binary()) std::abort();
    const std::size_t step = size == 0 ? 1 : 1 + data[0] % 16;
    ContentScan pieces;
    for (std::size_t at = 0; at < size; at += step) pieces.next(text.substr(at, step));
    if (!same(whole, pieces)) std::abort();
    return 0;
}
