#include "server/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace packetboat::server {

Result<> drop_privileges(const std::string& user) {
    if (user.empty() || geteuid() != 0) return {};
    const passwd* entry = getpwnam(user.c_str());
    if (!entry) return fail(ErrorCode::not_found, "server.user: there is no user " + user);
    if (initgroups(user.c_str(), entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
        return fail(ErrorCode::denied, "cannot become the user " + user + ": " + std::strerror(errno));
    return {};
}

}  // namespace packetboat::server
