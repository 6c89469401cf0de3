#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// `packetboat send`: composes a message and submits it.
void add_send(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
