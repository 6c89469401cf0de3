#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace packetboat::cli {

// A password is never an argument, where `ps` would show it: it is the first line of `file` when one is named, else typed twice at a prompt
// on a terminal, else the first line of standard input.
Result<std::string> read_new_password(const std::filesystem::path& file);

// The same for a password that there is already: it is asked for once, and on the terminal even where standard input is something else.
// "-" is the first line of standard input, of which not a byte more is taken. Errors: denied where there is nobody to ask.
Result<std::string> read_password(const std::filesystem::path& file, const std::string& question);

}  // namespace packetboat::cli
