#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mime/reading.h"

// What flow() wrote, unflow() reads as what it was: after one round (which puts marks in one form and takes spaces at line ends away) a
// text stays as it is. Neither makes more of a text than its marks can.
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::mime;
    const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, std::size_t{32 * 1024}));
    const std::string once = unflow(flow(text), false);
    require(unflow(flow(once), false) == once);
    for (const bool delsp : {false, true}) {
        const std::string unflowed = unflow(text, delsp);
        require(unflowed.size() <= 2 * text.size() + 2);
        require(unflowed.empty() || unflowed.ends_with('\n'));
    }
    return 0;
}
