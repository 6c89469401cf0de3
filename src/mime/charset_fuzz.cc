#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/charset.h"

// "label NUL bytes". Whatever the label, what comes out is UTF-8; what is written reads back as what it was.
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, std::size_t{16 * 1024}));
    const std::string_view label = input.substr(0, input.find('\0'));
    const std::string_view bytes = input.substr(std::min(label.size() + 1, input.size()));

    const std::string text = mime::to_utf8(label, bytes);
    require(is_utf8(text));
    require(mime::valid_utf8(text) == text);
    require(is_utf8(mime::valid_utf8(bytes)));
    // Linear: no encoding makes more of a byte than this.
    require(text.size() <= 16 * bytes.size() + 16);
    const std::optional<std::string> written = mime::from_utf8(label, text);
    const bool has_mark = text.starts_with("\xEF\xBB\xBF");
    if (written && !has_mark) require(mime::to_utf8(label, *written) == text);
    if (written) require(mime::is_known_charset(label));
    return 0;
}
