#include "agent/connection.h"

#include <algorithm>
#include <utility>

#include "net/connect.h"
#include "net/resolve.h"

namespace packetboat::agent {

namespace {

using namespace std::chrono_literals;
using smtp::Stage;

constexpr std::chrono::hours session_timeout = 24h;     // a message may be large, and the line slow; a stage is what takes too long
constexpr std::uint16_t over_limit_code = 552;          // RFC 5321 §4.2.2: exceeded storage allocation
constexpr smtp::wire::EnhancedStatus too_big{5, 3, 4};  // RFC 3463 §3.4

bool wants_login(const smtp::wire::ServerReply& reply) {
    return reply.code == 530 || reply.code == 534 || reply.code == 535 || reply.code == 538;  // RFC 4954 §6
}

Outcome outcome_of_reply(Stage stage, const smtp::wire::ServerReply& reply) {
    if (!reply.permanent()) return Outcome::deferred;
    if (stage == Stage::auth || wants_login(reply)) return Outcome::denied;
    if (reply.code == over_limit_code || reply.enhanced == too_big) return Outcome::over_limit;
    return Outcome::refused;
}

smtp::ClientTimeouts timeouts(std::chrono::milliseconds each) {
    smtp::ClientTimeouts out;
    for (std::chrono::milliseconds* one :
         {&out.greeting, &out.hello, &out.handshake, &out.auth, &out.mail, &out.rcpt, &out.data, &out.block, &out.rset})
        *one = each;
    // RFC 5321 §4.5.3.2.6: who gives up while the server works on a message may send it twice.
    out.end = std::max<std::chrono::milliseconds>(each, std::min<std::chrono::milliseconds>(10 * each, 600s));
    return out;
}

Trouble trouble_of(const Error& error) { return {.outcome = outcome_of(error), .text = error.text, .status = {4, 4, 1}}; }

}  // namespace

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::done: return "accepted";
        case Outcome::partly_done: return "partly accepted";
        case Outcome::failed: return "failed";
        case Outcome::usage: return "invalid";
        case Outcome::not_found: return "not found";
        case Outcome::denied: return "denied";
        case Outcome::unreachable: return "unreachable";
        case Outcome::timed_out: return "timed out";
        case Outcome::over_limit: return "over a limit";
        case Outcome::refused: return "refused";
        case Outcome::deferred: return "deferred";
    }
    return "";
}

Outcome outcome_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::invalid: return Outcome::usage;
        case ErrorCode::not_found: return Outcome::not_found;
        case ErrorCode::denied: return Outcome::denied;
        case ErrorCode::over_quota:
        case ErrorCode::too_large:
        case ErrorCode::too_many: return Outcome::over_limit;
        case ErrorCode::timed_out: return Outcome::timed_out;
        case ErrorCode::closed: return Outcome::unreachable;
        default: return Outcome::failed;
    }
}

Trouble trouble_of(const smtp::ClientError& error) {
    Trouble out{.text = error.error.text, .reply = error.reply, .status = error.status, .in_doubt = error.in_doubt};
    if (error.reply) {
        out.outcome = outcome_of_reply(error.stage, *error.reply);
        return out;
    }
    const bool before_mail = error.stage == Stage::greeting || error.stage == Stage::hello || error.stage == Stage::starttls;
    switch (error.error.code) {
        // Of a login and a certificate, or of something that the message needs and the server has not.
        case ErrorCode::denied: out.outcome = before_mail || error.stage == Stage::auth ? Outcome::denied : Outcome::refused; break;
        case ErrorCode::unavailable: out.outcome = Outcome::deferred; break;
        case ErrorCode::invalid: out.outcome = before_mail || error.stage == Stage::auth ? Outcome::failed : Outcome::usage; break;
        default: out.outcome = outcome_of(error.error);
    }
    return out;
}

Result<std::unique_ptr<net::TlsClientContext>> tls_context(const Server& server) {
    if (server.tls == TlsMode::none) return std::unique_ptr<net::TlsClientContext>();
    return net::TlsClientContext::make({.trust = server.insecure ? net::TlsTrust::opportunistic : net::TlsTrust::verify, .ca_file = {}});
}

