#include "cli/send_draft.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "agent/idn.h"
#include "agent/terminal_text.h"
#include "base/json.h"
#include "base/task.h"
#include "cli/progress.h"

namespace packetboat::cli {

namespace {

using agent::Outcome;
using agent::printable;
using server::Exit;

// With --json there is a document whatever happens.
int complain_about(const Global& global, Outcome outcome, const std::string& text) {
    const Exit exit = exit_of(outcome);
    if (global.json) std::printf("%s\n", submission_json({.outcome = outcome, .error = text}, exit).c_str());
    return complain(exit, printable(text));
}

Result<> add_sender(mime::Draft& draft, const agent::Server& server) {
    if (draft.from.empty()) {
        Result<mime::Mailbox> sender = agent::parse_sender(server.from.empty() ? server.user : server.from);
        if (!sender) return fail(ErrorCode::invalid, "it is not known who sends: --from ADDRESS");
        draft.from.push_back(std::move(*sender));
    }
    // RFC 5322 §3.6.2: several authors, one of whom has sent it.
    if (draft.from.size() > 1 && !draft.sender) draft.sender = draft.from.front();
    return {};
}

agent::Envelope envelope_of(const mime::Draft& draft, const SendWish& wish) {
    agent::Envelope envelope{.reverse_path = draft.sender.value_or(draft.from.front()).address(), .notify = wish.notify, .ret = wish.ret};
    envelope.envid = wish.envid;
    for (const mime::Mailbox& one : mime::recipients(draft)) envelope.recipients.push_back(one.address());
    return envelope;
}

int print_message(const Global& global, const agent::OutgoingMessage& message) {
    Result<agent::MessageText> text = message.text({});
    if (!text) return complain_about(global, agent::outcome_of(text.error()), text.error().text);
    std::string whole;
    for (;;) {
        const Result<std::string_view> piece = run_to_end(text->body->next());
        if (!piece) return complain_about(global, agent::outcome_of(piece.error()), piece.error().text);
        if (piece->empty()) break;
        if (global.json) whole += *piece;
        if (!global.json && std::fwrite(piece->data(), 1, piece->size(), stdout) != piece->size())
            return complain(Exit::failed, "cannot write to standard output");
    }
    if (!global.json) return 0;
    JsonWriter json;
    json.object().field("result", "not sent").field("size", text->size_bytes).field("message", whole).end();
    std::printf("%s\n", json.text().c_str());
    return 0;
}

void report(const Global& global, const agent::Submission& submission) {
    if (global.verbose) std::fputs(printable(submission.dialogue, agent::Lines::many).c_str(), stderr);
    if (submission.without_dsn) std::fputs("packetboat: the server sends no notifications; what was said of them is left out\n", stderr);
    if (!submission.certificate_problem.empty() && global.verbose)
        std::fprintf(stderr, "packetboat: the certificate is not to be trusted: %s\n", printable(submission.certificate_problem).c_str());
    if (submission.in_doubt)
        std::fputs("packetboat: the connection broke before the server's last answer: the message may have been accepted\n", stderr);
    for (const agent::RecipientOutcome& one : submission.recipients) {
        const std::string line = printable(one.address) + ": " + std::string(agent::to_string(one.outcome)) +
                                 (one.text.empty() ? "" : ": " + printable(one.text)) + "\n";
        if (one.outcome != Outcome::done) {
            std::fputs(("packetboat: " + line).c_str(), stderr);
        } else if (!global.json && !global.quiet) {
            std::fputs(line.c_str(), stdout);
        }
    }
    if (submission.recipients.empty() && !submission.error.empty())
        std::fprintf(stderr, "packetboat: %s\n", printable(submission.error).c_str());
}

}  // namespace

Result<> add_recipients(mime::AddressList& list, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        const Result<mime::AddressList> parsed = agent::parse_recipients(text);
        if (!parsed) return fail(parsed.error());
        list.insert(list.end(), parsed->begin(), parsed->end());
    }
    return {};
}

Result<FilesToAttach> FilesToAttach::open(const std::vector<std::string>& names) {
    FilesToAttach out;
    for (const std::string& name : names) {
        Result<std::unique_ptr<agent::FileSource>> source = agent::FileSource::open(name);
        if (!source) return fail(source.error());
        out.files_.push_back({.name = std::filesystem::path(name).filename().string(), .source = std::move(*source)});
    }
    return out;
}

