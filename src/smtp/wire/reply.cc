#include "smtp/wire/reply.h"

#include <algorithm>

namespace packetboat::smtp::wire {

std::string Reply::bytes() const {
    if (empty()) return {};
    std::string out;
    std::string_view rest = text;
    for (bool last = false; !last;) {
        const std::size_t end = rest.find('\n');
        last = end == std::string_view::npos;
        const std::size_t begin = out.size();
        out += std::to_string(code);
        out += last ? ' ' : '-';
        if (!enhanced.empty()) out.append(enhanced) += ' ';
        const std::size_t room = reply_line_max_bytes - 2 - (out.size() - begin);
        for (const char c : rest.substr(0, std::min(end, room))) out += c >= ' ' && c <= '~' ? c : '?';
        out += "\r\n";
        if (!last) rest.remove_prefix(end + 1);
    }
    return out;
}

}  // namespace packetboat::smtp::wire
