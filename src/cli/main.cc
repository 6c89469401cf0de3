#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/log.h"
#include "cli/admin.h"
#include "cli/completion.h"
#include "cli/global.h"
#include "cli/serve.h"

// The packetboat command.
int main(int argc, char** argv) {
    using namespace packetboat;
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
    cli::add_configuration(app, exit);
    cli::add_completion(app, exit);
    app.add_subcommand("version", "Show the version")->callback([&] {
        std::printf(global.json ? "{\"version\":\"%s\"}\n" : "packetboat %s\n", PACKETBOAT_VERSION);
    });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Help is not an error; anything else is a mistake on the command line.
        return app.exit(error) == 0 ? 0 : static_cast<int>(server::Exit::usage);
    } catch (const std::exception& error) {
        log_close();
        return cli::complain(server::Exit::failed, error.what());
    }
    log_close();
    return exit;
}
