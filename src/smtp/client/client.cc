#include "smtp/client/client.h"

#include <cassert>
#include <utility>

#include "base/text.h"
#include "smtp/wire/client_command.h"

namespace packetboat::smtp {

using wire::ServerReply;

namespace {

constexpr wire::EnhancedStatus no_answer{4, 4, 1};       // RFC 3463 §3.5: no answer from host
constexpr wire::EnhancedStatus bad_connection{4, 4, 2};  // RFC 3463 §3.5
constexpr wire::EnhancedStatus bad_protocol{4, 5, 0};    // RFC 3463 §3.6: other or undefined protocol status
constexpr wire::EnhancedStatus not_accepting{4, 3, 2};   // RFC 3463 §3.4: system not accepting network messages
constexpr wire::EnhancedStatus bad_argument{5, 5, 4};    // RFC 3463 §3.6: invalid command arguments
constexpr wire::EnhancedStatus tls_failed{4, 7, 5};      // RFC 3463 §3.8: cryptographic failure
constexpr wire::EnhancedStatus tls_needed{4, 7, 10};     // RFC 7817: encryption needed; later it may be offered

}  // namespace

Client::Client(ClientPeer& peer, ClientOptions options)
    : peer_(peer), options_(std::move(options)), dialogue_(options_.dialogue_max_bytes) {}
Client::~Client() = default;

bool Client::usable() const {
    return !broken_ && greeted_ && (!capabilities_.limits.mail_max || transactions_ < *capabilities_.limits.mail_max);
}

void Client::say(std::string_view line) {
    peer_.send(line);
    dialogue_.client(line);
}

std::chrono::milliseconds Client::time_for(Stage stage) const {
    const ClientTimeouts& timeouts = options_.timeouts;
    switch (stage) {
        case Stage::greeting: return timeouts.greeting;
        case Stage::hello:
        case Stage::starttls: return timeouts.hello;
        case Stage::auth: return timeouts.auth;
        case Stage::mail: return timeouts.mail;
        case Stage::rcpt: return timeouts.rcpt;
        case Stage::data: return timeouts.data;
        case Stage::message: return timeouts.end;
        case Stage::rset: return timeouts.rset;
        case Stage::quit: return timeouts.quit;
    }
    return timeouts.quit;
}

ClientError Client::broken(Stage stage, wire::EnhancedStatus status, Error error) {
    dialogue_.note(error.text);
    broken_ = our_own(stage, status, std::move(error));
    return *broken_;
}

ClientError Client::connection_lost(Stage stage) {
    const Error* why = peer_.failure();
    if (why && why->code == ErrorCode::timed_out)
        return broken(stage, bad_connection,
                      {ErrorCode::timed_out, "the server did not take what we said (" + std::string(to_string(stage)) + ")"});
    std::string text = "the server closed the connection without an answer to " + std::string(to_string(stage));
    if (stage == Stage::greeting) text = "the server closed the connection without a greeting";
    if (why) text += " (" + why->text + ")";
    return broken(stage, bad_connection, {ErrorCode::closed, std::move(text)});
}

void Client::note_answer(const ServerReply& reply) {
    const std::string code = std::to_string(reply.code);
    if (hide_answers_ && reply.intermediate()) return dialogue_.server(code + " ********");
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        const std::string status = reply.enhanced ? reply.enhanced->text() + " " : std::string();
        dialogue_.server(code + (i + 1 < reply.lines.size() ? "-" : " ") + status + reply.lines[i]);
    }
}

Task<ClientResult<ServerReply>> Client::read(Stage stage) {
    if (broken_) co_return std::unexpected(*broken_);
    peer_.deadline(time_for(stage));
    std::optional<wire::ReplyEvent> event = co_await peer_.next(wire::ReplyMode::reply);
    if (!event) co_return std::unexpected(connection_lost(stage));
    if (const auto* bad = std::get_if<wire::BadReply>(&*event))
        co_return std::unexpected(broken(stage, bad_protocol, {ErrorCode::invalid, std::string(to_string(stage)) + " got " + bad->why}));
    if (std::holds_alternative<TimedOut>(*event)) {
        const bool first = stage == Stage::greeting;
        co_return std::unexpected(
            broken(stage, first ? no_answer : bad_connection,
                   {ErrorCode::timed_out, "the server did not answer to " + std::string(to_string(stage)) + " in time"}));
    }
    if (std::holds_alternative<ShuttingDown>(*event))
        co_return std::unexpected(broken(stage, not_accepting, {ErrorCode::unavailable, "we are stopping"}));
    ServerReply& reply = std::get<ServerReply>(*event);
    note_answer(reply);
    if (reply.closing()) broken_ = refusal(stage, reply);
    co_return std::move(reply);
}

