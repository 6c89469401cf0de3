#include "cli/global.h"

#include <sys/stat.h>

#include <cstdio>
#include <system_error>

#include "agent/terminal_text.h"

namespace packetboat::cli {

Result<server::Configuration> load_configuration(const Global& global) {
    std::filesystem::path file = global.config;
    // A file that we may not look at is an error, not the same as none.
    std::error_code error;
    if (file.empty() && (std::filesystem::exists(default_config, error) || error)) file = default_config;
    Result<server::Configuration> configuration = file.empty() ? server::Configuration::defaults() : server::read_configuration(file);
    if (configuration && !global.data.empty()) {
        configuration->data = std::filesystem::absolute(global.data);
        configuration->source.lines.erase("server.data");
    }
    return configuration;
}

void print_document(std::string_view json) { std::printf("%s\n", agent::json_for_terminal(json).c_str()); }

int complain(server::Exit exit, const std::string& text) {
    std::fprintf(stderr, "packetboat: %s\n", agent::printable(text, agent::Lines::many).c_str());
    return static_cast<int>(exit);
}

int complain(const Global& global, server::Exit exit, const std::string& text) {
    (void)complain(exit, text);
    if (global.json) print_document(server::AdminResponse{.exit = exit, .error = text, .result = {}}.json());
    return static_cast<int>(exit);
}

int complain(const Global& global, const Error& error) { return complain(global, server::exit_status(error.code), error.text); }

void keep_files_private() { ::umask(0077); }

}  // namespace packetboat::cli
