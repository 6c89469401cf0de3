#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mime/testing/seven_bit_check.h"

namespace {

using namespace packetboat::mime;

void require(bool claim, const std::string& what) {
    if (claim) return;
    std::fputs((what + "\n").c_str(), stderr);
    std::abort();
}

void check(std::string_view message, SevenBitNeeds needs, PartWalk::Limits limits) {
    const testing::Converted whole = testing::convert(message, needs, std::max<std::size_t>(message.size(), 1), limits);
    const std::string wrong = testing::conversion_mistake(message, whole, needs, limits);
    require(wrong.empty(), wrong);
    for (const std::size_t piece_bytes : {1U, 7U})
        require(testing::convert(message, needs, piece_bytes, limits).text == whole.text, "it depends on the pieces");
    // RFC 2045: three characters for one, soft breaks, and what a header gets.
    const std::size_t parts_max = 1 + static_cast<std::size_t>(std::ranges::count(message, '\n'));
    require(whole.text.size() <= message.size() * 8 + parts_max * 200 + 200, "it is too long");
    if (!whole.plan.complete()) return;
    // What was made needs nothing more (but long lines and line ends of what was encoded before).
    if (!needs.binary) require(!testing::convert(whole.text, needs, 1'000'000, limits).plan.needed(), "it is not done");
}

}  // namespace

// Decoded, the parts of what was made are those of the message; they are in seven bits, and do not depend on the pieces they came in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= line_head_max_bytes) return 0;
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    check(message, {.eight_bit = true, .binary = true}, {});
    check(message, {.eight_bit = true, .binary = false}, {});
    check(message, {.eight_bit = false, .binary = true}, {});
    check(message, {.eight_bit = true, .binary = true}, {.parts_max = 3, .nesting_max = 1});
    return 0;
}
