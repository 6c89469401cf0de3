#include "pop3/client/client.h"

#include <utility>

#include "base/text.h"
#include "pop3/wire/client_command.h"

namespace packetboat::pop3 {

using wire::ReplyEvent;
using wire::ReplyMode;
using wire::ServerReply;

namespace {

constexpr std::size_t shown_max_bytes = 80;

}  // namespace

Client::Client(ClientPeer& peer, ClientOptions options)
    : peer_(peer), options_(std::move(options)), dialogue_(options_.dialogue_max_bytes) {}
Client::~Client() = default;

void Client::say(std::string_view line) {
    peer_.send(line);
    dialogue_.client(line);
}

std::chrono::milliseconds Client::time_for(Stage stage) const {
    const ClientTimeouts& timeouts = options_.timeouts;
    switch (stage) {
        case Stage::greeting: return timeouts.greeting;
        case Stage::login: return timeouts.login;
        case Stage::quit: return marked_ > 0 ? timeouts.update : timeouts.quit;
        default: return timeouts.command;
    }
}

ClientError Client::broken(Stage stage, Error error) {
    dialogue_.note(error.text);
    broken_ = our_own(stage, std::move(error));
    return *broken_;
}

ClientError Client::connection_lost(Stage stage) {
    const Error* why = peer_.failure();
    if (why && why->code == ErrorCode::timed_out)
        return broken(stage, {ErrorCode::timed_out, "the server did not take what we said (" + std::string(to_string(stage)) + ")"});
    std::string text = "the server closed the connection without a full answer to " + std::string(to_string(stage));
    if (stage == Stage::greeting) text = "the server closed the connection without a greeting";
    if (why) text += " (" + why->text + ")";
    return broken(stage, {ErrorCode::closed, std::move(text)});
}

ClientError Client::nonsense(Stage stage, std::string_view what) {
    return broken(stage, {ErrorCode::invalid, std::string(to_string(stage)) + " got an answer that makes no sense: \"" +
                                                  escape_control(what.substr(0, shown_max_bytes)) + "\""});
}

Task<ClientResult<ReplyEvent>> Client::read(Stage stage, ReplyMode mode) {
    if (broken_) co_return std::unexpected(*broken_);
    std::optional<ReplyEvent> event = co_await peer_.next(mode);
    if (!event) co_return std::unexpected(connection_lost(stage));
    if (const auto* bad = std::get_if<wire::BadReply>(&*event))
        co_return std::unexpected(broken(stage, {ErrorCode::invalid, std::string(to_string(stage)) + " got " + bad->why}));
    if (std::holds_alternative<TimedOut>(*event))
        co_return std::unexpected(
            broken(stage, {ErrorCode::timed_out, "the server did not answer to " + std::string(to_string(stage)) + " in time"}));
    if (std::holds_alternative<ShuttingDown>(*event)) co_return std::unexpected(broken(stage, {ErrorCode::unavailable, "we are stopping"}));
    co_return std::move(*event);
}

Task<ClientResult<ServerReply>> Client::answer(Stage stage) {
    if (!broken_) peer_.deadline(time_for(stage));
    ClientResult<ReplyEvent> event = co_await read(stage, ReplyMode::status);
    if (!event) co_return std::unexpected(std::move(event).error());
    ServerReply& reply = std::get<ServerReply>(*event);
    dialogue_.server(reply.line());
    co_return std::move(reply);
}

Task<ClientResult<ServerReply>> Client::ask(Stage stage, std::string_view line) {
    co_await expect_silence(stage);
    if (broken_) co_return std::unexpected(*broken_);
    say(line);
    co_return co_await answer(stage);
}

Task<ClientResult<ServerReply>> Client::demand(Stage stage, std::string_view line) {
    ClientResult<ServerReply> reply = co_await ask(stage, line);
    if (reply && !reply->positive) co_return std::unexpected(refusal(stage, std::move(*reply)));
    co_return reply;
}

Task<> Client::expect_silence(Stage stage) {
    if (broken_ || !peer_.has_input()) co_return;
    ClientResult<ServerReply> early = co_await answer(stage);
    if (broken_) co_return;
    if (early->positive) {
        broken(stage, {ErrorCode::invalid, "the server said what nobody asked for: \"" + early->line() + "\""});
        co_return;
    }
    // A server that stops, or has waited for too long, may say so before it closes.
    broken_ = refusal(Stage::greeting, std::move(*early));
}

Task<ClientResult<>> Client::greeting() {
    ClientResult<ServerReply> reply = co_await answer(Stage::greeting);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->positive) co_return ClientResult<>{};
    broken_ = refusal(Stage::greeting, std::move(*reply));
    co_return std::unexpected(*broken_);
}

