#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "agent/letter.h"
#include "agent/save.h"
#include "agent/show.h"
#include "agent/terminal_text.h"
#include "base/text.h"
#include "cli/inbox.h"
#include "cli/mail_flags.h"
#include "mime/address_fields.h"
#include "mime/text.h"

namespace packetboat::cli {

namespace {

using agent::AttachedFile;
using agent::Letter;
using agent::SaveFolder;

struct ReadOptions {
    std::string id;
    std::string headers = "short";
    bool raw = false;
    std::string html_file;
    std::string part;
    bool force = false;
};

struct SaveOptions {
    std::string id;
    std::string number;
    bool all = false;
    std::string folder;
    bool force = false;
};

// The whole message that is named.
Result<Fetched> fetch(const MailFlags& flags, const std::string& id) {
    Fetched fetched;
    const auto work = [&](agent::MailSource& source) -> Task<Result<>> {
        Result<Fetched> got = co_await fetch_message(source, id);
        if (!got) co_return fail(got.error());
        fetched = std::move(*got);
        co_return Result<>{};
    };
    if (const Result<> done = with_mailbox(flags, work); !done) return fail(done.error());
    return fetched;
}

void add_mailboxes(JsonWriter& json, const Letter& letter, const char* name, mime::FieldName field) {
    json.key(name).array();
    const mime::AddressList list = mime::addresses_of(letter.index(), letter.index().parts[0], letter.bytes(), field);
    for (const mime::Mailbox& mailbox : mime::mailboxes(list))
        json.object().field("name", mailbox.name).field("address", mailbox.address()).end();
    json.end();
}

void add_ids(JsonWriter& json, const Letter& letter, const char* name, mime::FieldName field) {
    json.key(name).array();
    if (const mime::Field* found = letter.index().find(letter.index().parts[0], field)) {
        for (const std::string& id : mime::message_ids(found->value.of(letter.bytes()))) json.value(id);
    }
    json.end();
}

void add_file(JsonWriter& json, const AttachedFile& file) {
    json.object().field("number", file.number).field("section", file.section).field("name", file.name);
    json.field("type", file.type).field("size", file.size_bytes).field("inline", file.in_line).end();
}

void print_letter_json(const Letter& letter, const agent::MailItem& item, bool all_headers) {
    using enum mime::FieldName;
    JsonWriter json;
    json.object().field("number", item.number).field("uid", item.uid).field("size", letter.bytes().size());
    add_mailboxes(json, letter, "from", from);
    add_mailboxes(json, letter, "to", to);
    add_mailboxes(json, letter, "cc", cc);
    add_mailboxes(json, letter, "reply_to", reply_to);
    json.field("date", letter.field(date)).field("subject", letter.field(subject));
    add_ids(json, letter, "message_id", message_id);
    add_ids(json, letter, "in_reply_to", in_reply_to);
    add_ids(json, letter, "references", references);
    json.field("text", agent::readable_text(letter)).field("html", letter.html()).key("attachments").array();
    for (const AttachedFile& file : letter.files()) add_file(json, file);
    json.end();
    if (all_headers) {
        json.key("headers").array();
        for (const mime::Field& field : letter.index().of(letter.index().parts[0])) {
            json.object().field("name", field.name.of(letter.bytes()));
            json.field("value", mime::unstructured(field.value.of(letter.bytes()))).end();
        }
        json.end();
    }
    print_json(json.end());
}

int print_content(const Global& global, const std::string& bytes) {
    if (global.json) {
        print_json(JsonWriter().object().field("size", bytes.size()).field("base64", base64_encode(bytes)).end());
        return 0;
    }
    const Result<> printed = print_bytes(bytes);
    return printed ? 0 : complain(global, printed.error());
}

int save_html(const Global& global, const Letter& letter, const ReadOptions& options) {
    const std::string html = letter.html();
    if (html.empty()) return complain(global, {ErrorCode::not_found, "the message has no HTML"});
    const auto existing = options.force ? SaveFolder::Existing::replace : SaveFolder::Existing::keep;
    if (const Result<> saved = agent::save_file(options.html_file, html, existing); !saved) return complain(global, saved.error());
    if (global.json) print_json(JsonWriter().object().field("file", options.html_file).field("size", html.size()).end());
    return 0;
}

int read(const Global& global, const MailFlags& flags, const ReadOptions& options) {
    Result<Fetched> fetched = fetch(flags, options.id);
    if (!fetched) return complain(global, fetched.error());
    if (options.raw) return print_content(global, fetched->bytes);
    const Letter letter(std::move(fetched->bytes));
    if (!options.html_file.empty()) return save_html(global, letter, options);
    if (!options.part.empty()) {
        const Result<std::string> part = letter.part(options.part);
        return part ? print_content(global, *part) : complain(global, part.error());
    }
    const bool all_headers = options.headers == "all";
    if (global.json) {
        print_letter_json(letter, fetched->item, all_headers);
    } else {
        std::fputs(agent::show(letter, {.columns = terminal_columns(), .all_headers = all_headers}).c_str(), stdout);
    }
    return 0;
}

// Which files are meant. One attachment needs no number.
Result<std::vector<const AttachedFile*>> chosen(const Letter& letter, const SaveOptions& options) {
    std::vector<const AttachedFile*> files;
    if (letter.files().empty()) return fail(ErrorCode::not_found, "the message has no attachments");
    if (!options.number.empty()) {
        const auto number = parse_u64(options.number);
        if (!number || *number < 1 || *number > letter.files().size())
            return fail(ErrorCode::not_found,
                        "the message has no attachment " + options.number + " (it has " + std::to_string(letter.files().size()) + ")");
        files.push_back(&letter.files()[*number - 1]);
        return files;
    }
    if (!options.all && letter.files().size() > 1)
        return fail(ErrorCode::invalid, "the message has " + std::to_string(letter.files().size()) + " attachments: say which, or --all");
    for (const AttachedFile& file : letter.files()) files.push_back(&file);
    return files;
}

int save_attachments(const Global& global, const MailFlags& flags, const SaveOptions& options) {
    const Result<SaveFolder> folder = SaveFolder::open(options.folder);
    if (!folder) return complain(global, folder.error());
    Result<Fetched> fetched = fetch(flags, options.id);
    if (!fetched) return complain(global, fetched.error());
    const Letter letter(std::move(fetched->bytes));
    const Result<std::vector<const AttachedFile*>> files = chosen(letter, options);
    if (!files) return complain(global, files.error());
    JsonWriter json;
    json.object().key("saved").array();
    for (const AttachedFile* file : *files) {
        const Result<std::string> saved =
            folder->save(file->name, letter.content(*file), options.force ? SaveFolder::Existing::replace : SaveFolder::Existing::keep);
        if (!saved) return complain(global, saved.error());
        json.object().field("number", file->number).field("name", file->name).field("file", *saved).field("size", file->size_bytes).end();
        if (!global.json && !global.quiet) std::printf("%s\n", agent::printable(options.folder + "/" + *saved).c_str());
    }
    if (global.json) print_json(json.end().end());
    return 0;
}

void add_save(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("save-attachment", "Save what a message brings, in a folder");
    const auto options = std::make_shared<SaveOptions>();
    command.add_option("id", options->id, "Its number or unique id, as inbox shows it")->required();
    CLI::Option* number = command.add_option("number", options->number, "The attachment's number, as read shows it");
    command.add_flag("--all", options->all, "All of them")->excludes(number);
    command.add_option("--to", options->folder, "The folder, which is there already")->required();
    command.add_flag("--force", options->force, "Replace files of the same name (else the new one gets a number)");
    const std::shared_ptr<MailFlags> flags = add_mail_flags(command);
    command.callback([options, flags, &global, &exit] { exit = save_attachments(global, *flags, *options); });
}

}  // namespace

void add_read(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("read", "Show a message");
    const auto options = std::make_shared<ReadOptions>();
    command.add_option("id", options->id, "Its number or unique id, as inbox shows it")->required();
    command.add_option("--headers", options->headers, "short or all")->check(CLI::IsMember({"short", "all"}));
    CLI::Option* raw = command.add_flag("--raw", options->raw, "The message as it is");
    CLI::Option* html = command.add_option("--html", options->html_file, "Save its HTML in this file")->excludes(raw);
    command.add_option("--part", options->part, "An attachment, by its number, or a part, as 1.2, decoded")->excludes(raw)->excludes(html);
    command.add_flag("--force", options->force, "With --html: replace the file")->needs(html);
    const std::shared_ptr<MailFlags> flags = add_mail_flags(command);
    command.callback([options, flags, &global, &exit] { exit = read(global, *flags, *options); });
    add_save(app, global, exit);
}

}  // namespace packetboat::cli
