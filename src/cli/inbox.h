#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// Adds inbox, search and delete.
void add_inbox(CLI::App& app, const Global& global, int& exit);
// Adds read and save-attachment.
void add_read(CLI::App& app, const Global& global, int& exit);
// Adds reply and forward.
void add_answer(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