void FilesToAttach::attach_to(mime::Draft& draft) const {
    for (const File& file : files_) {
        draft.attachments.push_back(
            {.name = file.name, .type = std::string(agent::type_of_file(file.name)), .bytes = {}, .source = file.source.get()});
    }
}

Exit exit_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::done: return Exit::done;
        case Outcome::partly_done: return Exit::partly_done;
        case Outcome::failed: return Exit::failed;
        case Outcome::usage: return Exit::usage;
        case Outcome::not_found: return Exit::not_found;
        case Outcome::denied: return Exit::denied;
        case Outcome::unreachable: return Exit::unreachable;
        case Outcome::timed_out: return Exit::timed_out;
        case Outcome::over_limit: return Exit::over_limit;
        case Outcome::refused: return Exit::refused;
        case Outcome::deferred: return Exit::deferred;
    }
    return Exit::failed;
}

std::string submission_json(const agent::Submission& submission, Exit exit) {
    JsonWriter json;
    json.object().field("result", agent::to_string(submission.outcome)).field("exit", static_cast<int>(exit));
    json.field("size", submission.size_bytes).field("server", submission.server).field("tls", submission.tls);
    json.field("in_doubt", submission.in_doubt).key("recipients").array();
    for (const agent::RecipientOutcome& one : submission.recipients) {
        json.object().field("address", one.address).field("result", agent::to_string(one.outcome));
        json.field("code", one.code).field("status", one.status).field("text", one.text).end();
    }
    json.end().field("error", submission.error).end();
    return isatty(STDOUT_FILENO) != 0 ? agent::json_for_terminal(json.text()) : json.text();
}

namespace {

// Of a draft that is complete.
int send_complete(const Global& global, const ServerFlags& flags, agent::Server& server, mime::Draft& draft, const SendWish& wish) {
    const auto trouble = [&](const Error& error) { return complain_about(global, agent::outcome_of(error), error.text); };
    if (mime::recipients(draft).empty()) return complain_about(global, Outcome::usage, "nobody is to get it: --to ADDRESS");
    if (const Result<> used = agent::use_ascii_domains(draft); !used) return trouble(used.error());
    const agent::DraftMessage message(draft, agent::made_now());
    if (wish.dry_run) return print_message(global, message);
    // What cannot be composed is told before anybody is asked for a password.
    if (const Result<agent::MessageText> composed = message.text({}); !composed) return trouble(composed.error());
    if (const Result<> password = find_password(flags, server); !password) return trouble(password.error());

    ProgressBar bar(!global.quiet);
    agent::SubmitOptions options{.timeout = std::chrono::seconds(flags.timeout_s)};
    if (bar.shown()) options.progress = [&bar](std::uint64_t sent, std::uint64_t total) { bar.show(sent, total); };
    const agent::Submission submission = agent::submit(server, message, envelope_of(draft, wish), options);
    bar.end();
    report(global, submission);
    const Exit exit = exit_of(submission.outcome);
    if (global.json) std::printf("%s\n", submission_json(submission, exit).c_str());
    return static_cast<int>(exit);
}

}  // namespace

int send_draft(const Global& global, const ServerFlags& flags, mime::Draft draft, const SendWish& wish) {
    const auto trouble = [&](const Error& error) { return complain_about(global, agent::outcome_of(error), error.text); };
    Result<agent::Server> server =
        find_server(flags, agent::Service::submission, draft.from.empty() ? std::string() : draft.from.front().address());
    if (!server) return trouble(server.error());
    if (const Result<> sender = add_sender(draft, *server); !sender) return trouble(sender.error());
    if (!wish.edit || wish.dry_run) return send_complete(global, flags, *server, draft, wish);

    const Result<> edited = agent::compose_in_editor(draft);
    // Leaving the editor without a text is how one changes one's mind.
    if (!edited && edited.error().code == ErrorCode::closed) return complain_about(global, Outcome::failed, edited.error().text);
    if (!edited) return trouble(edited.error());
    const std::string written = agent::editor_text(draft);
    const int status = send_complete(global, flags, *server, draft, wish);
    // Whatever went wrong, what somebody has written is not thrown away.
    if (status != static_cast<int>(Exit::done) && status != static_cast<int>(Exit::partly_done)) {
        const Result<std::filesystem::path> kept = agent::keep_text(written);
        if (kept) std::fprintf(stderr, "packetboat: the text is kept in %s\n", kept->c_str());
    }
    return status;
}

}  // namespace packetboat::cli