Task<Result<net::Stream>> connect_to(net::Reactor& reactor, WorkerPool& pool, const Server& server, const net::TlsClientContext* tls,
                                     std::chrono::milliseconds timeout) {
    Result<std::vector<Endpoint>> addresses = co_await net::resolve(pool, server.host, server.port);
    // Whatever is wrong with the name, the server cannot be reached.
    if (!addresses)
        co_return fail(addresses.error().code == ErrorCode::invalid ? ErrorCode::invalid : ErrorCode::closed, addresses.error().text);
    Result<net::Stream> stream = co_await net::connect_any(reactor, *addresses, timeout);
    if (!stream) {
        const bool late = stream.error().code == ErrorCode::timed_out;
        co_return fail(late ? ErrorCode::timed_out : ErrorCode::closed, stream.error().text);
    }
    if (!uses_implicit_tls(server)) co_return stream;
    stream->deadline(timeout);
    const Result<> encrypted = co_await stream->start_tls_client(*tls, server.host);
    stream->deadline(std::nullopt);
    if (encrypted) co_return stream;
    std::string text = encrypted.error().text;
    if (encrypted.error().code == ErrorCode::denied) text += " (--insecure accepts any certificate)";
    const bool no_tls = encrypted.error().code == ErrorCode::invalid;
    co_return fail(no_tls ? ErrorCode::closed : encrypted.error().code, server.text() + ": " + text);
}

SmtpConnection::SmtpConnection(net::Stream stream, std::unique_ptr<net::TlsClientContext> tls, const Server& server, WorkerPool& pool,
                               std::chrono::milliseconds timeout)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      peer_(stream_, net::ClientTls{tls_.get(), server.host}, {}, "", {.session_timeout = session_timeout, .handshake_timeout = timeout}),
      // A client's host name is nobody's business; RFC 5321 §4.1.3 has literals for who has none.
      client_(peer_, {.name = stream_.local().address.literal(),
                      .plain_text_auth_without_tls = may_go_without_tls(server),
                      .timeouts = timeouts(timeout),
                      .hashing = &pool}) {}

Task<std::expected<std::unique_ptr<SmtpConnection>, Trouble>> SmtpConnection::open(net::Reactor& reactor, WorkerPool& pool,
                                                                                   const Server& server,
                                                                                   std::chrono::milliseconds timeout) {
    Result<std::unique_ptr<net::TlsClientContext>> tls = tls_context(server);
    if (!tls) co_return std::unexpected(trouble_of(tls.error()));
    Result<net::Stream> stream = co_await connect_to(reactor, pool, server, tls->get(), timeout);
    if (!stream) co_return std::unexpected(trouble_of(stream.error()));
    std::unique_ptr<SmtpConnection> out(new SmtpConnection(std::move(*stream), std::move(*tls), server, pool, timeout));
    std::optional<Trouble> trouble = co_await out->begin(server);
    if (!trouble) co_return out;
    if (out->client_.usable()) co_await out->client_.quit();
    co_await out->stream_.close();
    co_return std::unexpected(std::move(*trouble));
}

Task<std::optional<Trouble>> SmtpConnection::begin(const Server& server) {
    smtp::ClientResult<> greeting = co_await client_.greeting();
    if (!greeting) co_return trouble_of(greeting.error());
    smtp::ClientResult<> hello = co_await client_.hello();
    if (!hello) co_return trouble_of(hello.error());
    std::optional<Trouble> unencrypted = co_await encrypt(server);
    if (unencrypted) co_return unencrypted;
    if (server.user.empty()) co_return std::nullopt;
    const smtp::LoginCredentials credentials{.user = server.user, .password = server.password.value_or("")};
    smtp::ClientResult<> login = co_await client_.login(credentials);
    if (login) co_return std::nullopt;
    co_return trouble_of(login.error());
}

Task<std::optional<Trouble>> SmtpConnection::encrypt(const Server& server) {
    if (peer_.info().tls() || server.tls == TlsMode::none) co_return std::nullopt;
    if (!client_.capabilities().starttls && may_go_without_tls(server)) co_return std::nullopt;
    smtp::ClientResult<> encrypted = co_await client_.start_tls();
    if (encrypted) co_return std::nullopt;
    Trouble trouble = trouble_of(encrypted.error());
    const net::ServerCertificate* shown = stream_.server_certificate();
    if (trouble.outcome == Outcome::denied && shown && !shown->problem.empty()) trouble.text += " (--insecure accepts any certificate)";
    co_return trouble;
}

std::string SmtpConnection::certificate_problem() const {
    const net::ServerCertificate* shown = stream_.server_certificate();
    return shown && !shown->trusted ? shown->problem : std::string();
}

Task<> SmtpConnection::close() {
    if (client_.usable()) co_await client_.quit();
    co_await peer_.flush();
    co_await stream_.close();
}

Task<> SmtpConnection::drop() { co_await stream_.close(); }

}  // namespace packetboat::agent
