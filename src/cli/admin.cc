#include "cli/admin.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "cli/administration.h"
#include "cli/password.h"
#include "cli/render.h"

namespace packetboat::cli {

namespace {

using server::AdminRequest;
using server::AdminResponse;
using server::Exit;

int show(const Global& global, const AdminResponse& response) {
    if (!response.error.empty()) return complain(global, response.exit, response.error);
    if (global.json) {
        print_document(response.result);
    } else if (!global.quiet) {
        std::fputs(render(response.result).c_str(), stdout);
    }
    return static_cast<int>(response.exit);
}

// What one subcommand collects from the command line.
struct Draft {
    AdminRequest request;
    std::map<std::string, std::string> values;  // option -> value, when given
    std::map<std::string, std::vector<std::string>> lists;
    std::string password_file;
    bool wants_password = false;
    bool no_password = false;
};

// One subcommand, described in a chain; runs when CLI11 has parsed it.
class Verb {
public:
    Verb(CLI::App& noun, const std::string& noun_name, const std::string& name, const std::string& help, const Global& global, int& exit)
        : command_(*noun.add_subcommand(name, help)), draft_(std::make_shared<Draft>()) {
        draft_->request.command = noun_name + "." + name;
        command_.callback([draft = draft_, &global, &exit] { exit = run(global, *draft); });
    }
    Verb& positional(const std::string& name, const std::string& help) {
        command_.add_option(name, draft_->values[name], help)->required();
        return *this;
    }
    Verb& optional(const std::string& name, const std::string& help) {
        command_.add_option(name, draft_->values[name], help);
        return *this;
    }
    Verb& option(const std::string& name, const std::string& help) {
        command_.add_option("--" + name, draft_->values[name], help);
        return *this;
    }
    Verb& list(const std::string& name, const std::string& help) {
        command_.add_option(name, draft_->lists[name], help)->required();
        return *this;
    }
    Verb& some(const std::string& name, const std::string& help) {
        command_.add_option(name, draft_->lists[name], help);
        return *this;
    }
    Verb& flag(const std::string& name, const std::string& help) {
        command_.add_flag_callback("--" + name, [draft = draft_, name] { draft->request.args[name] = {"yes"}; }, help);
        return *this;
    }
    Verb& password(bool may_have_none) {
        draft_->wants_password = true;
        command_.add_option("--password-file", draft_->password_file,
                            "Read the password from the first line of this file (- for standard input)");
        if (may_have_none) command_.add_flag("--no-password", draft_->no_password, "Nobody can log in until a password is set");
        return *this;
    }

private:
    static int run(const Global& global, Draft& draft) {
        for (const auto& [name, value] : draft.values) {
            if (!value.empty()) draft.request.args[name] = {value};
        }
        for (const auto& [name, values] : draft.lists) {
            if (!values.empty()) draft.request.args[name] = values;
        }
        if (draft.wants_password && !draft.no_password) {
            Result<std::string> password = read_new_password(draft.password_file);
            if (!password) return complain(global, password.error());
            draft.request.args["password"] = {std::move(*password)};
        }
        return show(global, Administration(global).ask(draft.request));
    }

