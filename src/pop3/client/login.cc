#include <utility>

#include "base/text.h"
#include "pop3/client/client.h"
#include "pop3/wire/client_command.h"
#include "sasl/client.h"

// Who we are: AUTH (RFC 5034), USER and PASS (RFC 1939 §7). APOP is left alone, whatever timestamp the greeting has: its MD5 is no proof
// any more, and would need no TLS to be asked for.
namespace packetboat::pop3 {

using wire::ReplyEvent;
using wire::ServerReply;

namespace {

constexpr int rounds_max = 8;
constexpr std::string_view hidden = "********";
constexpr std::string_view mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "USER"};  // strongest first

sasl::ChannelBindings bindings_of(const ClientPeer& peer) {
    if (!peer.info().tls()) return {};
    return [&peer](ChannelBinding kind) { return peer.channel_binding(kind); };
}

}  // namespace

std::vector<std::string_view> Client::mechanisms_for(const LoginCredentials& credentials) const {
    const bool secret = peer_.info().tls() || options_.plain_text_login_without_tls;
    std::vector<std::string_view> out;
    for (const std::string_view one : mechanisms) {
        // A server without CAPA is of a time when there was nothing else than USER.
        const bool offered = one == "USER" ? capabilities_.user || !capabilities_.known : capabilities_.offers_sasl(one);
        if (!offered || (!credentials.mechanism.empty() && !iequals(credentials.mechanism, one))) continue;
        if (one == "SCRAM-SHA-256-PLUS" && !sasl::has_channel_binding(bindings_of(peer_))) continue;
        if ((one == "PLAIN" || one == "USER") && !secret) continue;
        if (one == "USER" && !credentials.authorize_as.empty()) continue;
        out.push_back(one);
    }
    return out;
}

ClientError Client::no_mechanism(const LoginCredentials& credentials) const {
    std::string offered = capabilities_.user || !capabilities_.known ? " USER" : "";
    for (const std::string& one : capabilities_.sasl) offered += " " + one;
    std::string why = "there is no way to log in that is safe here";
    if (!credentials.mechanism.empty()) why = "there is no way to log in by " + escape_control(credentials.mechanism) + " here";
    why += offered.empty() ? ": the server offers none" : ": the server offers" + offered;
    if (!peer_.info().tls()) why += ", and the connection is not encrypted";
    return our_own(Stage::login, {ErrorCode::denied, std::move(why)});
}

Task<ClientResult<>> Client::login(const LoginCredentials& credentials) {
    if (broken_) co_return std::unexpected(*broken_);
    if (logged_in_) co_return std::unexpected(our_own(Stage::login, {ErrorCode::exists, "somebody is logged in already"}));
    const std::vector<std::string_view> ways = mechanisms_for(credentials);
    if (ways.empty()) co_return std::unexpected(no_mechanism(credentials));
    // RFC 6856 §2.1. Who refuses it sends messages as he likes, which is what we can read anyway.
    if (options_.utf8 && capabilities_.utf8 && !utf8_said_) {
        const ClientResult<ServerReply> reply = co_await ask(Stage::login, wire::utf8_line);
        if (!reply) co_return std::unexpected(reply.error());
        utf8_said_ = true;
    }
    ClientResult<> result;
    for (const std::string_view way : ways) {
        bool other_helps = false;
        result = way == "USER" ? co_await login_by_user(credentials) : co_await login_by_sasl(way, credentials, other_helps);
        if (result) logged_in_ = true;
        if (result || !other_helps) break;
    }
    co_return result;
}

Task<ClientResult<>> Client::login_by_user(const LoginCredentials& credentials) {
    const Result<std::string> user = wire::user_line(credentials.user);
    if (!user) co_return std::unexpected(our_own(Stage::login, user.error()));
    const Result<std::string> pass = wire::pass_line(credentials.password);
    if (!pass) co_return std::unexpected(our_own(Stage::login, pass.error()));
    const ClientResult<ServerReply> known = co_await demand(Stage::login, *user);
    if (!known) co_return std::unexpected(known.error());
    co_await expect_silence(Stage::login);
    if (broken_) co_return std::unexpected(*broken_);
    peer_.send(*pass);
    dialogue_.client("PASS " + std::string(hidden));
    ClientResult<ServerReply> reply = co_await answer(Stage::login);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (!reply->positive) co_return std::unexpected(refusal(Stage::login, std::move(*reply)));
    co_return ClientResult<>{};
}

