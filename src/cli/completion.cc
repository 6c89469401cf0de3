#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/json.h"
#include "server/configuration.h"

namespace packetboat::cli {

namespace {

std::string words(const CLI::App& app) {
    std::string out;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) out += command->get_name() + " ";
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) out += "--" + name + " ";
    }
    return out;
}

std::string bash_script(const CLI::App& app) {
    std::string cases;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        cases += "    " + command->get_name() + ") words=\"" + words(*command) + "\" ;;\n";
    return "_packetboat() {\n"
           "  local words=\"" +
           words(app) +
           "\"\n"
           "  case \"${COMP_WORDS[1]}\" in\n" +
           cases +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\n"
           "complete -o default -F _packetboat packetboat\n";
}

// A text for people or another program's input; with --json the one member of an object.
void print_text(const Global& global, std::string_view name, const std::string& text) {
    if (!global.json) {
        std::fputs(text.c_str(), stdout);
        return;
    }
    std::printf("%s\n", JsonWriter().object().field(name, text).end().take().c_str());
}

}  // namespace

void add_completion(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("completion", "Print a completion script: eval \"$(packetboat completion bash)\"");
    auto shell = std::make_shared<std::string>("bash");
    command.add_option("shell", *shell, "bash")->check(CLI::IsMember({"bash"}));
    command.callback([shell, &app, &global, &exit] {
        print_text(global, "script", bash_script(app));
        exit = 0;
    });
}

void add_configuration(CLI::App& app, const Global& global, int& exit) {
    CLI::App& command = *app.add_subcommand("configuration", "Print a commented configuration file with every default");
    auto page = std::make_shared<bool>(false);
    command.add_flag("--page", *page, "Print the documentation page instead");
    command.callback([page, &global, &exit] {
        print_text(global, *page ? "page" : "file", *page ? server::configuration_page() : server::configuration_example());
        exit = 0;
    });
}

}  // namespace packetboat::cli