    CLI::App& command_;
    std::shared_ptr<Draft> draft_;
};

// A file of "address password [quota]" lines, sent in requests of a bounded size.
int import_accounts(const Global& global, const std::string& file) {
    constexpr std::size_t lines_per_request = 500;
    // Opened before we become somebody else. The stream would read a folder as an empty file.
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return complain(global, Exit::usage, file + " is a folder");
    std::ifstream in(file);
    if (!in) return complain(global, Exit::not_found, "cannot read " + file + ": " + std::strerror(errno));
    Administration administration(global);
    std::vector<std::string> lines;
    std::size_t imported = 0;
    const auto send = [&]() -> std::optional<int> {
        if (lines.empty()) return std::nullopt;
        AdminRequest request{.command = "account.import", .args = {}};
        const std::size_t count = lines.size();
        request.args["lines"] = std::exchange(lines, {});
        AdminResponse response = administration.ask(std::move(request));
        if (!response.error.empty()) {
            response.error += " (" + std::to_string(imported) + " accounts before it were imported)";
            return show(global, response);
        }
        imported += count;
        return std::nullopt;
    };
    for (std::string line; std::getline(in, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty() || line.starts_with('#')) continue;
        lines.push_back(std::move(line));
        if (lines.size() < lines_per_request) continue;
        if (const std::optional<int> exit = send()) return *exit;
    }
    if (const std::optional<int> exit = send()) return *exit;
    return show(global, {.exit = Exit::done, .error = {}, .result = JsonWriter().object().field("imported", imported).end().take()});
}

CLI::App& add_noun(CLI::App& app, const std::string& name, const std::string& help) {
    CLI::App& noun = *app.add_subcommand(name, help);
    noun.require_subcommand(1);
    return noun;
}

void add_account(CLI::App& app, const Global& global, int& exit) {
    CLI::App& noun = add_noun(app, "account", "People who have mail here");
    const auto verb = [&](const std::string& name, const std::string& help) { return Verb(noun, "account", name, help, global, exit); };
    verb("add", "Make an account")
        .positional("address", "user@domain")
        .option("name", "The person's name")
        .option("quota", "At most so much mail: \"2 GiB\", 0 for no limit")
        .password(true);
    verb("list", "List accounts").option("domain", "Only those of this domain");
    verb("show", "Show one account and what it uses").positional("address", "user@domain");
    verb("rm", "Remove an account and its mail for good").positional("address", "user@domain");
    verb("passwd", "Set an account's password").positional("address", "user@domain").password(false);
    verb("quota", "Set how much mail an account may have")
        .positional("address", "user@domain")
        .positional("quota", "\"2 GiB\", or 0 for no limit");
    verb("enable", "Let an account log in again").positional("address", "user@domain");
    verb("disable", "Keep an account from logging in; it still gets mail").positional("address", "user@domain");
    CLI::App& import = *noun.add_subcommand("import", "Make many accounts from lines of \"address password [quota]\"");
    auto file = std::make_shared<std::string>();
    import.add_option("file", *file, "The file")->required();
    import.callback([file, &global, &exit] { exit = import_accounts(global, *file); });
}

void add_domain(CLI::App& app, const Global& global, int& exit) {
    CLI::App& noun = add_noun(app, "domain", "Domains that mail is taken for");
    const auto verb = [&](const std::string& name, const std::string& help) { return Verb(noun, "domain", name, help, global, exit); };
    verb("add", "Take mail for a domain").positional("name", "The domain");
    verb("list", "List domains");
    verb("rm", "Take no more mail for a domain that has no accounts").positional("name", "The domain");
    verb("catch-all", "Say who gets mail for addresses that do not exist")
        .positional("name", "The domain")
        .optional("target", "user@domain; nobody when left out");
}

void add_alias(CLI::App& app, const Global& global, int& exit) {
    CLI::App& noun = add_noun(app, "alias", "Addresses whose mail goes to others");
    const auto verb = [&](const std::string& name, const std::string& help) { return Verb(noun, "alias", name, help, global, exit); };
    verb("add", "Make an alias").positional("address", "user@domain").list("targets", "Who gets its mail");
    verb("list", "List aliases").option("domain", "Only those of this domain");
    verb("rm", "Remove an alias").positional("address", "user@domain");
}

void add_queue_and_store(CLI::App& app, const Global& global, int& exit) {
    CLI::App& queue = add_noun(app, "queue", "Messages that wait to go elsewhere");
    const auto verb = [&](const std::string& name, const std::string& help) { return Verb(queue, "queue", name, help, global, exit); };
    const auto filters = [](Verb draft) {
        return draft.option("sender", "From this address; * stands for anything, <> for notifications")
            .option("recipient", "To this address; * stands for anything")
            .option("destination", "To this domain; * stands for anything")
            .option("reason", "With this in the reason")
            .option("state", "waiting, held, failed, delivered or relayed")
            .option("older-than", "In the queue for longer: \"2 h\"")
            .option("newer-than", "In the queue for less");
    };
    const auto change = [&](const std::string& name, const std::string& help) {
        filters(verb(name, help).some("ids", "Their ids in the list")).flag("all", "All of them");
    };
    filters(verb("list", "List what waits, oldest first"))
        .option("limit", "At most so many (1000)")
        .option("by", "Count instead: by destination, reason, sender or state");
    verb("show", "Show one message, and what was said when it was last tried").positional("id", "Its id in the list");
    change("retry", "Try messages now");
    change("hold", "Keep messages from being tried until they are released");
    change("release", "Let messages go that are held");
    change("drop", "Throw messages away; their senders are not told");
    verb("route", "Show where mail for an address or a domain goes").positional("address", "user@domain, or a domain");
    CLI::App& store = add_noun(app, "store", "The data");
    Verb(store, "store", "verify", "Prove that counts, indexes, blobs and references agree", global, exit);
    Verb(store, "store", "stats", "Show sizes and counts", global, exit);
    Verb(store, "store", "sweep", "Remove blobs that nothing refers to for a day", global, exit);
    CLI::App& mailbox = add_noun(app, "mailbox", "Mailboxes of an account");
    Verb(mailbox, "mailbox", "list", "List an account's mailboxes", global, exit).positional("address", "user@domain");
}

}  // namespace

void add_admin_commands(CLI::App& app, const Global& global, int& exit) {
    add_account(app, global, exit);
    add_domain(app, global, exit);
    add_alias(app, global, exit);
    add_queue_and_store(app, global, exit);
    app.add_subcommand("status", "Show the running server")->callback([&global, &exit] {
        exit = show(global, Administration(global).ask({.command = "status", .args = {}}));
    });
}

}  // namespace packetboat::cli
