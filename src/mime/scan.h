#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace packetboat::mime {

// What the bytes that were read have in them.
struct Tally {
    std::uint64_t lines = 0;  // line ends: CRLF, LF and bare CR, one each
    bool nul = false;
    bool bare = false;  // a CR without an LF after it, or an LF without a CR before it
    friend bool operator==(const Tally&, const Tally&) = default;
};

struct FieldScan {
    std::size_t name_end = 0;  // the first byte that no field name may have (RFC 5322 §2.2: ftext)
    std::size_t end = 0;       // after the line end
    bool has_8bit = false;     // somewhere in [begin, end)
};

// The loops that see every byte of a message, for one kind of processor. All begin to read at `begin` and never look past `text`; whether
// an LF at `begin` has its CR is not looked at.
struct Scanner {
    std::string_view name;
    // Reads up to the first line that begins with "--" and is not at `begin`; answers its offset, text.size() when there is none. The
    // tally may say nul and bare for what stands a few bytes further on, never lines.
    std::size_t (*to_dashes)(std::string_view text, std::size_t begin, Tally& tally);
    // Reads a field with its folds: up to and with the first LF that neither space nor tab follows, else to the end.
    FieldScan (*field)(std::string_view text, std::size_t begin, Tally& tally);
    // Reads a line: up to and with the first LF, else to the end. Answers the offset after it.
    std::size_t (*line)(std::string_view text, std::size_t begin, Tally& tally);
};

// The fastest that this processor can run.
const Scanner& scanner();
// All that it can run, the fastest first: they differ in nothing but speed, which tests hold them to.
std::span<const Scanner> scanners();

}  // namespace packetboat::mime
