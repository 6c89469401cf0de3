#pragma once

#include <string>

#include "mime/builder.h"

namespace packetboat::mime::testing {

// From Alice to Bob, without subject and text.
Draft letter();
// The same date and id every time, without a domain.
Made made();
// A JPEG's beginning, and all that something on the way may take for something else: NUL, CR and LF alone and together, lines of a dot,
// "From ", delimiters, every byte there is.
std::string binary_bytes();

}  // namespace packetboat::mime::testing
