#include <algorithm>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/header_lexer.h"
#include "mime/reply.h"
#include "mime/subject_prefix.h"

namespace packetboat::mime {

namespace {

std::string_view without_leading_space(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

std::string_view without_marks(std::string_view text, Marks marks) {
    SubjectPrefix prefix(text, marks);
    while (prefix.refwd()) prefix.space();
    return prefix.rest();
}

// "[list] " at the front, with the white space behind it; empty: none.
std::string_view tag_of(std::string_view text) {
    constexpr std::size_t tag_max_bytes = 60;
    if (!text.starts_with('[')) return {};
    const std::size_t close = text.substr(0, tag_max_bytes).find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = without_leading_space(text.substr(close + 1));
    return text.substr(0, text.size() - rest.size());
}

// A subject without the marks before it, and those that lists put between it and their tag.
std::string base_of(std::string_view subject, Marks marks) {
    std::string_view rest = without_marks(without_leading_space(subject), marks);
    const std::string_view tag = tag_of(rest);
    if (tag.empty()) return std::string(rest);
    rest = rest.substr(tag.size());
    for (;;) {
        const std::string_view inner = without_marks(rest, marks);
        const std::string_view again = inner.starts_with(trim(tag)) ? without_leading_space(inner.substr(trim(tag).size())) : inner;
        // A tag that only stands twice is the sender's own.
        if (inner.size() == rest.size()) return std::string(tag) + std::string(rest);
        rest = again;
    }
}

std::string shortened(std::string text) {
    if (text.size() <= reply_subject_max_bytes) return text;
    std::size_t end = reply_subject_max_bytes;
    const std::size_t space = text.rfind(' ', end);
    if (space != std::string::npos && space > end / 2) {
        end = space;
    } else {
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    }
    text.resize(end);
    return text;
}

std::string marked(std::string_view mark, std::string_view subject, Marks marks) {
    const std::string base = base_of(trim(without_controls(valid_utf8(subject))), marks);
    return shortened(std::string(trim(std::string(mark) + " " + base)));
}

}  // namespace

std::string reply_subject(std::string_view subject) { return marked("Re:", subject, Marks::replies); }
std::string forward_subject(std::string_view subject) { return marked("Fwd:", subject, Marks::forwards); }

}  // namespace packetboat::mime
