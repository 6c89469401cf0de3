#include "agent/terminal_text.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"

namespace {

using namespace packetboat;
using namespace packetboat::agent;

void check(bool claim) {
    if (!claim) std::abort();
}

// As a terminal sees it: no C0 but the line end, no DEL, no C1, no bidi control.
bool steers(std::string_view text) {
    const char* bytes = text.data();
    const auto size = static_cast<std::int64_t>(text.size());
    for (std::int64_t at = 0; at < size;) {
        UChar32 c = 0;
        U8_NEXT(bytes, at, size, c);
        if (c < 0 || (c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
            return true;
    }
    return false;
}

}  // namespace

// Whatever strangers write, a terminal only shows it, and in no more columns than it has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t columns = data[0];
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string many = printable(text, Lines::many);
    check(!steers(many) && printable(many, Lines::many) == many);
    const std::string one = printable(text);
    check(!steers(one) && one.find('\n') == std::string::npos && printable(one) == one);

    const std::string cut = shorten(one, columns);
    check(columns_of(cut) <= columns && !steers(cut));
    check(columns_of(one) > columns || cut == one);

    const std::string wrapped = wrap(many, columns);
    check(!steers(wrapped));
    // Nothing but spaces and quote marks comes or goes.
    const auto words = [](std::string s) {
        std::erase_if(s, [](char c) { return c == ' ' || c == '\n' || c == '>'; });
        return s;
    };
    check(words(wrapped) == words(many));
    check(!steers(json_for_terminal(many)));
    return 0;
}
