#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mime/processor.h"

namespace packetboat::mime {

// decode_base64_into by one path of this machine's; for tests and benchmarks that compare them.
std::size_t decode_base64_into(std::string_view text, std::span<char> out, Vectors use);

}  // namespace packetboat::mime
