#include "cli/send.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "agent/compose.h"
#include "agent/sendmail_arguments.h"
#include "cli/send_draft.h"
#include "cli/server_flags.h"
#include "mime/reading.h"

namespace packetboat::cli {

namespace {

// What stands on the command line.
struct Options {
    std::vector<std::string> from, to, cc, bcc;
    std::string subject;
    std::string body;
    std::string body_file;
    std::string html_file;
    std::vector<std::string> attach;
    std::vector<std::string> headers;
    std::string in_reply_to;
    std::string notify;
    std::string ret;
    std::string envid;
    bool dry_run = false;
    bool has_body = false;  // also an empty one
};

Result<> add_people(mime::Draft& draft, const Options& options) {
    for (const std::string& text : options.from) {
        const Result<mime::Mailbox> sender = agent::parse_sender(text);
        if (!sender) return fail(sender.error().code, "--from: " + sender.error().text);
        draft.from.push_back(*sender);
    }
    if (Result<> to = add_recipients(draft.to, options.to); !to) return fail(to.error().code, "--to: " + to.error().text);
    if (Result<> cc = add_recipients(draft.cc, options.cc); !cc) return fail(cc.error().code, "--cc: " + cc.error().text);
    if (Result<> bcc = add_recipients(draft.bcc, options.bcc); !bcc) return fail(bcc.error().code, "--bcc: " + bcc.error().text);
    return {};
}

Result<> add_fields(mime::Draft& draft, const Options& options) {
    draft.subject = options.subject;
    draft.user_agent = "Packetboat";
    for (const std::string& text : options.headers) {
        Result<std::pair<std::string, std::string>> field = agent::parse_field(text);
        if (!field) return fail(field.error().code, "--header: " + field.error().text);
        draft.fields.push_back(std::move(*field));
    }
    if (options.in_reply_to.empty()) return {};
    std::string id = options.in_reply_to;
    if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
    draft.in_reply_to = {id};
    draft.references = {id};
    return {};
}

// Who is at a terminal and has said nothing of a text writes it in the editor.
bool wants_editor(const Options& options) {
    return !options.has_body && options.body_file.empty() && options.html_file.empty() && isatty(STDIN_FILENO) != 0 && !options.dry_run;
}

Result<> add_text(mime::Draft& draft, const Options& options) {
    if (!options.html_file.empty()) {
        Result<std::string> html = agent::read_text(options.html_file);
        if (!html) return fail(html.error());
        draft.html = std::move(*html);
    }
    if (options.has_body) {
        draft.text = options.body;
    } else if (draft.html && options.body_file.empty()) {
        draft.text = mime::html_text(*draft.html);
    } else if (!options.body_file.empty() || isatty(STDIN_FILENO) == 0) {
        Result<std::string> text = agent::read_text(options.body_file.empty() ? "-" : options.body_file);
        if (!text) return fail(text.error());
        draft.text = std::move(*text);
        draft.flowed = false;  // it may be a table, or a patch
    } else {
        draft.text = "";
    }
    return {};
}

Result<> add_notifications(SendWish& wish, const Options& options) {
    wish.envid = options.envid;
    if (!options.notify.empty()) {
        const Result<smtp::wire::Notify> notify = agent::parse_notify(options.notify);
        if (!notify) return fail(notify.error().code, "--notify: " + notify.error().text);
        wish.notify = *notify;
    }
    if (!options.ret.empty()) {
        const Result<smtp::wire::Ret> ret = agent::parse_ret(options.ret);
        if (!ret) return fail(ret.error().code, "--ret: " + ret.error().text);
        wish.ret = *ret;
    }
    return {};
}

int send(const Global& global, const ServerFlags& flags, const Options& options) {
    mime::Draft draft;
    SendWish wish{.notify = {}, .edit = wants_editor(options), .dry_run = options.dry_run};
    Result<> done = add_people(draft, options);
    if (done) done = add_fields(draft, options);
    if (done) done = add_notifications(wish, options);
    const Result<FilesToAttach> files = FilesToAttach::open(options.attach);
    if (done && !files) done = fail(files.error());
    if (done) files->attach_to(draft);
    if (done && !wish.edit && mime::recipients(draft).empty()) done = fail(ErrorCode::invalid, "nobody is to get it: --to ADDRESS");
    if (done && !wish.edit) done = add_text(draft, options);
    if (done) return send_draft(global, flags, std::move(draft), wish);
    const agent::Outcome outcome = agent::outcome_of(done.error());
    const server::Exit status = exit_of(outcome);
    if (global.json) std::printf("%s\n", submission_json({.outcome = outcome, .error = done.error().text}, status).c_str());
    return complain(status, done.error().text);
}

}  // namespace

void add_send(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("send", "Compose a message and submit it");
    const auto options = std::make_shared<Options>();
    const auto each = [&](const char* name, std::vector<std::string>& values, const char* help) {
        command.add_option(name, values, help)->allow_extra_args(false);
    };
    each("--from", options->from, "Who writes it: 'Alice <alice@example.test>' (else the login's)");
    each("--to", options->to, "Who gets it; again for more, or several with commas between them");
    each("--cc", options->cc, "Who gets a copy");
    each("--bcc", options->bcc, "Who gets a copy that nobody is told of");
    command.add_option("--subject", options->subject, "What it is about");
    CLI::Option* body = command.add_option("--body", options->body, "The text (else standard input, or $EDITOR on a terminal)");
    command.add_option("--body-file", options->body_file, "The text is in this file")->excludes(body);
    command.add_option("--html", options->html_file, "HTML beside the text, which is made of it where none is given");
    command.add_option("--attach", options->attach, "Files that go with it");
    each("--header", options->headers, "'Name: value', one more field");
    command.add_option("--in-reply-to", options->in_reply_to, "The Message-ID of what is answered");
    command.add_option("--notify", options->notify, "Of what the sender is told: never, or of success,failure,delay");
    command.add_option("--ret", options->ret, "How much of the message is sent back with that: full or hdrs");
    command.add_option("--envid", options->envid, "How the sender calls it there");
    command.add_flag("--dry-run", options->dry_run, "Print the message, and send nothing");
    const std::shared_ptr<ServerFlags> flags = add_server_flags(command);
    command.callback([options, flags, &global, &exit, body] {
        options->has_body = body->count() > 0;
        exit = send(global, *flags, *options);
    });
}

}  // namespace packetboat::cli
