#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/html_tokens.h"
#include "mime/reading.h"

// Any text is read: UTF-8 comes out, no control character but tab and line feed, not more than was asked for, and a shorter limit gives the
// beginning of the same.
namespace {

using namespace packetboat;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string html = mime::valid_utf8({reinterpret_cast<const char*>(data), std::min(size, std::size_t{32 * 1024})});

    std::size_t tokens = 0;
    mime::HtmlTokenizer tokenizer(html);
    for (mime::HtmlToken token; tokenizer.next(token);) {
        ++tokens;
        require(token.attributes.size() <= mime::html_attributes_max);
        require(is_utf8(token.text));
    }
    require(tokens <= html.size());

    const std::string text = mime::html_text(html);
    require(is_utf8(text));
    require(std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == '\x7f'; }));
    // A line has at most a prefix more than what it came from.
    require(text.size() <= 64 * html.size() + 64);
    const std::size_t limit = html.size() / 3;
    const std::string shorter = mime::html_text(html, {.links = true, .max_bytes = limit});
    require(shorter.size() <= limit && is_utf8(shorter));
    return 0;
}
