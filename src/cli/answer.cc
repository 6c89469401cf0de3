#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/compose.h"
#include "agent/login.h"
#include "cli/inbox.h"
#include "cli/mail_flags.h"
#include "cli/send_draft.h"
#include "mime/index.h"
#include "mime/reply.h"

namespace packetboat::cli {

namespace {

struct AnswerOptions {
    std::string id;
    bool all = false;
    bool list = false;
    bool no_quote = false;
    bool attach_original = false;
    std::vector<std::string> to, cc, attach;
    std::string from;
    std::optional<std::string> body;
    std::string submission;  // HOST[:PORT]
    bool dry_run = false;
};

// The original, and how its answer is sent.
struct Original {
    std::string bytes;
    mime::Mailbox from;  // who answers
    ServerFlags submission;
};

// The submission server is the saved login's, or the try-out server's; where --server names another one for reading, it is on that host,
// unless --submit-to names it. A password that was asked for, or given in a file, serves both: it is read once.
ServerFlags submission_flags(const MailFlags& flags, const AnswerOptions& options, const agent::Server& server, bool asked) {
    ServerFlags out = *flags.server;
    if (!options.submission.empty()) {
        out.wish.server = options.submission;
    } else if (!out.wish.server.empty()) {
        out.wish.server = agent::HostPort{.host = server.host, .port = 0}.text();
    }
    if (asked) {
        out.wish.user = server.user;
        out.wish.password = server.password;
        out.password_file.clear();
    }
    return out;
}

Result<Original> original_of(const MailFlags& flags, const AnswerOptions& options) {
    Original original;
    if (flags.via == "imap") return fail(with_mailbox(flags, nullptr).error());
    Result<agent::Server> server = find_server(*flags.server, agent::Service::pop3);
    if (!server) return fail(server.error());
    const bool asked = !flags.server->password_file.empty() || (!server->password && server->password_command.empty());
    server = mail_server(flags);
    if (!server) return fail(server.error());
    original.submission = submission_flags(flags, options, *server, asked);
    const std::string& author = !options.from.empty() ? options.from : !server->from.empty() ? server->from : server->user;
    const Result<mime::Mailbox> from = agent::parse_sender(author);
    if (!from) return fail(ErrorCode::invalid, "it is not known who answers: --from ADDRESS");
    original.from = *from;
    const auto work = [&](agent::MailSource& source) -> Task<Result<>> {
        Result<Fetched> fetched = co_await fetch_message(source, options.id);
        if (!fetched) co_return fail(fetched.error());
        original.bytes = std::move(fetched->bytes);
        co_return Result<>{};
    };
    if (const Result<> done = with_mailbox(flags, *server, work); !done) return fail(done.error());
    return original;
}

// What the user says stands above what is quoted. On a terminal it is written in the editor.
Result<bool> add_text(mime::Draft& draft, const AnswerOptions& options) {
    std::string text;
    if (options.body) {
        text = *options.body;
    } else if (isatty(STDIN_FILENO) != 0) {
        return true;
    } else {
        Result<std::string> read = agent::read_text("-");
        if (!read) return fail(read.error());
        text = std::move(*read);
    }
    while (text.ends_with('\n')) text.pop_back();
    const std::string quoted = draft.text.value_or("");
    draft.text = text + "\n" + (quoted.empty() || text.empty() ? "" : "\n") + quoted;
    return false;
}

int send_answer(const Global& global, const AnswerOptions& options, const Original& original, const FilesToAttach& files,
                mime::Draft draft) {
    Result<> added = add_recipients(draft.to, options.to);
    if (added) added = add_recipients(draft.cc, options.cc);
    if (!added) return complain(global, added.error());
    draft.user_agent = "Packetboat";
    files.attach_to(draft);
    const Result<bool> edit = add_text(draft, options);
    if (!edit) return complain(global, edit.error());
    return send_draft(global, original.submission, std::move(draft), {.notify = {}, .edit = *edit, .dry_run = options.dry_run});
}

// Whoever has several addresses does not answer to himself.
std::vector<mime::Mailbox> own_addresses() {
    std::vector<mime::Mailbox> own;
    const Result<agent::Logins> logins = agent::Logins::read(agent::Logins::usual_file());
    if (!logins) return own;
    for (const agent::Login& login : logins->all()) {
        for (const std::string& text : {login.user, login.from}) {
            if (Result<mime::Mailbox> mailbox = agent::parse_sender(text)) own.push_back(std::move(*mailbox));
        }
    }
    return own;
}

int reply(const Global& global, const MailFlags& flags, const AnswerOptions& options) {
    const Result<FilesToAttach> files = FilesToAttach::open(options.attach);
    if (!files) return complain(global, files.error());
    const Result<Original> original = original_of(flags, options);
    if (!original) return complain(global, original.error());
    const auto audience = options.all ? mime::Audience::everyone : options.list ? mime::Audience::list : mime::Audience::sender;
    mime::Draft draft =
        mime::reply(mime::index(original->bytes), original->bytes,
                    {.from = original->from, .own = own_addresses(), .audience = audience, .quote = !options.no_quote, .attribution = {}});
    if (mime::recipients(draft).empty() && options.to.empty())
        return complain(global, {ErrorCode::invalid, "the message does not say whom to answer: --to ADDRESS"});
    return send_answer(global, options, *original, *files, std::move(draft));
}

int forward(const Global& global, const MailFlags& flags, const AnswerOptions& options) {
    const Result<FilesToAttach> files = FilesToAttach::open(options.attach);
    if (!files) return complain(global, files.error());
    const Result<Original> original = original_of(flags, options);
    if (!original) return complain(global, original.error());
    const auto how = options.attach_original ? mime::ForwardAs::attachment : mime::ForwardAs::in_line;
    return send_answer(global, options, *original, *files,
                       mime::forward(mime::index(original->bytes), original->bytes, original->from, how));
}

std::shared_ptr<AnswerOptions> add_options(CLI::App& command) {
    auto options = std::make_shared<AnswerOptions>();
    command.add_option("id", options->id, "The message's number or unique id, as inbox shows it")->required();
    command.add_option("--cc", options->cc, "Who gets a copy")->allow_extra_args(false);
    command.add_option("--attach", options->attach, "A file that goes with it; again for more")->allow_extra_args(false);
    command.add_option("--from", options->from, "Who writes it (else the login's)");
    command.add_option("--body", options->body, "The text (else standard input, or $EDITOR on a terminal)");
    command.add_option("--submit-to", options->submission, "HOST[:PORT] to send it by, where that is not known");
    command.add_flag("--dry-run", options->dry_run, "Print the message, and send nothing");
    return options;
}

}  // namespace

void add_answer(CLI::App& app, const Global& global, int& exit) {
    CLI::App& answer = *app.add_subcommand("reply", "Answer a message");
    const std::shared_ptr<AnswerOptions> replied = add_options(answer);
    answer.add_option("--to", replied->to, "Who gets it, too")->allow_extra_args(false);
    CLI::Option* all = answer.add_flag("--all", replied->all, "Everyone who got it");
    answer.add_flag("--list", replied->list, "The mailing list")->excludes(all);
    answer.add_flag("--no-quote", replied->no_quote, "Leave its text out");
    const std::shared_ptr<MailFlags> reply_flags = add_mail_flags(answer);
    answer.callback([replied, reply_flags, &global, &exit] { exit = reply(global, *reply_flags, *replied); });

    CLI::App& pass_on = *app.add_subcommand("forward", "Send a message on");
    const std::shared_ptr<AnswerOptions> forwarded = add_options(pass_on);
    pass_on.add_option("--to", forwarded->to, "Who gets it")->required()->allow_extra_args(false);
    pass_on.add_flag("--attach-original", forwarded->attach_original, "As an attachment, byte for byte");
    const std::shared_ptr<MailFlags> forward_flags = add_mail_flags(pass_on);
    pass_on.callback([forwarded, forward_flags, &global, &exit] { exit = forward(global, *forward_flags, *forwarded); });
}

}  // namespace packetboat::cli
