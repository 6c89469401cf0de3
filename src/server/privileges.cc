#include "server/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace packetboat::server {

namespace {

Unexpected cannot_become(const std::string& whom) { return fail(ErrorCode::denied, "cannot become " + whom + ": " + std::strerror(errno)); }

Result<> become(const User& user) {
    if (initgroups(user.name.c_str(), user.gid) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)
        return cannot_become("the user " + user.name);
    return {};
}

}  // namespace

Result<User> find_user(const std::string& name) {
    const passwd* entry = getpwnam(name.c_str());
    if (!entry) return fail(ErrorCode::not_found, "there is no user " + name);
    return User{.name = name, .uid = entry->pw_uid, .gid = entry->pw_gid};
}

Result<> drop_privileges(const std::string& user) {
    if (user.empty() || geteuid() != 0) return {};
    const Result<User> found = find_user(user);
    if (!found) return fail(found.error().code, "server.user: " + found.error().text);
    return become(*found);
}

Result<> become_owner(const std::filesystem::path& folder) {
    if (geteuid() != 0) return {};
    struct stat status{};
    if (stat(folder.c_str(), &status) != 0) return fail(ErrorCode::unavailable, folder.string() + ": " + std::strerror(errno));
    if (status.st_uid == 0) return {};
    if (const passwd* entry = getpwuid(status.st_uid)) return become({.name = entry->pw_name, .uid = entry->pw_uid, .gid = entry->pw_gid});
    // A number without a name owns it, as in a container.
    if (setgroups(0, nullptr) != 0 || setgid(status.st_gid) != 0 || setuid(status.st_uid) != 0)
        return cannot_become("the owner of " + folder.string());
    return {};
}

}  // namespace packetboat::server
