#pragma once

#include <CLI/App.hpp>

#include "cli/global.h"

namespace packetboat::cli {

// `packetboat login add|list|show|rm|use`: the saved logins of whoever calls it.
void add_login(CLI::App& app, const Global& global, int& exit);

}  // namespace packetboat::cli
