#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/reading.h"

// Whatever the stream, its attachments lie inside it, its texts are UTF-8, and a stream cut short has no more attachments than the whole.
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    // Most of what a fuzzer makes up is no TNEF; it begins as if it were.
    const std::string input = "\x78\x9f\x3e\x22" + std::string(reinterpret_cast<const char*>(data), std::min(size, std::size_t{32 * 1024}));
    const mime::Tnef tnef = mime::read_tnef(input);
    require(tnef.is_tnef);
    require(is_utf8(tnef.subject) && is_utf8(tnef.body) && is_utf8(tnef.html));
    for (const mime::TnefAttachment& attachment : tnef.attachments) {
        require(is_utf8(attachment.name) && is_utf8(attachment.mime_type));
        if (attachment.bytes.empty()) continue;
        require(attachment.bytes.data() >= input.data());
        require(attachment.bytes.data() + attachment.bytes.size() <= input.data() + input.size());
    }
    const mime::Tnef half = mime::read_tnef(std::string_view(input).substr(0, input.size() / 2));
    require(half.attachments.size() <= tnef.attachments.size());
    return 0;
}
