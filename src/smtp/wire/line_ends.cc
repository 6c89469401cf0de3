#include "smtp/wire/line_ends.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace packetboat::smtp::wire {

namespace {

constexpr std::string_view crlf = "\r\n";

struct Counts {
    std::size_t cr = 0;
    std::size_t lf = 0;
    std::size_t pairs = 0;  // an LF right after a CR
    std::size_t nul = 0;
};

// Counts in lanes of a byte, which the compiler makes vector instructions of: so the cost does not depend on how long lines are.
Counts count(const char* text, std::size_t size) {
    Counts sum;
    constexpr std::size_t block = 255;
    for (std::size_t at = 0; at < size; at += block) {
        const std::size_t n = std::min(block, size - at);
        const char* const p = text + at;
        std::uint8_t cr = 0;
        std::uint8_t lf = 0;
        std::uint8_t nul = 0;
        for (std::size_t i = 0; i < n; ++i) {
            cr = static_cast<std::uint8_t>(cr + (p[i] == '\r'));
            lf = static_cast<std::uint8_t>(lf + (p[i] == '\n'));
            nul = static_cast<std::uint8_t>(nul + (p[i] == '\0'));
        }
        const std::size_t m = std::min(block, size - 1 - at);
        std::uint8_t pairs = 0;
        for (std::size_t i = 0; i < m; ++i) pairs = static_cast<std::uint8_t>(pairs + ((p[i] == '\r') & (p[i + 1] == '\n')));
        sum.cr += cr;
        sum.lf += lf;
        sum.nul += nul;
        sum.pairs += pairs;
    }
    return sum;
}

}  // namespace

void LineEnds::check(std::string_view text) {
    Counts counts = count(text.data(), text.size());
    if (after_cr_) {
        if (text.front() == '\n') {
            ++counts.pairs;
        } else {
            flaws_.bare_cr = true;
        }
        ++counts.cr;
    }
    after_cr_ = text.back() == '\r';
    if (after_cr_) --counts.cr;
    if (counts.cr > counts.pairs) flaws_.bare_cr = true;
    if (counts.lf > counts.pairs) flaws_.bare_lf = true;
    if (counts.nul > 0) flaws_.nul = true;
}

void LineEnds::measure(std::string_view text) {
    while (!text.empty()) {
        const std::size_t lf = text.find('\n');
        const std::size_t bytes = lf == std::string_view::npos ? text.size() : lf + 1;
        line_bytes_ += bytes;
        if (line_bytes_ > line_max_bytes_) flaws_.long_line = true;
        if (lf != std::string_view::npos) line_bytes_ = 0;
        text.remove_prefix(bytes);
    }
}

// The CR at the end of `text` waits for what comes next.
std::string_view LineEnds::normalise(std::string_view& text) {
    if (after_cr_) {
        after_cr_ = false;
        if (text.starts_with('\n')) {
            text.remove_prefix(1);
        } else {
            flaws_.bare_cr = true;
        }
        return crlf;
    }
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* from = begin;
    while (from != end) {
        const auto* const lf = static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
        const char* const line_end = lf != nullptr ? lf : end;
        const auto* const cr = static_cast<const char*>(std::memchr(from, '\r', static_cast<std::size_t>(line_end - from)));
        if (cr != nullptr && lf == cr + 1) {
            from = lf + 1;
            continue;
        }
        const char* const stop = cr != nullptr ? cr : line_end;
        if (stop == begin && stop != end) {
            text.remove_prefix(1);
            if (*stop == '\n') {
                flaws_.bare_lf = true;
                return crlf;
            }
            after_cr_ = true;
            return {};
        }
        from = stop;
        break;
    }
    const std::string_view kept(begin, static_cast<std::size_t>(from - begin));
    text.remove_prefix(kept.size());
    return kept;
}

std::string_view LineEnds::next(std::string_view& text) {
    if (text.empty()) return {};
    if (policy_ == BareNewlines::normalise) {
        const std::string_view before = text;
        const std::string_view kept = normalise(text);
        const std::string_view taken = before.substr(0, before.size() - text.size());
        if (std::memchr(taken.data(), '\0', taken.size()) != nullptr) flaws_.nul = true;
        if (line_max_bytes_ > 0) measure(kept);
        return kept;
    }
    check(text);
    if (line_max_bytes_ > 0) measure(text);
    return std::exchange(text, {});
}

std::string_view LineEnds::finish() {
    if (!after_cr_) return {};
    after_cr_ = false;
    flaws_.bare_cr = true;
    return policy_ == BareNewlines::normalise ? crlf : std::string_view{};
}

}  // namespace packetboat::smtp::wire
