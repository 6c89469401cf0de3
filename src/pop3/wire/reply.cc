#include "pop3/wire/reply.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::pop3::wire {

namespace {

std::string_view bracketed(ResponseCode code) {
    switch (code) {
        case ResponseCode::none: return "";
        case ResponseCode::in_use: return "[IN-USE] ";
        case ResponseCode::login_delay: return "[LOGIN-DELAY] ";
        case ResponseCode::auth: return "[AUTH] ";
        case ResponseCode::sys_temp: return "[SYS/TEMP] ";
        case ResponseCode::sys_perm: return "[SYS/PERM] ";
        case ResponseCode::utf8: return "[UTF8] ";
    }
    return "";
}

std::string line(std::string_view status, std::string_view code, std::string_view text) {
    std::string out;
    out.reserve(status.size() + code.size() + text.size() + 2);
    out.append(status).append(code).append(text);
    std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    if (out.size() > response_line_max_bytes - 2) out.resize(response_line_max_bytes - 2);
    return out += "\r\n";
}

}  // namespace

std::string ok(std::string_view text) { return line("+OK ", "", text); }
std::string err(std::string_view text) { return line("-ERR ", "", text); }
std::string err(ResponseCode code, std::string_view text) { return line("-ERR ", bracketed(code), text); }

std::string challenge(std::string_view bytes) { return "+ " + base64_encode(bytes) + "\r\n"; }

}  // namespace packetboat::pop3::wire
