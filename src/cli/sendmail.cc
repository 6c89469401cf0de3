#include "cli/sendmail.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "agent/compose.h"
#include "agent/idn.h"
#include "agent/local_text.h"
#include "agent/relay.h"
#include "agent/sendmail_arguments.h"
#include "agent/sendmail_message.h"
#include "agent/spool.h"
#include "agent/submit.h"
#include "agent/terminal_text.h"
#include "base/text.h"
#include "net/run_on.h"

namespace packetboat::cli {

namespace {

using agent::Outcome;
using agent::SendmailArguments;

constexpr std::chrono::seconds timeout{60};
constexpr std::size_t piece_bytes = 64 * 1024;

int complain(int status, const std::string& text) {
    std::fprintf(stderr, "sendmail: %s\n", agent::printable(text).c_str());
    return status;
}

// What went wrong before a server was asked.
int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return EX_DATAERR;
        case ErrorCode::too_large:
        case ErrorCode::too_many: return EX_UNAVAILABLE;
        case ErrorCode::unavailable: return EX_IOERR;
        case ErrorCode::denied: return EX_NOPERM;
        default: return EX_SOFTWARE;
    }
}

bool is_no_user(const agent::RecipientOutcome& one) { return one.status == "5.1.1" || one.status == "5.1.10" || one.code == 551; }

int status_of(const agent::Submission& submission) {
    switch (submission.outcome) {
        case Outcome::done: return EX_OK;
        case Outcome::usage: return EX_DATAERR;
        case Outcome::denied: return EX_NOPERM;
        // Nothing is queued here: the caller keeps the message, and may try again.
        case Outcome::unreachable:
        case Outcome::timed_out:
        case Outcome::deferred: return EX_TEMPFAIL;
        case Outcome::failed: return EX_PROTOCOL;
        default: break;
    }
    if (submission.recipients.empty()) return EX_UNAVAILABLE;
    const auto failed = [](const agent::RecipientOutcome& one) { return one.outcome != Outcome::done; };
    const bool no_user = std::ranges::all_of(submission.recipients, [&](const auto& one) { return !failed(one) || is_no_user(one); });
    const bool later = std::ranges::any_of(submission.recipients, [](const auto& one) { return one.outcome == Outcome::deferred; });
    return no_user ? EX_NOUSER : later ? EX_TEMPFAIL : EX_UNAVAILABLE;
}

int status_of(Outcome outcome) { return status_of(agent::Submission{.outcome = outcome}); }

Result<agent::Server> server_for(const SendmailArguments& arguments) {
    const Result<agent::Logins> logins =
        agent::Logins::read(arguments.login_file.empty() ? agent::Logins::usual_file() : std::filesystem::path(arguments.login_file));
    if (!logins) return fail(logins.error());
    agent::ServerWish wish;
    // Of several logins the sender's is taken; without any, the sender is nobody whom the try-out server need know.
    if (!logins->all().empty()) wish.from = arguments.sender.value_or("");
    Result<agent::Server> server = agent::find_server(wish, agent::Service::submission, *logins);
    if (!server) return server;
    Result<std::optional<std::string>> password = agent::password_of(*server);
    if (!password) return fail(password.error());
    // Nobody can be asked: standard input is the message, and the caller is a program.
    if (!*password) return fail(ErrorCode::denied, "the login has no password (packetboat login add … --password-command)");
    server->password = std::move(*password);
    return server;
}

std::string name_of_user() {
    const passwd* user = ::getpwuid(::getuid());
    if (!user || !user->pw_gecos) return {};
    const std::string name(user->pw_gecos);
    return name.substr(0, name.find(','));
}

