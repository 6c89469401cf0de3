#include "files/pattern.h"

#include <algorithm>

namespace packetboat::files {

namespace {

constexpr bool is_continuation(unsigned byte) { return byte >= 0x80 && byte < 0xC0; }

using Bytes = std::bitset<256>;

// What stands in brackets; `text` begins behind "[". The bytes that it takes in, in all; 0: nothing closes it.
struct Class {
    Bytes bytes;
    bool negated = false;
    bool ascii = true;
    std::size_t length = 0;
};

Class read_class(std::string_view text) {
    Class out;
    std::size_t at = 0;
    if (text.starts_with('!') || text.starts_with('^')) {
        out.negated = true;
        ++at;
    }
    for (const std::size_t first = at; at < text.size(); ++at) {
        if (text[at] == ']' && at > first) {
            out.length = at + 1;
            return out;
        }
        const auto low = static_cast<unsigned char>(text[at]);
        auto high = low;
        if (at + 2 < text.size() && text[at + 1] == '-' && text[at + 2] != ']') {
            high = static_cast<unsigned char>(text[at + 2]);
            at += 2;
        }
        if (low >= 0x80 || high >= 0x80) out.ascii = false;
        for (unsigned byte = low; byte <= high; ++byte) out.bytes.set(byte);
    }
    return out;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text) {
    Pattern out;
    out.dot_first_ = text.starts_with('.');
    while (!text.empty()) {
        const auto byte = static_cast<unsigned char>(text.front());
        text.remove_prefix(1);
        if (byte == '*') {
            out.stays_.set(out.end_);
            continue;
        }
        Bytes takes;
        takes.set(byte);
        bool any = byte == '?';
        if (byte == '[') {
            const Class found = read_class(text);
            if (found.length != 0) {
                if (!found.ascii) return fail(ErrorCode::invalid, "only ASCII can stand in brackets");
                takes = found.negated ? ~found.bytes : found.bytes;
                any = found.negated;
                text.remove_prefix(found.length);
            }
        } else if (any) {
            takes.set();
        }
        if (out.never_ || out.end_ == name_max_bytes) {
            out.never_ = true;  // what is left is still read, for its errors
            continue;
        }
        ++out.end_;
        if (any) out.continues_.set(out.end_);
        for (unsigned b = 0; b < 256; ++b) {
            if (takes[b] && !(any && is_continuation(b))) out.goes_to_[b].set(out.end_);
        }
    }
    return out;
}

bool Pattern::matches(std::string_view name) const {
    if (never_ || name.size() > name_max_bytes || (name.starts_with('.') && !dot_first_)) return false;
    Places here;
    here.set(0);
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        Places next = ((here << 1) & goes_to_[byte]) | (here & stays_);
        if (is_continuation(byte)) next |= here & continues_;
        if (next.none()) return false;
        here = next;
    }
    return here[end_];
}

}  // namespace packetboat::files
