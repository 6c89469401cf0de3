#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mime/reading.h"
#include "mime/testing/rtf.h"

// Whatever is packed, there comes out no more than it says, and than its references can make; and what we pack comes out as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::mime;
    const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, std::size_t{4096}));
    for (const std::uint32_t raw_bytes : {0U, 100U, 1'000'000U}) {
        const std::optional<std::string> text = decompress_rtf(testing::rtf_stream(input, raw_bytes));
        if (!text || text->size() > raw_bytes || text->size() > input.size() * 9) std::abort();
    }
    decompress_rtf(input);
    if (decompress_rtf(testing::compressed_rtf(input)) != input) std::abort();
    return 0;
}
