#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// Adds account, domain, alias, mailbox, queue, store and status to the command; the chosen one runs when the arguments have been parsed
// and leaves its exit status in `exit`.
void add_admin_commands(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
