#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "files/path.h"

namespace packetboat::files {

// One name's pattern: "*" any bytes, "?" one character, "[a-z]" and "[!a-z]" (or "[^a-z]") one of these or none of these. A "]" right
// behind
// "[" and a "[" that nothing closes mean themselves, "\" is ordinary. A leading "." must be written out. Whole characters of UTF-8
// count as one; names in other encodings are matched byte by byte, as far as their bytes are not UTF-8's continuations.
//
// All the places where a name could be in the pattern are kept in one set and moved together, byte by byte: the time is the name's length,
// whatever the pattern is.
class Pattern {
public:
    // Errors: invalid (a byte that is not ASCII in brackets). A pattern that is longer than any name matches nothing.
    static Result<Pattern> compile(std::string_view text);
    // Whether it is more than a name.
    static bool is_wild(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

    bool matches(std::string_view name) const;

private:
    using Places = std::bitset<name_max_bytes + 1>;  // place n: behind the n-th thing that takes a character

    std::array<Places, 256> goes_to_;  // for each byte: the places that it leads to from the one before
    Places stays_;                     // a "*" stands here
    Places continues_;                 // behind one that took the first byte of a character
    std::size_t end_ = 0;
    bool never_ = false;
    bool dot_first_ = false;
};

}  // namespace packetboat::files