// RFC 2449 §5
Task<ClientResult<>> Client::capa() {
    capabilities_ = {};
    ClientResult<ServerReply> reply = co_await ask(Stage::capa, wire::capa_line);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (!reply->positive && reply->code == wire::ResponseCode::none) co_return ClientResult<>{};
    if (!reply->positive) co_return std::unexpected(refusal(Stage::capa, std::move(*reply)));
    capabilities_.known = true;
    constexpr std::size_t lines_max = 500;
    const auto add = [this](std::string_view line) {
        capabilities_.add(line);
        return true;
    };
    co_return co_await read_lines(Stage::capa, lines_max, add);
}

// RFC 2595 §4
Task<ClientResult<>> Client::start_tls() {
    if (broken_) co_return std::unexpected(*broken_);
    if (peer_.info().tls()) co_return std::unexpected(our_own(Stage::stls, {ErrorCode::exists, "TLS is on already"}));
    if (logged_in_) co_return std::unexpected(our_own(Stage::stls, {ErrorCode::invalid, "STLS comes before the login"}));
    if (capabilities_.known && !capabilities_.stls)
        co_return std::unexpected(our_own(Stage::stls, {ErrorCode::denied, "the server does not offer STLS"}));
    const ClientResult<ServerReply> reply = co_await demand(Stage::stls, wire::stls_line);
    if (!reply) co_return std::unexpected(reply.error());
    // What the server said before is forgotten, also what it may have said behind its answer.
    capabilities_ = {};
    utf8_said_ = false;
    peer_.deadline(options_.timeouts.handshake);
    if (!co_await peer_.start_tls()) {
        const Error* why = peer_.failure();
        co_return std::unexpected(broken(Stage::stls, why ? *why : Error{ErrorCode::closed, "the TLS handshake failed"}));
    }
    dialogue_.note(peer_.info().tls_version + " with " + peer_.info().tls_cipher + " from here");
    co_return co_await capa();
}

Task<ClientResult<>> Client::rset() {
    const ClientResult<ServerReply> reply = co_await demand(Stage::rset, wire::rset_line);
    if (!reply) co_return std::unexpected(reply.error());
    marked_ = 0;
    co_return ClientResult<>{};
}

Task<ClientResult<>> Client::noop() {
    const ClientResult<ServerReply> reply = co_await demand(Stage::noop, wire::noop_line);
    if (!reply) co_return std::unexpected(reply.error());
    co_return ClientResult<>{};
}

// RFC 1939 §6: only from here does the server delete anything.
Task<ClientResult<>> Client::quit() {
    co_await expect_silence(Stage::quit);
    if (broken_) co_return std::unexpected(*broken_);
    const ClientResult<ServerReply> reply = co_await demand(Stage::quit, wire::quit_line);
    const bool refused = !broken_;
    // Whatever it answered, there is nothing more to say.
    if (refused) broken_ = our_own(Stage::quit, {ErrorCode::closed, "the conversation is over"});
    if (reply) co_return ClientResult<>{};
    ClientError error = reply.error();
    error.in_doubt = marked_ > 0 && !refused;
    co_return std::unexpected(std::move(error));
}

}  // namespace packetboat::pop3
