// The AUTHORIZATION state (RFC 1939 §4): who is there, under what protection, and the opening of the maildrop.
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "pop3/session/capabilities.h"
#include "pop3/session/session.h"
#include "pop3/wire/reply.h"

namespace packetboat::pop3 {

using wire::ResponseCode;

// RFC 1939 §7: the answer does not tell whether there is such a user.
Task<> Session::on(const wire::User& user) {
    if (!may_show_password()) co_return;
    user_ = user.name;
    peer_.send(wire::ok("now the password"));
}

Task<> Session::on(const wire::Pass& pass) {
    if (!may_show_password()) co_return;
    if (!user_) {
        refuse("USER first");
        co_return;
    }
    const std::string user = *std::exchange(user_, std::nullopt);
    Result<directory::Account> account = co_await directory_.check_password(client(), user, pass.password);
    if (!account) {
        login_refused(account.error());
        co_return;
    }
    co_await enter(std::move(*account), "USER");
}

// It would need every password in clear text (RFC 1939 §13); the banner offers no timestamp for it.
Task<> Session::on(const wire::Apop&) {
    refuse("APOP is not supported");
    co_return;
}

// RFC 5034 §4. Without a mechanism: the list that clients of RFC 1734's time ask for.
Task<> Session::on(const wire::Auth& auth) {
    const bool tls = peer_.info().tls();
    const bool plain_text = plain_text_allowed(options_, tls);
    if (auth.mechanism.empty()) {
        std::string list = wire::ok("mechanisms follow");
        for (const std::string_view mechanism : directory::sasl_mechanisms(tls, plain_text)) list.append(mechanism).append("\r\n");
        peer_.send(list.append(wire::multi_line_end));
        co_return;
    }
    const std::string mechanism = upper(auth.mechanism);
    directory::SaslContext context{client(), tls, [this](ChannelBinding kind) { return peer_.channel_binding(kind); }};
    const std::unique_ptr<directory::SaslServer> sasl = directory::make_sasl_server(mechanism, directory_, std::move(context), plain_text);
    if (!sasl) {
        if ((mechanism != "PLAIN" && mechanism != "LOGIN") || may_show_password()) refuse("no such mechanism here; CAPA lists them");
        co_return;
    }
    std::optional<std::string> response = auth.initial_response;
    for (;;) {
        directory::SaslStep step = co_await sasl->step(std::move(response));
        if (const Error* error = std::get_if<Error>(&step)) {
            login_refused(*error);
            co_return;
        }
        if (directory::SaslSuccess* success = std::get_if<directory::SaslSuccess>(&step)) {
            // POP3's +OK carries no data: it goes as a challenge, which the client answers with nothing (RFC 4422 §3.6).
            if (!success->data.empty() && !co_await ask(std::move(success->data))) co_return;
            co_await enter(std::move(success->account), mechanism);
            co_return;
        }
        response = co_await ask(std::move(std::get<directory::SaslChallenge>(step).data));
        if (!response) co_return;
    }
}

// RFC 2595 §4. Bytes that came with the command came unprotected, perhaps from somebody else: there is no going on with them.
Task<> Session::on(const wire::Stls&) {
    if (peer_.info().tls() || !options_.stls) {
        refuse(peer_.info().tls() ? "TLS is active already" : "TLS is not available here");
        co_return;
    }
    if (utf8_) {
        refuse("STLS comes before UTF8");  // RFC 6856 §2.1
        co_return;
    }
    if (peer_.has_input()) {
        peer_.send(wire::err("nothing may follow STLS before its answer"));
        end("input after STLS");
        co_return;
    }
    peer_.send(wire::ok("begin TLS negotiation"));
    if (!co_await peer_.start_tls()) {
        end("no TLS");
        co_return;
    }
    user_.reset();
}

// RFC 6856 §2.1. Messages are sent as they are in any case: who does not ask for UTF-8 and yet gets mail that needs it is better off with
// raw headers than with a message that is withheld or rewritten under a signature.
Task<> Session::on(const wire::Utf8&) {
    utf8_ = true;
    peer_.send(wire::ok("UTF8 enabled"));
    co_return;
}

// Whether a password may come over this connection; says so if not.
bool Session::may_show_password() {
    if (plain_text_allowed(options_, peer_.info().tls())) return true;
    login_failed(wire::err(ResponseCode::auth, options_.stls ? "no password without TLS: give STLS first" : "no password without TLS"));
    return false;
}

directory::Client Session::client() const { return {peer_.info().remote.address, "pop3", peer_.info().session_id}; }

// One challenge and its response. nullopt: cancelled or broken off, and the client has had its answer.
Task<std::optional<std::string>> Session::ask(std::string challenge) {
    peer_.send(wire::challenge(challenge));
    const std::optional<wire::Event> event = co_await peer_.next(wire::Mode::auth);
    if (!event) {
        end("client gone");
        co_return std::nullopt;
    }
    const wire::Line* line = std::get_if<wire::Line>(&*event);
    if (!line) {
        co_await std::visit([this](const auto& what) { return handle(what); }, *event);
        co_return std::nullopt;
    }
    if (line->text == "*") {
        login_failed(wire::err("cancelled"));
        co_return std::nullopt;
    }
    std::optional<std::string> response = base64_decode(line->text);
    if (!response) login_failed(wire::err("that is not base64"));
    co_return response;
}

// RFC 1939 §4: logged in is who has the maildrop, too.
Task<> Session::enter(directory::Account account, std::string_view mechanism) {
    Result<Maildrop> maildrop = co_await Maildrop::open(mail_, directory::account_partition(account.id), options_.limits);
    if (!maildrop) {
        const bool in_use = maildrop.error().code == ErrorCode::conflict;
        log_warning("pop3.maildrop_refused", peer_.info().session_id,
                    {{"account", account.address.text()}, {"error", maildrop.error().text}});
        login_failed(in_use ? wire::err(ResponseCode::in_use, maildrop.error().text)
                            : wire::err(ResponseCode::sys_temp, "the maildrop cannot be opened now"));
        co_return;
    }
    account_ = account.address.text();
    maildrop_ = std::move(*maildrop);
    log_info("pop3.login", peer_.info().session_id,
             {{"account", account_}, {"mechanism", mechanism}, {"tls", peer_.info().tls()}, {"messages", maildrop_->count()}});
    peer_.send(wire::ok(std::to_string(maildrop_->count()) + " messages (" + std::to_string(maildrop_->octets()) + " octets)"));
}

void Session::login_refused(const Error& error) {
    switch (error.code) {
        case ErrorCode::denied: login_failed(wire::err(ResponseCode::auth, "wrong user name or password")); break;
        case ErrorCode::invalid: login_failed(wire::err("malformed exchange")); break;
        case ErrorCode::too_many: login_failed(wire::err(ResponseCode::sys_temp, "too many failed logins; try again later")); break;
        default: login_failed(wire::err(ResponseCode::sys_temp, "logins cannot be checked now; try again later")); break;
    }
}

void Session::login_failed(std::string line) {
    peer_.send(line);
    if (++auth_attempts_ >= options_.limits.auth_attempts_max) end("too many login attempts");
}

}  // namespace packetboat::pop3
