#pragma once

#include <string>

#include "base/error.h"

namespace packetboat::server {

// Becomes `user` for good, with its groups. Nothing to do when `user` is empty or we are not root.
// Errors: not_found (no such user), denied.
Result<> drop_privileges(const std::string& user);

}  // namespace packetboat::server
