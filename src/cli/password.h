#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace packetboat::cli {

// A password is never an argument, where `ps` would show it: it is the first line of `file` when one is named, else typed twice at a prompt
// on a terminal, else the first line of standard input.
Result<std::string> read_new_password(const std::filesystem::path& file);

}  // namespace packetboat::cli
