#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sasl/client.h"
#include "smtp/client/client.h"
#include "smtp/wire/client_command.h"

// AUTH (RFC 4954).
namespace packetboat::smtp {

using wire::ServerReply;

namespace {

constexpr wire::EnhancedStatus no_mechanism{5, 7, 4};  // RFC 3463 §3.8: security features not supported
constexpr wire::EnhancedStatus login_failed{5, 7, 8};  // RFC 4954 §6: authentication credentials invalid
constexpr wire::EnhancedStatus for_now{4, 7, 0};       // RFC 3463 §3.8
constexpr std::size_t initial_line_max_bytes = 512;    // RFC 4954 §4: a longer initial response is given when it is asked for
constexpr int rounds_max = 8;
constexpr std::string_view hidden = "********";

constexpr std::uint16_t mechanism_refused[] = {504, 534};  // RFC 4954 §4, §6

sasl::ChannelBindings bindings_of(const ClientPeer& peer) {
    if (!peer.info().tls()) return {};
    return [&peer](ChannelBinding kind) { return peer.channel_binding(kind); };
}

}  // namespace

std::vector<std::string_view> Client::mechanisms_for(const LoginCredentials& credentials) const {
    const bool secret = peer_.info().tls() || options_.plain_text_auth_without_tls;
    std::vector<std::string_view> out;
    for (const std::string_view one : sasl::mechanisms) {
        if (!capabilities_.offers_auth(one) || (!credentials.mechanism.empty() && !iequals(credentials.mechanism, one))) continue;
        if (one == "SCRAM-SHA-256-PLUS" && !sasl::has_channel_binding(bindings_of(peer_))) continue;
        if ((one == "PLAIN" || one == "LOGIN") && !secret) continue;
        if (one == "LOGIN" && !credentials.authorize_as.empty()) continue;
        out.push_back(one);
    }
    return out;
}

Task<ClientResult<>> Client::login(const LoginCredentials& credentials) {
    if (broken_) co_return std::unexpected(*broken_);
    const std::vector<std::string_view> mechanisms = mechanisms_for(credentials);
    if (mechanisms.empty()) {
        std::string offered;
        for (const std::string& one : capabilities_.auth) offered += " " + one;
        std::string why = "there is no way to log in that is safe here";
        if (!credentials.mechanism.empty()) why = "there is no way to log in by " + escape_control(credentials.mechanism) + " here";
        why += offered.empty() ? ": the server offers none" : ": the server offers" + offered;
        if (!peer_.info().tls()) why += ", and the connection is not encrypted";
        co_return std::unexpected(our_own(Stage::auth, no_mechanism, {ErrorCode::denied, std::move(why)}));
    }
    ClientResult<> result;
    for (const std::string_view mechanism : mechanisms) {
        result = co_await login_by(mechanism, credentials);
        const bool other_helps = !result && result.error().reply && std::ranges::count(mechanism_refused, result.error().reply->code) > 0;
        if (!other_helps) break;
    }
    co_return result;
}

Task<ClientResult<>> Client::login_by(std::string_view mechanism, const LoginCredentials& credentials) {
    const std::unique_ptr<sasl::Client> exchange =
        sasl::make_client(mechanism, {.user = credentials.user,
                                      .password = credentials.password,
                                      .authorize_as = credentials.authorize_as,
                                      .channel_bindings = bindings_of(peer_),
                                      .plus_offered = capabilities_.offers_auth("SCRAM-SHA-256-PLUS"),
                                      .scram = options_.scram,
                                      .hashing = options_.hashing});
    std::optional<std::string> initial = exchange->initial();
    Result<std::string> line = wire::auth_line(mechanism, initial);
    const bool with_initial = initial && line && line->size() <= initial_line_max_bytes;
    if (!with_initial) line = wire::auth_line(mechanism, std::nullopt);
    if (with_initial) initial.reset();
    for (int round = 0; round < rounds_max; ++round) {
        if (!line) co_return co_await cancel_login(line.error());
        peer_.send(*line);
        dialogue_.client(round > 0 ? std::string(hidden)
                                   : "AUTH " + std::string(mechanism) + (with_initial ? " " + std::string(hidden) : ""));
        hide_answers_ = true;
        ClientResult<ServerReply> reply = co_await read(Stage::auth);
        hide_answers_ = false;
        if (!reply) co_return std::unexpected(std::move(reply).error());
        if (reply->positive()) {
            const Result<> finished = exchange->finish();
            // Whoever it is that let us in, it is not the one with whom mail is to be left.
            if (!finished) co_return std::unexpected(broken(Stage::auth, login_failed, finished.error()));
            co_return ClientResult<>{};
        }
        if (!reply->intermediate()) co_return std::unexpected(refusal(Stage::auth, std::move(*reply)));
        if (initial) {
            line = wire::auth_answer_line(*std::exchange(initial, std::nullopt));
            continue;
        }
        std::optional<std::string> challenge = base64_decode(reply->lines.front());
        if (!challenge) co_return co_await cancel_login({ErrorCode::invalid, "the server's challenge is not base64"});
        Result<std::string> answer = co_await exchange->answer(std::move(*challenge));
        if (!answer) co_return co_await cancel_login(answer.error());
        line = wire::auth_answer_line(*answer);
    }
    co_return co_await cancel_login({ErrorCode::invalid, "the server asks for ever"});
}

// RFC 4954 §4: "*" and the server answers 501.
Task<ClientResult<>> Client::cancel_login(Error why) {
    const ClientResult<ServerReply> reply = co_await ask(Stage::auth, wire::auth_cancel_line);
    if (!reply) co_return std::unexpected(reply.error());
    const wire::EnhancedStatus status = why.code == ErrorCode::denied ? login_failed : for_now;
    co_return std::unexpected(our_own(Stage::auth, status, std::move(why)));
}

}  // namespace packetboat::smtp