agent::SendmailSender sender_of(const SendmailArguments& arguments, const agent::Server& server) {
    agent::SendmailSender out;
    Result<mime::Mailbox> own = agent::parse_sender(server.from.empty() ? server.user : server.from);
    // What is no name in any alphabet the server refuses.
    if (own) static_cast<void>(agent::use_ascii_domain(*own));
    out.address = own ? own->address() : std::string();
    out.domain = own ? own->domain : server.host;
    if (arguments.sender && !arguments.sender->empty()) {
        const std::string& said = *arguments.sender;
        out.address = said.find('@') == std::string::npos ? said + "@" + out.domain : said;
    }
    if (out.address.empty()) out.address = "postmaster@" + out.domain;
    if (std::optional<mime::Mailbox> author = mime::parse_address(out.address); author && agent::use_ascii_domain(*author))
        out.address = author->address();
    const bool own_address = own && iequals(own->address(), out.address);
    out.full_name = !arguments.full_name.empty() ? arguments.full_name : own_address && !own->name.empty() ? own->name : name_of_user();
    return out;
}

// Standard input, up to its end or its dot.
Result<> read_message(agent::Spool& spool, bool dot_is_text) {
    agent::LocalText text(agent::LocalLines::any, !dot_is_text);
    std::string piece(piece_bytes, '\0');
    std::string lines;
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::unavailable, std::string("cannot read the message: ") + std::strerror(errno));
        std::string_view input(piece.data(), static_cast<std::size_t>(got));
        text.take(input, lines);
        const bool over = got == 0 || text.ended();
        if (over) text.finish(lines);
        if (Result<> kept = spool.append(lines); !kept) return kept;
        lines.clear();
        if (over) return {};
    }
}

int print(const agent::SendmailMessage& message, const agent::Envelope& envelope) {
    std::fprintf(stderr, "sendmail: from <%s>\n", agent::printable(envelope.reverse_path).c_str());
    for (const std::string& one : envelope.recipients) std::fprintf(stderr, "sendmail: to <%s>\n", agent::printable(one).c_str());
    Result<agent::MessageText> text = message.text({});
    for (;;) {
        const Result<std::string_view> piece = text ? run_to_end(text->body->next()) : Result<std::string_view>(fail(text.error()));
        if (!piece) return complain(status_of(piece.error().code), piece.error().text);
        if (piece->empty()) return EX_OK;
        if (std::fwrite(piece->data(), 1, piece->size(), stdout) != piece->size()) return EX_IOERR;
    }
}

int send_message(const SendmailArguments& arguments) {
    // Read first: who writes to us may not be left with a broken pipe.
    agent::Spool spool;
    if (const Result<> read = read_message(spool, arguments.dot_is_text); !read)
        return complain(status_of(read.error().code), read.error().text);
    const Result<agent::Server> server = server_for(arguments);
    if (!server) return complain(EX_CONFIG, server.error().text);
    const agent::SendmailSender sender = sender_of(arguments, *server);
    if (!mime::parse_address(sender.address)) return complain(EX_USAGE, "-f: \"" + sender.address + "\" is no address");

    agent::Envelope envelope{.reverse_path = arguments.sender && arguments.sender->empty() ? "" : sender.address,
                             .notify = arguments.notify,
                             .ret = arguments.ret,
                             .envid = arguments.envid};
    const auto add = [&](const std::vector<std::string>& more) {
        for (const std::string& one : more) {
            if (std::ranges::find(envelope.recipients, one) == envelope.recipients.end()) envelope.recipients.push_back(one);
        }
    };
    for (const std::string& text : arguments.recipients) {
        const Result<std::vector<std::string>> addresses = agent::qualified_recipients(text, sender.domain);
        if (!addresses) return complain(EX_USAGE, addresses.error().text);
        add(*addresses);
    }
    const Result<std::unique_ptr<agent::SendmailMessage>> message = agent::SendmailMessage::make(spool, sender, agent::made_now());
    if (!message) return complain(status_of(message.error().code), message.error().text);
    if (arguments.recipients_from_header) add((*message)->header_recipients());
    if (envelope.recipients.empty()) return complain(EX_USAGE, "nobody is to get it: name recipients, or -t for those of the header");
    if (arguments.dry_run) return print(**message, envelope);

    const agent::Submission submission = agent::submit(*server, **message, envelope, {.timeout = timeout});
    if (arguments.verbose) std::fputs(agent::printable(submission.dialogue, agent::Lines::many).c_str(), stdout);
    if (submission.in_doubt) static_cast<void>(complain(EX_OK, "the message may have been accepted all the same"));
    for (const agent::RecipientOutcome& one : submission.recipients) {
        if (one.outcome != Outcome::done) static_cast<void>(complain(EX_OK, one.address + ": " + one.text));
    }
    return status_of(submission);
}

