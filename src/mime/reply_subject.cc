#include <algorithm>
#include <span>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/header_lexer.h"
#include "mime/reply.h"

namespace packetboat::mime {

namespace {

// How mail programs of other languages write them, in lower case. Those of one letter ("R:", "I:") are words of subjects, too.
constexpr std::string_view reply_words[] = {"re",
                                            "aw",
                                            "sv",
                                            "vs",
                                            "antw",
                                            "antwort",
                                            "odp",
                                            "ynt",
                                            "res",
                                            "ref",
                                            "rif",
                                            "\xe7\xad\x94\xe5\xa4\x8d",
                                            "\xe5\x9b\x9e\xe5\xa4\x8d",
                                            "\xe5\x9b\x9e\xe8\xa6\x86"};
constexpr std::string_view forward_words[] = {
    "fwd", "fw", "wg", "tr", "rv", "enc", "pd", "doorst", "\xe8\xbd\xac\xe5\x8f\x91", "\xe8\xbd\x89\xe5\xaf\x84"};
constexpr std::string_view wide_colon = "\xef\xbc\x9a";

std::string_view without_leading_space(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

// "[2]", "(3)" or "^4" of "Re[2]:".
std::string_view without_count(std::string_view text) {
    if (text.empty() || !std::string_view("[(^").contains(text.front())) return text;
    const char close = text.front() == '[' ? ']' : ')';
    const bool raised = text.front() == '^';
    std::size_t end = 1;
    while (end < text.size() && end < 6 && is_digit(text[end])) ++end;
    if (end == 1) return text;
    if (raised) return text.substr(end);
    return end < text.size() && text[end] == close ? text.substr(end + 1) : text;
}

// What is behind "Re:"; the same text when it begins with none of the words.
std::string_view without_mark(std::string_view text, std::span<const std::string_view> words) {
    for (const std::string_view word : words) {
        if (text.size() < word.size() || !iequals(text.substr(0, word.size()), word)) continue;
        std::string_view rest = without_leading_space(without_count(text.substr(word.size())));
        if (rest.starts_with(':')) return without_leading_space(rest.substr(1));
        if (rest.starts_with(wide_colon)) return without_leading_space(rest.substr(wide_colon.size()));
    }
    return text;
}

std::string_view without_marks(std::string_view text, std::span<const std::string_view> words) {
    for (;;) {
        const std::string_view rest = without_mark(text, words);
        if (rest.size() == text.size()) return text;
        text = rest;
    }
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
std::string base_of(std::string_view subject, std::span<const std::string_view> words) {
    std::string_view rest = without_marks(without_leading_space(subject), words);
    const std::string_view tag = tag_of(rest);
    if (tag.empty()) return std::string(rest);
    rest = rest.substr(tag.size());
    for (;;) {
        const std::string_view inner = without_marks(rest, words);
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

std::string marked(std::string_view mark, std::string_view subject, std::span<const std::string_view> words) {
    const std::string base = base_of(trim(without_controls(valid_utf8(subject))), words);
    return shortened(std::string(trim(std::string(mark) + " " + base)));
}

}  // namespace

std::string reply_subject(std::string_view subject) { return marked("Re:", subject, reply_words); }
std::string forward_subject(std::string_view subject) { return marked("Fwd:", subject, forward_words); }

}  // namespace packetboat::mime
