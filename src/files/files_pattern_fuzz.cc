#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "files/pattern.h"

using namespace packetboat::files;

namespace {

void require(bool claim) {
    if (!claim) std::abort();
}

// The definition, for patterns of ASCII without brackets: every way is tried, by a table.
bool matches_slowly(std::string_view pattern, std::string_view name) {
    if (name.starts_with('.') && !pattern.starts_with('.')) return false;
    std::string row(name.size() + 1, '\0');
    row[0] = 1;
    for (const char c : pattern) {
        std::string next(name.size() + 1, '\0');
        if (c == '*') next[0] = row[0];
        for (std::size_t at = 0; at < name.size(); ++at) {
            if (c == '*')
                next[at + 1] = row[at + 1] | next[at];
            else if (c == '?' || c == name[at])
                next[at + 1] = row[at];
        }
        row = next;
    }
    return row[name.size()] != 0;
}

bool is_plain(std::string_view bytes) {
    for (const char c : bytes) {
        if (static_cast<unsigned char>(c) >= 0x80) return false;
    }
    return true;
}

}  // namespace

// The fast way agrees with the definition, and a name without anything wild matches itself alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = size == 0 ? 0 : static_cast<unsigned char>(bytes[0]) % size;
    const std::string_view pattern = bytes.substr(0, cut);
    const std::string_view name = bytes.substr(cut).substr(0, name_max_bytes);
    const auto compiled = Pattern::compile(pattern);
    if (!compiled) return 0;
    const bool matches = compiled->matches(name);
    if (!Pattern::is_wild(pattern)) require(matches == (pattern == name));
    if (is_plain(bytes) && pattern.find('[') == std::string_view::npos) require(matches == matches_slowly(pattern, name));
    return 0;
}
