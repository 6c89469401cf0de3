#include "pop3/wire/body_reader.h"

#include <algorithm>

namespace packetboat::pop3::wire {

BodyReader::Step BodyReader::next(std::string_view input) {
    if (input.empty()) return {};
    constexpr std::string_view end = ".\r\n";
    std::size_t stuffed = 0;
    if (input.front() == '.' && at_ == At::begin) {
        if (input.starts_with(end)) return {.content = {}, .consumed = end.size(), .end = true};
        if (end.starts_with(input)) return {};
        stuffed = 1;
    } else if (input.front() == '.' && at_ == At::begin_after_lf) {
        if (input.size() == 1) return {};
        stuffed = input[1] == '.' ? 1 : 0;
    }
    // All up to the next line that begins with a dot.
    const std::size_t dot = input.find("\n.", stuffed);
    const std::string_view content = input.substr(stuffed, dot == std::string_view::npos ? dot : dot + 1 - stuffed);
    const char last = content.back();
    const bool cr_before = content.size() > 1 ? content[content.size() - 2] == '\r' : at_ == At::after_cr;
    if (last == '\n') {
        at_ = cr_before ? At::begin : At::begin_after_lf;
    } else {
        at_ = last == '\r' ? At::after_cr : At::line;
    }
    return {.content = content, .consumed = stuffed + content.size(), .end = false};
}

}  // namespace packetboat::pop3::wire
