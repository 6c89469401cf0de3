#include "cli/global.h"

#include <cstdio>

namespace packetboat::cli {

Result<server::Configuration> load_configuration(const Global& global) {
    std::filesystem::path file = global.config;
    if (file.empty() && std::filesystem::exists(default_config)) file = default_config;
    Result<server::Configuration> configuration = file.empty() ? server::Configuration::defaults() : server::read_configuration(file);
    if (configuration && !global.data.empty()) configuration->data = std::filesystem::absolute(global.data);
    return configuration;
}

int complain(server::Exit exit, const std::string& text) {
    std::fprintf(stderr, "packetboat: %s\n", text.c_str());
    return static_cast<int>(exit);
}

}  // namespace packetboat::cli
