#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// `packetboat serve`: runs the server until SIGTERM or SIGINT; SIGHUP reloads.
void add_serve(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
