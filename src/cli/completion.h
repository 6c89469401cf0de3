#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// `packetboat completion bash`: a script made from the commands that there are.
void add_completion(CLI::App& app, const Global& global, int& exit);

// `packetboat configuration`: the commented default file, or with --page the documentation. With --json either is one text in an object.
void add_configuration(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
