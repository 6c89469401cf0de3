#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "agent/server.h"
#include "base/error.h"

namespace packetboat::cli {

// --server, --user, --password-file, --tls, --insecure, --login, --timeout: of every command that talks to a server.
struct ServerFlags {
    agent::ServerWish wish;  // but for the password
    std::string password_file;
    unsigned timeout_s = 60;  // of every wait, but for those that take longer by their nature
};
std::shared_ptr<ServerFlags> add_server_flags(CLI::App& command);

// Which server that is, with the password that it takes: from --password-file ("-": standard input), the saved login, its command, or the
// terminal. `from`: whose mail it is, where that is known.
// The two steps of it: whose password it is is known before it is asked for.
Result<agent::Server> find_server(const ServerFlags& flags, agent::Service service, const std::string& from = {});
Result<> find_password(const ServerFlags& flags, agent::Server& server);
Result<agent::Server> choose_server(const ServerFlags& flags, agent::Service service, const std::string& from = {});

}  // namespace packetboat::cli
