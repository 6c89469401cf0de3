#include "files/tree.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "files/hidden_names.h"
#include "files/system_error.h"

namespace packetboat::files {

Result<> Tree::check_there() const {
    if (state->removed.load()) return fail(ErrorCode::not_found, "these files have been removed");
    return {};
}

Result<Place> Tree::place(const Path& path) const {
    if (path.is_root()) return fail(ErrorCode::invalid, "that cannot be done with the uppermost directory");
    if (Result<> there = check_there(); !there) return fail(there.error());
    const Path parent = path.parent();
    Result<Descriptor> directory = open_beneath(root.get(), parent.relative_c_str(), O_RDONLY | O_DIRECTORY);
    if (!directory) return fail(directory.error());
    const Result<struct stat> status = status_of(directory->get());
    if (!status) return fail(status.error());
    Place out;
    out.parent = std::move(*directory);
    out.name = path.name();
    out.unfinished = unfinished_name(out.name);
    out.device = status->st_dev;
    out.inode = status->st_ino;
    return out;
}

Result<> Tree::sync(int descriptor) const {
    if (!common.limits.durable || common.disk->sync(descriptor) == 0) return {};
    return system_failure(errno);
}

Result<> Tree::has_room(std::uint64_t bytes) const {
    struct statvfs disk{};
    if (::fstatvfs(root.get(), &disk) != 0) return system_failure(errno);
    const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (free_bytes >= common.limits.min_free_bytes && free_bytes - common.limits.min_free_bytes >= bytes) return {};
    return fail(ErrorCode::unavailable, "the disk is full");
}

Result<> Tree::unlink(int directory, const char* name, const struct stat& status) const {
    if (common.disk->unlink(directory, name, 0) != 0) {
        if (errno != ENOENT) return system_failure(errno);
        return {};
    }
    state->usage.give_back({.bytes = counted_bytes(status), .files = 1});
    return {};
}

Result<> Tree::forget_unfinished(const Place& place) const {
    const Result<std::optional<struct stat>> left = look(place.parent.get(), place.unfinished.c_str());
    if (!left) return fail(left.error());
    if (!*left) return {};
    return unlink(place.parent.get(), place.unfinished.c_str(), **left);
}

}  // namespace packetboat::files
