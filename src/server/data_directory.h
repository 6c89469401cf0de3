#pragma once

#include <filesystem>

#include "base/error.h"
#include "server/configuration.h"

// The folder that holds everything. A mistyped --data must not make a store among somebody's files or change their folder's mode, so a
// folder is taken only when it is ours or has nothing in it.
namespace packetboat::server {

// Whether a store has been made there. Errors: denied, unavailable (it cannot be looked at).
Result<bool> holds_store(const std::filesystem::path& data);

// Whether a store is there or could be made there; changes nothing.
// Errors: conflict (a folder with other things in it, or no folder), denied, unavailable.
Result<> check_data_directory(const Configuration& configuration);

// Makes the folder when it is missing, mode 0700. One that is new or empty is given to server.user when root asks, so that it does not
// matter whether the server or an operator's command comes first. Errors: as above, and not_found (no such user).
Result<> prepare_data_directory(const Configuration& configuration);

// Mail is nobody else's business on this machine: takes the others' rights away from a folder that gives them any.
// Errors: denied (we may not).
Result<> shut_out_others(const std::filesystem::path& data);

// For the server, once it has dropped its privileges: whether it can work on what is in the folder. Errors: denied, with the remedy.
Result<> check_access(const Configuration& configuration);

}  // namespace packetboat::server
