#pragma once

#include <CLI/App.hpp>

namespace packetboat::cli {

// `packetboat completion bash`: a script made from the commands that there are.
void add_completion(CLI::App& app, int& exit);

// `packetboat configuration`: the commented default file, or with --page the documentation.
void add_configuration(CLI::App& app, int& exit);

}  // namespace packetboat::cli
