#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/error.h"

namespace packetboat::server {

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

// Errors: not_found.
Result<User> find_user(const std::string& name);

// Becomes `user` for good, with its groups. Nothing to do when `user` is empty or we are not root.
// Errors: not_found (no such user), denied.
Result<> drop_privileges(const std::string& user);

// Becomes whoever owns the folder, for good: what root would make in it, the server's own user could not read. Nothing to do when we are
// not root, or root owns it. Errors: unavailable (the folder cannot be looked at), denied.
Result<> become_owner(const std::filesystem::path& folder);

}  // namespace packetboat::server
