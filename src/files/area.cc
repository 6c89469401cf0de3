#include "files/area.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "files/glob.h"
#include "files/hashing.h"
#include "files/listing.h"
#include "files/system_error.h"

namespace packetboat::files {

Result<Space> LocalArea::space() const {
    struct statvfs disk{};
    if (::fstatvfs(tree_->root.get(), &disk) != 0) return system_failure(errno);
    const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const std::uint64_t kept_bytes = std::min(free_bytes, tree_->common.limits.min_free_bytes);
    const Amount used = tree_->state->usage.used();
    return Space{.used_bytes = used.bytes,
                 .used_files = used.files,
                 .available_bytes = std::min(free_bytes - kept_bytes, tree_->state->usage.available_bytes(tree_->quota)),
                 .quota = tree_->quota};
}

// Who may neither list nor read learns of directories only, because he must find his way to where he may write.
Result<Entry> LocalArea::stat(const Path& path) const {
    if (Result<> there = tree_->check_there(); !there) return fail(there.error());
    const bool sees_files = grant_.list || grant_.read;
    const auto denied = [] { return fail(ErrorCode::denied, "you may not look at what is here"); };
    const Result<Descriptor> opened = open_beneath(tree_->root.get(), path.relative_c_str(), O_PATH);
    if (!opened && !sees_files) return denied();
    if (!opened) return fail(opened.error());
    const Result<struct stat> status = status_of(opened->get());
    if (!status) return fail(status.error());
    if (!sees_files && !S_ISDIR(status->st_mode)) return denied();
    return entry_of(path.name(), *status);
}

Result<std::unique_ptr<Listing>> LocalArea::list(const Path& path) const {
    if (!grant_.list) return fail(ErrorCode::denied, "you may not list what is here");
    return open_listing(tree_, path);
}

Result<std::vector<Path>> LocalArea::glob(const Path& from, std::string_view pattern) const {
    if (!grant_.list) return fail(ErrorCode::denied, "you may not list what is here");
    return files::glob(*tree_, from, pattern);
}

Result<OpenFile> LocalArea::open_to_read(const Path& path) const {
    if (!grant_.read) return fail(ErrorCode::denied, "you may not read what is here");
    if (Result<> there = tree_->check_there(); !there) return fail(there.error());
    return open_file(tree_->root.get(), path.relative_c_str());
}

Result<Download> LocalArea::open(const Path& path) const {
    Result<OpenFile> file = open_to_read(path);
    if (!file) return fail(file.error());
    const Entry entry = entry_of({}, file->status);
    return Download(file->descriptor.release(), entry.size_bytes, entry.modified_ns);
}

Result<std::unique_ptr<Hashing>> LocalArea::hash(const Path& path, HashAlgorithm algorithm, std::uint64_t first,
                                                 std::optional<std::uint64_t> last) const {
    Result<OpenFile> file = open_to_read(path);
    if (!file) return fail(file.error());
    return open_hashing(std::move(*file), algorithm, first, last);
}

Result<std::unique_ptr<Upload>> LocalArea::upload(const Path& path, const UploadOptions& options) {
    Result<std::unique_ptr<LocalUpload>> begun = LocalUpload::begin(tree_, grant_, path, options);
    if (!begun) return fail(begun.error());
    return std::unique_ptr<Upload>(std::move(*begun));
}

Result<std::uint64_t> LocalArea::unfinished(const Path& path) const {
    if (!grant_.write) return fail(ErrorCode::denied, "you may not write here");
    const Result<Place> place = tree_->place(path);
    if (!place) return fail(place.error());
    const Result<Lock> lock = tree_->common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    const Result<std::optional<struct stat>> file = look(place->parent.get(), place->name.c_str());
    const Result<std::optional<struct stat>> left = look(place->parent.get(), place->unfinished.c_str());
    if (!file) return fail(file.error());
    if (!left) return fail(left.error());
    if (*file || !*left || !S_ISREG((**left).st_mode)) return fail(ErrorCode::not_found, "there is no unfinished upload");
    return counted_bytes(**left);
}

}  // namespace packetboat::files
