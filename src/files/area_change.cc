// What changes the tree without writing into files.
#include <fcntl.h>

#include <cerrno>

#include "files/area.h"
#include "files/directory.h"
#include "files/hidden_names.h"
#include "files/system_error.h"

namespace packetboat::files {

namespace {

// Unfinished uploads in a directory that goes, held so that nobody resumes them meanwhile.
struct Leftover {
    std::string name;
    struct stat status;
    Lock lock;
};

Result<std::vector<Leftover>> leftovers(const Tree& tree, int directory) {
    const Result<struct stat> status = status_of(directory);
    if (!status) return fail(status.error());
    Result<Directory> names = Directory::open_again(directory);
    if (!names) return fail(names.error());
    std::vector<Leftover> out;
    for (;;) {
        const Result<const dirent*> entry = names->next();
        if (!entry) return fail(entry.error());
        if (*entry == nullptr) return out;
        const std::string name = (*entry)->d_name;
        if (!is_unfinished(name)) return fail(ErrorCode::conflict, "the directory is not empty");
        Result<Lock> lock = tree.common.locks.take({status->st_dev, status->st_ino, name});
        if (!lock) return fail(lock.error());
        const Result<std::optional<struct stat>> left = look(directory, name.c_str());
        if (!left) return fail(left.error());
        if (*left) out.push_back({.name = name, .status = **left, .lock = std::move(*lock)});
    }
}

}  // namespace

Result<> LocalArea::make_directory(const Path& path) {
    if (!grant_.write) return fail(ErrorCode::denied, "you may not write here");
    if (path.is_root()) return fail(ErrorCode::exists, "there is one already");
    const Result<Place> place = tree_->place(path);
    if (!place) return fail(place.error());
    const Result<Lock> lock = tree_->common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    Charge charge(tree_->state->usage);
    if (Result<> taken = charge.take({.bytes = 0, .files = 1}, tree_->quota); !taken) return taken;
    if (Result<> room = tree_->has_room(0); !room) return room;
    Disk& disk = *tree_->common.disk;
    const int parent = place->parent.get();
    if (disk.make_directory(parent, place->name.c_str(), 0700) != 0) return system_failure(errno);
    Result<> done;
    const Result<Descriptor> made = open_child_directory(parent, place->name.c_str());
    if (!made)
        done = fail(made.error());
    else if (disk.set_mode(made->get(), tree_->common.limits.directory_mode) != 0)
        done = system_failure(errno);
    if (done) done = tree_->sync(made->get());
    if (done) done = tree_->sync(parent);
    if (!done && disk.unlink(parent, place->name.c_str(), AT_REMOVEDIR) == 0) return done;
    charge.keep();
    return done;
}

Result<> LocalArea::remove_file(const Path& path) {
    if (!grant_.remove) return fail(ErrorCode::denied, "you may not remove what is here");
    const Result<Place> place = tree_->place(path);
    if (!place) return fail(place.error());
    const Result<Lock> lock = tree_->common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    const Result<std::optional<struct stat>> status = look(place->parent.get(), place->name.c_str());
    if (!status) return fail(status.error());
    if (!*status) return system_failure(ENOENT);
    if (S_ISDIR((**status).st_mode)) return fail(ErrorCode::invalid, "it is a directory");
    // Who removes a file does not expect that an older upload to it is there again.
    if (Result<> forgotten = tree_->forget_unfinished(*place); !forgotten) return forgotten;
    if (Result<> gone = tree_->unlink(place->parent.get(), place->name.c_str(), **status); !gone) return gone;
    return tree_->sync(place->parent.get());
}

Result<> LocalArea::remove_directory(const Path& path) {
    if (!grant_.remove) return fail(ErrorCode::denied, "you may not remove what is here");
    const Result<Place> place = tree_->place(path);
    if (!place) return fail(place.error());
    const Result<Lock> lock = tree_->common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    const int parent = place->parent.get();
    const Result<std::optional<struct stat>> status = look(parent, place->name.c_str());
    if (!status) return fail(status.error());
    if (!*status) return system_failure(ENOENT);
    if (!S_ISDIR((**status).st_mode)) return fail(ErrorCode::invalid, "it is not a directory");
    const Result<Descriptor> directory = open_child_directory(parent, place->name.c_str());
    if (!directory) return fail(directory.error());
    const Result<std::vector<Leftover>> left = leftovers(*tree_, directory->get());
    if (!left) return fail(left.error());
    for (const Leftover& leftover : *left) {
        if (Result<> gone = tree_->unlink(directory->get(), leftover.name.c_str(), leftover.status); !gone) return gone;
    }
    if (tree_->common.disk->unlink(parent, place->name.c_str(), AT_REMOVEDIR) != 0) return system_failure(errno);
    tree_->state->usage.give_back({.bytes = 0, .files = 1});
    return tree_->sync(parent);
}

Result<> LocalArea::rename(const Path& from, const Path& to) {
    if (!grant_.remove || !grant_.write) return fail(ErrorCode::denied, "you may not rename what is here");
    if (from != to && from.contains(to)) return fail(ErrorCode::invalid, "a directory cannot be moved into itself");
    const Result<Place> old_place = tree_->place(from);
    if (!old_place) return fail(old_place.error());
    const Result<Place> new_place = tree_->place(to);
    if (!new_place) return fail(new_place.error());
    const Result<Lock> old_lock = tree_->common.locks.take(old_place->key());
    if (!old_lock) return fail(old_lock.error());
    if (old_place->key() == new_place->key()) {
        const Result<std::optional<struct stat>> there = look(old_place->parent.get(), old_place->name.c_str());
        if (!there) return fail(there.error());
        if (!*there) return system_failure(ENOENT);
        return {};
    }
    const Result<Lock> new_lock = tree_->common.locks.take(new_place->key());
    if (!new_lock) return fail(new_lock.error());
    return rename_at(*old_place, *new_place);
}

Result<> LocalArea::rename_at(const Place& from, const Place& to) const {
    const Result<std::optional<struct stat>> source = look(from.parent.get(), from.name.c_str());
    if (!source) return fail(source.error());
    if (!*source) return system_failure(ENOENT);
    const Result<std::optional<struct stat>> target = look(to.parent.get(), to.name.c_str());
    if (!target) return fail(target.error());
    if (*target && (S_ISDIR((**target).st_mode) || S_ISDIR((**source).st_mode))) return fail(ErrorCode::exists, "there is one already");
    for (const Place* place : {&from, &to}) {
        if (Result<> forgotten = tree_->forget_unfinished(*place); !forgotten) return forgotten;
    }
    Disk& disk = *tree_->common.disk;
    const bool same = *target && (**target).st_dev == (**source).st_dev && (**target).st_ino == (**source).st_ino;
    if (same) {
        // Two names of one file: the kernel's rename would leave both.
        if (Result<> gone = tree_->unlink(from.parent.get(), from.name.c_str(), **source); !gone) return gone;
    } else {
        const auto rename = [&](unsigned flags) {
            return disk.rename(from.parent.get(), from.name.c_str(), to.parent.get(), to.name.c_str(), flags);
        };
        int renamed = rename(*target ? 0 : RENAME_NOREPLACE);
        if (renamed != 0 && errno == EINVAL && !*target && !S_ISDIR((**source).st_mode)) renamed = rename(0);
        if (renamed != 0 && errno == EXDEV) return fail(ErrorCode::invalid, "that place is on another disk");
        if (renamed != 0) return system_failure(errno);
        if (*target) tree_->state->usage.give_back({.bytes = counted_bytes(**target), .files = 1});
    }
    if (Result<> synced = tree_->sync(to.parent.get()); !synced) return synced;
    if (from.device == to.device && from.inode == to.inode) return {};
    return tree_->sync(from.parent.get());
}

Result<OpenFile> LocalArea::open_to_change(const Path& path) const {
    if (!grant_.write || !(grant_.read || grant_.remove)) return fail(ErrorCode::denied, "you may not change what is here");
    if (path.is_root()) return fail(ErrorCode::invalid, "that cannot be done with the uppermost directory");
    if (Result<> there = tree_->check_there(); !there) return fail(there.error());
    Result<Descriptor> opened = open_beneath(tree_->root.get(), path.relative_c_str(), O_RDONLY);
    if (!opened) return fail(opened.error());
    OpenFile file{.descriptor = std::move(*opened)};
    const Result<struct stat> status = status_of(file.descriptor.get());
    if (!status) return fail(status.error());
    if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)) return fail(ErrorCode::invalid, "it is not a file");
    file.status = *status;
    return file;
}

Result<> LocalArea::set_modified(const Path& path, std::int64_t modified_ns) {
    const Result<OpenFile> file = open_to_change(path);
    if (!file) return fail(file.error());
    if (tree_->common.disk->set_modified(file->descriptor.get(), modified_ns) != 0) return system_failure(errno);
    return tree_->sync(file->descriptor.get());
}

Result<> LocalArea::set_mode(const Path& path, std::uint32_t mode) {
    const Result<OpenFile> file = open_to_change(path);
    if (!file) return fail(file.error());
    const bool directory = S_ISDIR(file->status.st_mode);
    const Limits& limits = tree_->common.limits;
    // The owner is this server, which must go on reading and writing it; execution is nothing that it does.
    const std::uint32_t others = (directory ? limits.directory_mode : limits.file_mode) & 077U;
    const std::uint32_t allowed = (directory ? 0700U : 0600U) | (mode & 0100U) | (mode & others);
    if (tree_->common.disk->set_mode(file->descriptor.get(), allowed) != 0) return system_failure(errno);
    return tree_->sync(file->descriptor.get());
}

}  // namespace packetboat::files
