#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mime/seven_bit.h"

namespace packetboat::mime::testing {

struct Converted {
    SevenBitPlan plan;
    std::string text;
};

// Both readings, in pieces of so many bytes.
Converted convert(std::string_view message, SevenBitNeeds needs, std::size_t piece_bytes, PartWalk::Limits limits = {});

// What is wrong with what became of the message: the parts are not those it had, one of them does not decode to the same bytes, or has in
// it what was to go. Empty: nothing. Messages shorter than line_head_max_bytes only, beyond which readers differ.
std::string conversion_mistake(std::string_view message, const Converted& converted, SevenBitNeeds needs, PartWalk::Limits limits = {});

}  // namespace packetboat::mime::testing
