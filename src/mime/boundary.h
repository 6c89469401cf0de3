#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace packetboat::mime {

// RFC 2046 §5.1.1 allows 70. Of longer ones the first 80 bytes are compared, as Dovecot has it.
inline constexpr std::size_t boundary_max_bytes = 80;

// A line that a boundary stands in.
struct Delimiter {
    std::uint32_t part = 0;  // the multipart whose boundary it is
    bool closing = false;    // "--" follows it
};

// The boundaries of the multiparts that are open, the innermost last. What a line costs is bounded by its length (80 bytes of it at most)
// plus the number of boundaries, not by their product: long prefixes that many of them share are hashed once.
class Boundaries {
public:
    bool empty() const { return open_.empty(); }
    void open(std::string_view boundary, std::uint32_t part);
    // Of `part`, and all inside of it.
    void close(std::uint32_t part);
    void close_all() { open_.clear(); }

    // What `text`, which begins a line, says after its "--". A boundary must only begin the rest of the line (RFC 2046 §5.1.1: "it is
    // sufficient that the boundary appear in its entirety"); if several do, the longest is meant, and the innermost of equal ones.
    std::optional<Delimiter> match(std::string_view text) const;

private:
    struct Open {
        std::array<char, boundary_max_bytes> bytes;
        std::uint8_t size;
        std::uint8_t longest;  // of this one and all outside of it
        std::uint32_t part;
        std::uint64_t hash;

        std::string_view text() const { return {bytes.data(), size}; }
    };
    const Open* longest_match(std::string_view text) const;

    std::vector<Open> open_;
};

}  // namespace packetboat::mime
