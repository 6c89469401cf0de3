#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"

// Other programs, run for the user.
namespace packetboat::agent {

// What `command` (for /bin/sh) writes to its standard output, at most output_max_bytes of it. Its standard input is empty, for ours may be
// a message. Errors: denied (it failed), timed_out (it was ended), too_large, unavailable (there is no shell).
inline constexpr std::size_t output_max_bytes = 64 * 1024;
Result<std::string> output_of(const std::string& command, std::chrono::milliseconds timeout);

// Opens `file` in $VISUAL, $EDITOR or vi, on our terminal, until the user is done. Errors: unavailable (it failed).
Result<> edit(const std::filesystem::path& file);

}  // namespace packetboat::agent
