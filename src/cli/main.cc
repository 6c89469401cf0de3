#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "cli/admin.h"
#include "cli/completion.h"
#include "cli/global.h"
#include "cli/inbox.h"
#include "cli/login.h"
#include "cli/send.h"
#include "cli/sendmail.h"
#include "cli/serve.h"

namespace {

using namespace packetboat;

// Help is not an error; anything else is a mistake on the command line.
int answer_parse_error(const CLI::App& app, const cli::Global& global, const CLI::ParseError& error) {
    std::ostringstream help;
    std::ostringstream mistake;
    const bool is_mistake = app.exit(error, help, mistake) != 0;
    std::fputs(mistake.str().c_str(), stderr);
    const server::Exit exit = is_mistake ? server::Exit::usage : server::Exit::done;
    if (!global.json) {
        std::fputs(help.str().c_str(), stdout);
    } else if (is_mistake) {
        cli::print_document(server::AdminResponse{.exit = exit, .error = error.what(), .result = {}}.json());
    } else {
        cli::print_document(JsonWriter().object().field("help", help.str()).end().text());
    }
    return static_cast<int>(exit);
}

}  // namespace

// The packetboat command.
int main(int argc, char** argv) {
    const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string();
    if (called.ends_with("sendmail")) return cli::sendmail({argv + 1, argv + argc});
    // Its options are its own, and half of them look like ours.
    if (argc > 1 && std::string_view(argv[1]) == "sendmail") return cli::sendmail({argv + 2, argv + argc});
    CLI::App app{"Letters and parcels: a mail server, and the command that runs it"};
    app.name("packetboat");
    app.require_subcommand(1);
    app.fallthrough();
    app.set_help_all_flag("--help-all", "Help for every command");

    cli::Global global;
    int exit = 0;
    app.add_option("--config", global.config, "The configuration file (/etc/packetboat/packetboat.toml)");
    app.add_option("--data", global.data, "The data directory");
    app.add_flag("--json", global.json, "One JSON document on standard output");
    app.add_flag("--quiet", global.quiet, "Say nothing when all goes well");
    app.add_flag("--verbose", global.verbose, "Say more");

    cli::add_serve(app, global, exit);
    cli::add_admin_commands(app, global, exit);
    cli::add_login(app, global, exit);
    cli::add_send(app, global, exit);
    cli::add_inbox(app, global, exit);
    cli::add_read(app, global, exit);
    cli::add_answer(app, global, exit);
    app.add_subcommand("sendmail", "As programs call it: -t, -f, -i, -bs … (the first argument, or the program's name)")->callback([&] {
        exit = cli::complain(global, server::Exit::usage, "sendmail is the first argument");
    });
    cli::add_configuration(app, global, exit);
    cli::add_completion(app, global, exit);
    app.add_subcommand("version", "Show the version")->callback([&] {
        std::printf(global.json ? "{\"version\":\"%s\"}\n" : "packetboat %s\n", PACKETBOAT_VERSION);
    });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // The mistake may have come before the flag was looked at.
        global.json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
        return answer_parse_error(app, global, error);
    } catch (const std::exception& error) {
        log_close();
        return cli::complain(global, server::Exit::failed, error.what());
    }
    log_close();
    return exit;
}
