#include <algorithm>

#include "base/log.h"
#include "smtp/session/session.h"
#include "smtp/wire/date_time.h"

// Banner, HELO, EHLO, LHLO and STARTTLS.
namespace packetboat::smtp {

using wire::Reply;

std::string Session::banner() const {
    const std::string_view protocol = options_.role == Role::lmtp ? " LMTP " : " ESMTP ";
    return Reply{.code = 220, .enhanced = {}, .text = options_.hostname + std::string(protocol) + options_.product}.bytes();
}

bool Session::plain_text_allowed() const { return info().tls() || options_.plain_text_auth_without_tls; }

bool Session::offers_auth() const { return options_.role == Role::submission && (plain_text_allowed() || !options_.require_tls_for_auth); }

bool Session::offers_future_release() const { return options_.role == Role::submission && options_.limits.future_release_max.count() > 0; }

// What EHLO and LHLO announce, each on its line.
std::string Session::extensions() const {
    std::string out = "PIPELINING\nSIZE " + std::to_string(options_.limits.message_max_bytes) +  // RFC 2920, RFC 1870
                      "\n8BITMIME\nBINARYMIME\nCHUNKING"                                         // RFC 6152, RFC 3030
                      "\nSMTPUTF8\nENHANCEDSTATUSCODES";                                         // RFC 6531, RFC 2034
    if (options_.starttls && !info().tls()) out += "\nSTARTTLS";                                 // RFC 3207
    if (offers_auth()) {                                                                         // RFC 4954
        out += "\nAUTH";
        for (const std::string_view mechanism : directory::sasl_mechanisms(info().tls(), plain_text_allowed()))
            out.append(" ").append(mechanism);
    }
    if (info().tls()) out += "\nREQUIRETLS";  // RFC 8689 §2
    if (offers_future_release()) {            // RFC 4865 §3
        const std::chrono::seconds most = options_.limits.future_release_max;
        const Time now = Time::now();
        out += "\nFUTURERELEASE " + std::to_string(most.count()) + " " + wire::format_date_time(Time{now.seconds() * 1'000'000} + most);
    }
    out += "\nDSN";                                                                  // RFC 3461
    out += "\nLIMITS MAILMAX=" + std::to_string(options_.limits.transactions_max) +  // RFC 9422
           " RCPTMAX=" + std::to_string(std::min(options_.limits.recipients_max, options_.limits.places_max));
    return out + "\nHELP";
}

// RFC 5321 §4.1.4: a greeting, the first or another, begins anew. Who has logged in stays so.
void Session::greeted(std::string_view name, bool extended) {
    client_name_ = name;
    extended_ = extended;
    transaction_.reset();
}

Task<Reply> Session::on(const wire::Helo& helo) {
    greeted(helo.domain, false);
    co_return Reply{.code = 250, .enhanced = {}, .text = options_.hostname};
}

Task<Reply> Session::on(const wire::Ehlo& ehlo) {
    greeted(ehlo.domain, true);
    co_return Reply{.code = 250, .enhanced = {}, .text = options_.hostname + " greets " + ehlo.domain + "\n" + extensions()};
}

Task<Reply> Session::on(const wire::Lhlo& lhlo) {
    greeted(lhlo.domain, true);
    co_return Reply{.code = 250, .enhanced = {}, .text = options_.hostname + " greets " + lhlo.domain + "\n" + extensions()};
}

// RFC 3207 §4. Nothing that was said before counts after it (§4.2).
Task<Reply> Session::on(const wire::StartTls&) {
    if (info().tls()) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "TLS is active already"};
    if (!options_.starttls) co_return Reply{.code = 502, .enhanced = "5.5.1", .text = "STARTTLS is not offered here"};
    peer_.send(Reply{.code = 220, .enhanced = "2.0.0", .text = "Ready to start TLS"}.bytes());
    const bool secured = co_await peer_.start_tls();
    client_name_.clear();
    extended_ = false;
    account_.reset();
    transaction_.reset();
    if (!secured) {
        log_info("smtp.tls_failed", id(), {{"remote", info().remote.text()}});
        done_ = true;
    }
    co_return Reply{};
}

}  // namespace packetboat::smtp
