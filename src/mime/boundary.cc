#include "mime/boundary.h"

#include <algorithm>
#include <cassert>

namespace packetboat::mime {

namespace {

// FNV-1a, because it gives the hashes of all prefixes on the way.
constexpr std::uint64_t hash_of_nothing = 0xcbf2'9ce4'8422'2325;
constexpr std::uint64_t hash_with(std::uint64_t hash, char c) { return (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3; }

// transport-padding and the line's end                                                    RFC 2046 §5.1.1
bool is_line_end(std::string_view text) {
    const std::size_t padding = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(padding);
    return text.empty() || text.starts_with('\n') || text.starts_with("\r\n");
}

}  // namespace

void Boundaries::open(std::string_view boundary, std::uint32_t part) {
    boundary = boundary.substr(0, boundary_max_bytes);
    assert(!boundary.empty());
    Open& added = open_.emplace_back();
    added.size = static_cast<std::uint8_t>(boundary.size());
    added.longest = added.size;
    if (open_.size() > 1) added.longest = std::max(added.longest, open_[open_.size() - 2].longest);
    added.part = part;
    std::ranges::copy(boundary, added.bytes.begin());
    added.hash = hash_of_nothing;
    for (const char c : boundary) added.hash = hash_with(added.hash, c);
}

void Boundaries::close(std::uint32_t part) {
    while (!open_.empty() && open_.back().part >= part) open_.pop_back();
}

const Boundaries::Open* Boundaries::longest_match(std::string_view text) const {
    std::array<std::uint64_t, boundary_max_bytes + 1> hashes;
    const std::size_t size = std::min<std::size_t>(text.size(), open_.back().longest);
    std::size_t hashed = 0;
    hashes[0] = hash_of_nothing;
    for (; hashed < size && text[hashed] != '\n'; ++hashed) hashes[hashed + 1] = hash_with(hashes[hashed], text[hashed]);

    const Open* best = nullptr;
    for (std::size_t i = open_.size(); i-- > 0;) {
        const Open& open = open_[i];
        if (open.size > hashed || open.hash != hashes[open.size]) continue;
        if (best != nullptr && open.size <= best->size) continue;
        if (text.starts_with(open.text())) best = &open;
    }
    return best;
}

std::optional<Delimiter> Boundaries::match(std::string_view text) const {
    if (open_.empty()) return std::nullopt;
    // Nearly every delimiter is the innermost multipart's, and nothing else on its line.
    const Open* open = &open_.back();
    if (text.starts_with(open->text())) {
        const std::string_view rest = text.substr(open->size);
        if (is_line_end(rest)) return Delimiter{open->part, false};
        if (rest.starts_with("--") && is_line_end(rest.substr(2))) return Delimiter{open->part, true};
    } else if (open_.size() == 1) {
        return std::nullopt;
    }
    open = longest_match(text);
    if (open == nullptr) return std::nullopt;
    return Delimiter{open->part, text.substr(open->size).starts_with("--")};
}

}  // namespace packetboat::mime
