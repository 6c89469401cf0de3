#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "smtp/session/replies.h"
#include "smtp/session/session.h"

// AUTH (RFC 4954).
namespace packetboat::smtp {

using wire::Reply;

Task<Reply> Session::on(const wire::Auth& auth) {
    if (options_.role != Role::submission) co_return Reply{.code = 502, .enhanced = "5.5.1", .text = "AUTH is not offered here"};
    if (account_) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "Already authenticated"};
    if (transaction_) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "No AUTH during a mail transaction"};
    const Reply needs_tls{.code = 538, .enhanced = "5.7.11", .text = "Encryption required for requested authentication mechanism"};
    if (!offers_auth()) co_return needs_tls;
    directory::SaslContext context{
        .client = {.address = info().remote.address, .protocol = "smtp", .session_id = id()},
        .tls = info().tls(),
        .channel_binding = [this](ChannelBinding kind) { return peer_.channel_binding(kind); },
    };
    const std::unique_ptr<directory::SaslServer> server =
        directory::make_sasl_server(auth.mechanism, services_.directory, std::move(context), plain_text_allowed());
    if (!server) {
        const std::vector<std::string_view> with_tls = directory::sasl_mechanisms(true, true);
        if (std::ranges::find(with_tls, auth.mechanism) != with_tls.end()) co_return needs_tls;
        co_return Reply{.code = 504, .enhanced = "5.5.4", .text = "Unrecognized authentication type"};
    }
    std::optional<std::string> response;
    if (auth.initial_response) {
        response = *auth.initial_response == "=" ? "" : base64_decode(*auth.initial_response);
        if (!response) co_return Reply{.code = 501, .enhanced = "5.5.2", .text = "Cannot decode base64"};
    }
    co_return co_await exchange(*server, auth.mechanism, std::move(response));
}

Task<Reply> Session::exchange(directory::SaslServer& server, std::string_view mechanism, std::optional<std::string> response) {
    for (;;) {
        directory::SaslStep step = co_await server.step(std::move(response));
        if (const auto* error = std::get_if<Error>(&step)) co_return login_failed(*error, mechanism);
        if (auto* success = std::get_if<directory::SaslSuccess>(&step)) {
            // 235 carries no data, so it goes as a challenge of its own, to which the answer is empty (RFC 4422 §5, RFC 4954 §4).
            if (!success->data.empty()) {
                const std::expected<std::string, Reply> answer = co_await challenge(success->data);
                if (!answer) co_return answer.error();
                if (!answer->empty())
                    co_return login_failed({.code = ErrorCode::invalid, .text = "an answer to the last message"}, mechanism);
            }
            co_return logged_in(std::move(success->account), mechanism);
        }
        std::expected<std::string, Reply> answer = co_await challenge(std::get<directory::SaslChallenge>(step).data);
        if (!answer) co_return std::move(answer).error();
        response = std::move(*answer);
    }
}

Task<std::expected<std::string, Reply>> Session::challenge(std::string_view data) {
    // Longer than a reply line may be otherwise: RFC 4954 §4 has 12,288 octets.
    peer_.send("334 " + base64_encode(data) + "\r\n");
    const std::optional<wire::Event> event = co_await peer_.next(wire::auth_mode);
    const auto* line = event ? std::get_if<wire::Line>(&*event) : nullptr;
    if (line == nullptr) {
        const auto* mistake = event ? std::get_if<Reply>(&*event) : nullptr;
        co_return std::unexpected(mistake != nullptr ? *mistake : interrupted(event));
    }
    if (line->text == "*") co_return std::unexpected(Reply{.code = 501, .enhanced = "5.0.0", .text = "Authentication cancelled"});
    std::optional<std::string> answer = base64_decode(line->text);
    if (!answer) co_return std::unexpected(Reply{.code = 501, .enhanced = "5.5.2", .text = "Cannot decode base64"});
    co_return std::move(*answer);
}

Reply Session::logged_in(directory::Account account, std::string_view mechanism) {
    log_info("smtp.login", id(),
             {{"account", account.address.text()}, {"mechanism", mechanism}, {"remote", info().remote.text()}, {"tls", info().tls()}});
    account_ = std::move(account);
    return {.code = 235, .enhanced = "2.7.0", .text = "Authentication successful"};
}

Reply Session::login_failed(const Error& error, std::string_view mechanism) {
    log_info("smtp.login_failed", id(), {{"mechanism", mechanism}, {"remote", info().remote.text()}, {"error", error.text}});
    if (++failed_logins_ >= options_.limits.auth_attempts_max) return goodbye("4.7.0", "Too many failed logins");
    return login_refused(error);
}

}  // namespace packetboat::smtp