class StandardEnd final : public agent::LocalEnd {
public:
    explicit StandardEnd(WorkerPool& pool) : pool_(pool) {}

    Task<Result<std::string>> read() override {
        Result<Result<std::string>> got = co_await pool_.run([] { return read_now(); });
        if (!got) co_return fail(got.error());
        co_return std::move(*got);
    }
    Task<Result<>> write(std::string_view bytes) override {
        Result<Result<>> wrote = co_await pool_.run([bytes] { return write_now(bytes); });
        if (!wrote) co_return fail(wrote.error());
        co_return std::move(*wrote);
    }

private:
    static Result<std::string> read_now() {
        std::string piece(piece_bytes, '\0');
        for (;;) {
            const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(ErrorCode::closed, std::strerror(errno));
            piece.resize(static_cast<std::size_t>(got));
            return piece;
        }
    }
    static Result<> write_now(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return fail(ErrorCode::closed, std::string("the program has gone: ") + std::strerror(errno));
            bytes.remove_prefix(static_cast<std::size_t>(wrote));
        }
        return {};
    }

    WorkerPool& pool_;
};

Task<agent::Trouble> pass_on(net::Reactor& reactor, WorkerPool& pool, const agent::Server& server) {
    StandardEnd local(pool);
    auto opened = co_await agent::SmtpConnection::open(reactor, pool, server, timeout);
    if (!opened) {
        // RFC 5321 §3.1: 554 says that there is no service, 421 that there is none now.
        const bool later = status_of(opened.error().outcome) == EX_TEMPFAIL;
        const std::string reply = (later ? "421 4.4.1 " : "554 5.3.5 ") + agent::printable(opened.error().text) + "\r\n";
        static_cast<void>(co_await local.write(reply));
        co_return std::move(opened.error());
    }
    agent::SmtpConnection& connection = **opened;
    const std::string name = connection.client().server_name();
    agent::Relay relay(connection.peer(), local,
                       {.server_name = name.empty() ? server.host : name, .timeout = timeout, .end_timeout = 10 * timeout});
    agent::Trouble trouble = co_await relay.run();
    co_await connection.drop();
    co_return trouble;
}

int pass_on(const SendmailArguments& arguments) {
    const Result<agent::Server> server = server_for(arguments);
    if (!server) {
        std::fprintf(stdout, "421 4.3.5 No login at a server is saved that could be used\r\n");
        return complain(EX_CONFIG, server.error().text);
    }
    WorkerPool pool({.threads = 1, .queue_max = 16, .name = "sendmail"});
    net::Reactor reactor(0);
    reactor.start();
    const agent::Trouble trouble = net::run_on(reactor, pass_on(reactor, pool, *server));
    return trouble.outcome == Outcome::done ? EX_OK : complain(status_of(trouble.outcome), trouble.text);
}

}  // namespace

int sendmail(const std::vector<std::string>& words) {
    ::signal(SIGPIPE, SIG_IGN);
    const Result<SendmailArguments> arguments = agent::parse_sendmail_arguments(words);
    if (!arguments) return complain(EX_USAGE, arguments.error().text);
    for (const std::string& remark : arguments->remarks) static_cast<void>(complain(EX_OK, remark));
    // sendmail -q alone runs a queue.
    const bool only_queue = !arguments->remarks.empty() && arguments->recipients.empty() && !arguments->recipients_from_header &&
                            arguments->mode == SendmailArguments::Mode::message;
    if (only_queue) return EX_OK;
    return arguments->mode == SendmailArguments::Mode::smtp ? pass_on(*arguments) : send_message(*arguments);
}

}  // namespace packetboat::cli
