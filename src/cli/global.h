#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "server/admin.h"
#include "server/configuration.h"

namespace packetboat::cli {

// The flags that every command takes.
struct Global {
    std::filesystem::path config;  // empty: /etc/packetboat/packetboat.toml when it is there
    std::filesystem::path data;    // empty: what the configuration says
    bool json = false;
    bool quiet = false;
    bool verbose = false;
};

inline constexpr const char* default_config = "/etc/packetboat/packetboat.toml";

// The configuration file over the defaults, and --data over both.
Result<server::Configuration> load_configuration(const Global& global);

// The one document of --json on standard output. Nothing in it steers a terminal; wherever it goes it says the same.
void print_document(std::string_view json);

// Prints the error on standard error, with --json also as the one document on standard output, and answers the status to exit with.
int complain(const Global& global, server::Exit exit, const std::string& text);
int complain(const Global& global, const Error& error);
// On standard error only, for who has given the document.
int complain(server::Exit exit, const std::string& text);

// Files that hold mail or passwords are for their owner only. For the server and for administration; a command that writes files for its
// user leaves the user's umask alone.
void keep_files_private();

}  // namespace packetboat::cli
