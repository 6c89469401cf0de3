#include "server/data_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "server/privileges.h"

namespace packetboat::server {

namespace {

namespace fs = std::filesystem;

// What may stand in a folder where no store has been made yet: a first start that was cut short leaves some of it. lost+found is what a
// file system of its own begins with.
constexpr std::array<std::string_view, 6> our_names{"records", "log", "blobs", "lock", "control.sock", "lost+found"};
constexpr std::array<std::string_view, 2> our_prefixes{"dev-certificate.pem", "dev-key.pem"};

Unexpected system_error(const fs::path& path, int number) {
    const ErrorCode code = number == EACCES || number == EPERM ? ErrorCode::denied : ErrorCode::unavailable;
    return fail(code, path.string() + ": " + std::strerror(number));
}

// "data/" and "data" are one folder, but have different parents.
fs::path plain(const fs::path& path) {
    fs::path normal = path.lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

bool names_file_in(const fs::path& file, const fs::path& data, const fs::path& name) {
    return !file.empty() && fs::absolute(file).lexically_normal() == fs::absolute(data / name).lexically_normal();
}

bool may_stand_there(const Configuration& configuration, const fs::path& entry) {
    const std::string name = entry.string();
    if (std::ranges::find(our_names, name) != our_names.end()) return true;
    if (std::ranges::any_of(our_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); })) return true;
    return names_file_in(configuration.log.file, configuration.data, entry) ||
           names_file_in(configuration.tls_certificate, configuration.data, entry) ||
           names_file_in(configuration.tls_key, configuration.data, entry);
}

enum class Found : std::uint8_t { missing, fresh, store };

Result<Found> look_at(const Configuration& configuration) {
    const fs::path& data = configuration.data;
    struct stat status{};
    if (::stat(data.c_str(), &status) != 0) {
        if (errno == ENOENT) return Found::missing;
        return system_error(data, errno);
    }
    if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::conflict, data.string() + " is not a folder; the data needs one of its own");
    const Result<bool> store = holds_store(data);
    if (!store) return fail(store.error());
    if (*store) return Found::store;
    std::error_code error;
    for (fs::directory_iterator entry(data, error), end; !error && entry != end; entry.increment(error)) {
        if (!may_stand_there(configuration, entry->path().filename()))
            return fail(ErrorCode::conflict, data.string() + " has other things in it (" + entry->path().filename().string() +
                                                 ") and no store; the data needs a folder of its own");
    }
    if (error) return system_error(data, error.value());
    return Found::fresh;
}

// Folders on the way there are for all, whatever the umask: the server's user must get through them.
Result<> make_parents(const fs::path& folder) {
    struct stat status{};
    if (folder.empty() || ::stat(folder.c_str(), &status) == 0) return {};
    if (errno != ENOENT) return system_error(folder, errno);
    if (Result<> made = make_parents(folder.parent_path()); !made) return made;
    if (::mkdir(folder.c_str(), 0755) != 0) {
        if (errno == EEXIST) return {};
        return system_error(folder, errno);
    }
    if (::chmod(folder.c_str(), 0755) != 0) return system_error(folder, errno);
    return {};
}

}  // namespace

Result<bool> holds_store(const fs::path& data) {
    // RocksDB writes it when it has made the first records.
    const fs::path current = data / "records" / "CURRENT";
    struct stat status{};
    if (::stat(current.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error(data, errno);
}

Result<> check_data_directory(const Configuration& configuration) {
    const Result<Found> found = look_at(configuration);
    if (!found) return fail(found.error());
    return {};
}

Result<> prepare_data_directory(const Configuration& configuration) {
    const Result<Found> found = look_at(configuration);
    if (!found) return fail(found.error());
    if (*found == Found::store) return {};
    const bool for_user = geteuid() == 0 && !configuration.user.empty();
    const Result<User> user = for_user ? find_user(configuration.user) : User{};
    if (!user) return fail(user.error().code, "server.user: " + user.error().text);

    const fs::path data = plain(configuration.data);
    if (*found == Found::missing) {
        if (Result<> made = make_parents(data.parent_path()); !made) return made;
        if (::mkdir(data.c_str(), 0700) != 0 && errno != EEXIST) return system_error(data, errno);
    }
    if (!for_user) return {};
    struct stat status{};
    if (::stat(data.c_str(), &status) != 0) return system_error(data, errno);
    // One that somebody else owns is not root's to give away; check_access() says so.
    if (status.st_uid == 0 && ::chown(data.c_str(), user->uid, user->gid) != 0) return system_error(data, errno);
    return {};
}

Result<> shut_out_others(const fs::path& data) {
    struct stat status{};
    if (::stat(data.c_str(), &status) != 0) return system_error(data, errno);
    if ((status.st_mode & S_IRWXO) == 0) return {};
    if (::chmod(data.c_str(), S_IRWXU) == 0) return {};
    return fail(ErrorCode::denied, data.string() + " can be read by everybody on this machine, and that cannot be changed (" +
                                       std::strerror(errno) + "): chmod 700 " + data.string());
}

Result<> check_access(const Configuration& configuration) {
    for (const char* name : {".", "records", "log", "blobs", "lock"}) {
        const fs::path path = name == std::string_view(".") ? configuration.data : configuration.data / name;
        if (::access(path.c_str(), R_OK | W_OK) == 0 || errno == ENOENT) continue;
        return fail(ErrorCode::denied, path.string() + ": " + std::strerror(errno) + "; the server runs as " + configuration.user +
                                           ": chown -R " + configuration.user + " " + configuration.data.string());
    }
    return {};
}

}  // namespace packetboat::server