// PLAIN waits to be asked although RFC 5034 §4 lets it speak at once: older servers know no initial response, and a server that refuses
// the mechanism has then not seen the password. `other_helps`: it refused before it knew anything that could be wrong.
Task<ClientResult<>> Client::login_by_sasl(std::string_view mechanism, const LoginCredentials& credentials, bool& other_helps) {
    const std::unique_ptr<sasl::Client> sasl =
        sasl::make_client(mechanism, {.user = credentials.user,
                                      .password = credentials.password,
                                      .authorize_as = credentials.authorize_as,
                                      .channel_bindings = bindings_of(peer_),
                                      .plus_offered = capabilities_.offers_sasl("SCRAM-SHA-256-PLUS"),
                                      .scram = options_.scram,
                                      .hashing = options_.hashing});
    std::optional<std::string> initial = sasl->initial();
    Result<std::string> line = wire::auth_line(mechanism, initial);
    const bool with_initial = mechanism != "PLAIN" && line.has_value();
    if (!with_initial) line = wire::auth_line(mechanism, std::nullopt);
    if (with_initial) initial.reset();
    for (int round = 0; round < rounds_max; ++round) {
        if (!line) co_return co_await cancel_login(line.error());
        co_await expect_silence(Stage::login);
        if (broken_) co_return std::unexpected(*broken_);
        peer_.send(*line);
        dialogue_.client(round > 0 ? std::string(hidden)
                                   : "AUTH " + std::string(mechanism) + (with_initial ? " " + std::string(hidden) : ""));
        ClientResult<ReplyEvent> event = co_await sasl_answer();
        if (!event) co_return std::unexpected(std::move(event).error());
        if (ServerReply* reply = std::get_if<ServerReply>(&*event)) {
            if (!reply->positive) {
                other_helps = round == 0 && reply->code == wire::ResponseCode::none;
                co_return std::unexpected(refusal(Stage::login, std::move(*reply)));
            }
            const Result<> finished = sasl->finish();
            // Whoever it is that let us in, it is not the one whose mail we want.
            if (!finished) co_return std::unexpected(broken(Stage::login, finished.error()));
            co_return ClientResult<>{};
        }
        if (initial) {
            line = wire::auth_answer_line(*std::exchange(initial, std::nullopt));
            continue;
        }
        std::optional<std::string> challenge = base64_decode(std::get<wire::Continuation>(*event).text);
        if (!challenge) co_return co_await cancel_login({ErrorCode::invalid, "the server's challenge is not base64"});
        Result<std::string> response = co_await sasl->answer(std::move(*challenge));
        if (!response) co_return co_await cancel_login(response.error());
        line = wire::auth_answer_line(*response);
    }
    co_return co_await cancel_login({ErrorCode::invalid, "the server asks for ever"});
}

// ServerReply or Continuation.
Task<ClientResult<ReplyEvent>> Client::sasl_answer() {
    peer_.deadline(time_for(Stage::login));
    ClientResult<ReplyEvent> event = co_await read(Stage::login, wire::ReplyMode::sasl);
    if (event) {
        const ServerReply* reply = std::get_if<ServerReply>(&*event);
        dialogue_.server(reply ? reply->line() : "+ " + std::string(hidden));
    }
    co_return event;
}

// RFC 5034 §4: "*" and the server answers -ERR. Who lets us in all the same has not understood, and is not understood.
Task<ClientResult<>> Client::cancel_login(Error why) {
    const ClientResult<ServerReply> reply = co_await ask(Stage::login, wire::auth_cancel_line);
    if (!reply) co_return std::unexpected(reply.error());
    if (reply->positive) co_return std::unexpected(broken(Stage::login, std::move(why)));
    co_return std::unexpected(our_own(Stage::login, std::move(why)));
}

}  // namespace packetboat::pop3