Task<ClientResult<ServerReply>> Client::ask(Stage stage, std::string_view line) {
    co_await expect_silence(stage);
    if (broken_) co_return std::unexpected(*broken_);
    say(line);
    co_return co_await read(stage);
}

Task<> Client::expect_silence(Stage stage) {
    if (broken_ || !peer_.has_input()) co_return;
    const ClientResult<ServerReply> early = co_await read(stage);
    // 421 may come at any time.
    if (!broken_) broken(stage, bad_protocol, {ErrorCode::invalid, "the server said what nobody asked for: \"" + early->text() + "\""});
}

Task<ClientResult<>> Client::greeting() {
    ClientResult<ServerReply> reply = co_await read(Stage::greeting);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    const std::string_view text = reply->lines.front();
    server_name_ = text.substr(0, text.find(' '));
    if (!reply->positive()) co_return std::unexpected(refusal(Stage::greeting, std::move(*reply)));
    co_return ClientResult<>{};
}

Task<ClientResult<>> Client::hello() {
    greeted_ = false;
    capabilities_ = {};
    const bool lmtp = options_.protocol == ClientProtocol::lmtp;
    const Result<std::string> line = lmtp ? wire::lhlo_line(options_.name) : wire::ehlo_line(options_.name);
    if (!line) co_return std::unexpected(our_own(Stage::hello, bad_argument, line.error()));
    ClientResult<ServerReply> reply = co_await ask(Stage::hello, *line);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->positive()) {
        capabilities_ = wire::parse_capabilities(*reply);
    } else if (reply->permanent() && !lmtp) {
        // RFC 5321 §3.2: a server that does not know EHLO.
        reply = co_await ask(Stage::hello, *wire::helo_line(options_.name));
        if (!reply) co_return std::unexpected(std::move(reply).error());
    }
    if (!reply->positive()) co_return std::unexpected(refusal(Stage::hello, std::move(*reply)));
    greeted_ = true;
    co_return ClientResult<>{};
}

// RFC 3207 §4
Task<ClientResult<>> Client::start_tls() {
    if (broken_) co_return std::unexpected(*broken_);
    if (peer_.info().tls()) co_return std::unexpected(our_own(Stage::starttls, bad_argument, {ErrorCode::exists, "TLS is on already"}));
    if (!capabilities_.starttls)
        co_return std::unexpected(our_own(Stage::starttls, tls_needed, {ErrorCode::denied, "the server does not offer STARTTLS"}));
    ClientResult<ServerReply> reply = co_await ask(Stage::starttls, wire::starttls_line);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (!reply->positive()) co_return std::unexpected(refusal(Stage::starttls, std::move(*reply)));
    greeted_ = false;
    // §4.2: what the server said before is forgotten, also what it may have said behind its answer.
    capabilities_ = {};
    peer_.deadline(options_.timeouts.handshake);
    if (!co_await peer_.start_tls()) {
        const Error* why = peer_.failure();
        co_return std::unexpected(broken(Stage::starttls, tls_failed, why ? *why : Error{ErrorCode::closed, "the TLS handshake failed"}));
    }
    dialogue_.note(peer_.info().tls_version + " with " + peer_.info().tls_cipher + " from here");
    co_return co_await hello();
}

Task<ClientResult<>> Client::rset() {
    ClientResult<ServerReply> reply = co_await ask(Stage::rset, wire::rset_line);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (!reply->positive()) co_return std::unexpected(refusal(Stage::rset, std::move(*reply)));
    rset_due_ = false;
    co_return ClientResult<>{};
}

Task<> Client::quit() {
    const ClientResult<ServerReply> ignored = co_await ask(Stage::quit, wire::quit_line);
    // Whatever it answered, there is nothing more to say.
    if (!broken_) broken_ = our_own(Stage::quit, bad_connection, {ErrorCode::closed, "the conversation is over"});
}

}  // namespace packetboat::smtp
