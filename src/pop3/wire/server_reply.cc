#include "pop3/wire/server_reply.h"

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

struct Known {
    std::string_view name;
    ResponseCode code;
};
constexpr Known codes[] = {{"IN-USE", ResponseCode::in_use},     {"LOGIN-DELAY", ResponseCode::login_delay}, {"AUTH", ResponseCode::auth},
                           {"SYS/TEMP", ResponseCode::sys_temp}, {"SYS/PERM", ResponseCode::sys_perm},       {"UTF8", ResponseCode::utf8}};

}  // namespace

// resp-code = "[" resp-level *("/" resp-level) "]"                RFC 2449 §8
ResponseCode response_code(std::string_view text) {
    const std::size_t end = text.find(']');
    if (!text.starts_with('[') || end == std::string_view::npos) return ResponseCode::none;
    const std::string_view inside = text.substr(1, end - 1);
    for (const Known& one : codes) {
        const std::string_view front = inside.substr(0, one.name.size());
        if (iequals(front, one.name) && (front.size() == inside.size() || inside[front.size()] == '/')) return one.code;
    }
    return ResponseCode::none;
}

std::string ServerReply::line() const {
    std::string out = positive ? "+OK" : "-ERR";
    if (!text.empty()) out += " " + text;
    return out;
}

}  // namespace packetboat::pop3::wire
