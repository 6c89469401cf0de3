#include "pop3/session/capabilities.h"

#include <string_view>
#include <vector>

#include "directory/sasl.h"

namespace packetboat::pop3 {

bool plain_text_allowed(const Options& options, bool tls) { return tls || options.plain_text_login_without_tls; }

std::string capabilities(const Options& options, bool tls, wire::State state) {
    const bool plain_text = plain_text_allowed(options, tls);
    const bool logged_in = state == wire::State::transaction;
    std::string out;
    if (plain_text) out += "USER\r\n";
    if (const std::vector<std::string_view> mechanisms = directory::sasl_mechanisms(tls, plain_text); !mechanisms.empty()) {
        out += "SASL";
        for (const std::string_view mechanism : mechanisms) out.append(" ").append(mechanism);
        out += "\r\n";
    }
    if (options.stls && !tls && !logged_in) out += "STLS\r\n";
    out +=
        "TOP\r\n"
        "UIDL\r\n"
        "RESP-CODES\r\n"
        "AUTH-RESP-CODE\r\n"
        "PIPELINING\r\n"
        "EXPIRE NEVER\r\n"
        "UTF8\r\n"
        "LANG\r\n";
    if (logged_in) out += "IMPLEMENTATION " + options.implementation + "\r\n";
    return out;
}

}  // namespace packetboat::pop3
