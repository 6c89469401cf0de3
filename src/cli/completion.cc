#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

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

}  // namespace

void add_completion(CLI::App& app, int& exit) {
    CLI::App& command = *app.add_subcommand("completion", "Print a completion script: eval \"$(packetboat completion bash)\"");
    auto shell = std::make_shared<std::string>("bash");
    command.add_option("shell", *shell, "bash")->check(CLI::IsMember({"bash"}));
    command.callback([&app, &exit] {
        std::fputs(bash_script(app).c_str(), stdout);
        exit = 0;
    });
}

void add_configuration(CLI::App& app, int& exit) {
    CLI::App& command = *app.add_subcommand("configuration", "Print a commented configuration file with every default");
    auto page = std::make_shared<bool>(false);
    command.add_flag("--page", *page, "Print the documentation page instead");
    command.callback([page, &exit] {
        std::fputs((*page ? server::configuration_page() : server::configuration_example()).c_str(), stdout);
        exit = 0;
    });
}

}  // namespace packetboat::cli
