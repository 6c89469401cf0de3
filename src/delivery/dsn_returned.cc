#include <algorithm>
#include <string>

#include "base/text.h"
#include "delivery/dsn_parts.h"

// What a notification gives back of the message.
namespace packetboat::delivery {
namespace {

constexpr std::size_t line_max_bytes = 998;  // RFC 5322 §2.1.1

// CRLF lines within the limit, and no NUL.
bool is_clean(std::string_view content) {
    std::size_t line = 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
        const char c = content[i];
        if (c == '\r' && i + 1 < content.size() && content[i + 1] == '\n') {
            ++i;
            line = 0;
            continue;
        }
        if (c == '\r' || c == '\n' || c == '\0' || ++line > line_max_bytes) return false;
    }
    return true;
}

// The next line, taken away with its end, which may be CRLF, CR or LF.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    const bool crlf = rest.substr(end).starts_with("\r\n");
    rest.remove_prefix(std::min(rest.size(), end + (crlf ? 2 : 1)));
    return line;
}

// In pieces that are folded onto each other where it is too long, not in the middle of a UTF-8 sequence.
void append_folded(std::string& out, std::string_view line) {
    for (std::size_t room = line_max_bytes; line.size() > room; room = line_max_bytes - 1) {
        std::size_t end = room;
        while (end + 3 > room && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
        out.append(line.substr(0, end)).append("\r\n ");
        line.remove_prefix(end);
    }
    out.append(line).append("\r\n");
}

}  // namespace

bool returned_whole(const DsnFacts& facts) {
    if (!facts.content_whole || facts.entry.ret == "HDRS" || facts.content.size() > dsn_whole_max_bytes) return false;
    // RFC 3461 §4.3: RET is about failures; of all else the header is enough.
    const bool failed = std::ranges::any_of(facts.recipients, [](const auto* one) { return one->report == Report::failed; });
    return failed && is_clean(facts.content);
}

std::string returned_header(std::string_view content) {
    std::string out;
    while (!content.empty()) {
        std::string line(take_line(content));
        if (line.empty()) break;
        std::ranges::replace(line, '\0', '?');
        const std::size_t before = out.size();
        append_folded(out, line);
        if (out.size() > dsn_header_max_bytes) {
            out.resize(before);
            break;
        }
    }
    return out;
}

DsnPart dsn_returned(const DsnFacts& facts, DsnStyle style) {
    if (style.whole) return {style.utf8 ? "message/global" : "message/rfc822", std::string(facts.content)};
    return {style.utf8 ? "message/global-headers" : "text/rfc822-headers", returned_header(facts.content)};
}

}  // namespace packetboat::delivery
