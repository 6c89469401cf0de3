// How an upload begins: which name, may it be written, and what is in it already.
#include <fcntl.h>

#include <cerrno>

#include "files/local_upload.h"
#include "files/system_error.h"

namespace packetboat::files {

namespace {

bool goes_on(Begin begin) { return begin == Begin::append || begin == Begin::resume; }

}  // namespace

Result<std::unique_ptr<LocalUpload>> LocalUpload::begin(std::shared_ptr<const Tree> tree, const Grant& grant, const Path& path,
                                                        const UploadOptions& options) {
    if (!grant.write) return fail(ErrorCode::denied, "you may not write here");
    Result<std::unique_ptr<LocalUpload>> upload = options.begin == Begin::unique ? find_unique(tree, path) : find(tree, path);
    if (!upload) return upload;
    if (Result<> allowed = (*upload)->check_grant(grant, options); !allowed) return fail(allowed.error());
    if (Result<> started = (*upload)->start(options); !started) return fail(started.error());
    return upload;
}

Result<std::unique_ptr<LocalUpload>> LocalUpload::find(const std::shared_ptr<const Tree>& tree, const Path& path) {
    Result<Place> place = tree->place(path);
    if (!place) return fail(place.error());
    Result<Lock> lock = tree->common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    const Result<std::optional<struct stat>> old = look(place->parent.get(), place->name.c_str());
    if (!old) return fail(old.error());
    std::unique_ptr<LocalUpload> upload(new LocalUpload(tree, path, std::move(*place), std::move(*lock)));
    upload->old_ = *old;
    return upload;
}

// A name is taken when it is there, when another one writes it, and when what it wrote waits to be resumed.
Result<std::unique_ptr<LocalUpload>> LocalUpload::find_unique(const std::shared_ptr<const Tree>& tree, const Path& path) {
    for (int n = 0; n < unique_tries_max; ++n) {
        Result<Path> candidate = n == 0 ? path : path.parent().resolve(std::string(path.name()) + "." + std::to_string(n));
        if (!candidate) return fail(candidate.error());
        Result<std::unique_ptr<LocalUpload>> upload = find(tree, *candidate);
        if (!upload) {
            if (upload.error().code == ErrorCode::conflict) continue;
            return upload;
        }
        if ((*upload)->old_) continue;
        const Place& place = (*upload)->place_;
        const Result<std::optional<struct stat>> left = look(place.parent.get(), place.unfinished.c_str());
        if (!left) return fail(left.error());
        if (!*left) return upload;
    }
    return fail(ErrorCode::too_many, "there are too many files of that name");
}

Result<> LocalUpload::check_grant(const Grant& grant, const UploadOptions& options) {
    if (!old_) {
        may_replace_ = false;
        return {};
    }
    if (options.begin == Begin::create) return fail(ErrorCode::exists, "there is one already");
    if (S_ISDIR(old_->st_mode)) return fail(ErrorCode::invalid, "it is a directory");
    if (!S_ISREG(old_->st_mode) && !S_ISLNK(old_->st_mode)) return fail(ErrorCode::invalid, "it is not a file");
    // To go on at the end changes nothing of what is there.
    const bool only_more = options.begin == Begin::append ||
                           (options.begin == Begin::resume && S_ISREG(old_->st_mode) && options.offset >= counted_bytes(*old_));
    if (!grant.remove && !(only_more && grant.read)) return fail(ErrorCode::denied, "you may not change what is there");
    may_replace_ = true;
    return {};
}

Result<> LocalUpload::start(const UploadOptions& options) {
    if (old_) credit({.bytes = counted_bytes(*old_), .files = 1});
    if (options.size_bytes) {
        if (Result<> room = tree_->has_room(*options.size_bytes); !room) return room;
        if (Result<> fits = charge_.would_fit(*options.size_bytes, tree_->quota); !fits) return fits;
    }
    const bool all = options.begin == Begin::append;
    if (goes_on(options.begin) && old_) return start_with_file(options.offset, all);
    if (goes_on(options.begin)) {
        const Result<bool> found = start_with_unfinished(options.offset, all);
        if (!found) return fail(found.error());
        if (*found) return {};
    }
    if (options.begin == Begin::resume && options.offset > 0) return fail(ErrorCode::invalid, "there is less of it than that");
    return start_empty();
}

Result<> LocalUpload::start_empty() {
    // What an earlier upload to this name has left, it leaves for nobody else.
    if (Result<> forgotten = tree_->forget_unfinished(place_); !forgotten) return forgotten;
    if (Result<> taken = charge_.take({.bytes = 0, .files = 1}, tree_->quota); !taken) return taken;
    Disk& disk = *tree_->common.disk;
    const mode_t mode = old_ && S_ISREG(old_->st_mode) ? old_->st_mode & 0777 : tree_->common.limits.file_mode;
    file_ = Descriptor(disk.create(place_.parent.get(), place_.unfinished.c_str(), 0600));
    if (!file_) return system_failure(errno);
    there_ = true;
    if (disk.set_mode(file_.get(), mode) != 0) return system_failure(errno);
    return {};
}

Result<> LocalUpload::start_with_file(std::uint64_t count, bool all) {
    // A link is followed as who reads it sees it, beneath the area's root; what is committed takes the link's place.
    Result<OpenFile> file = S_ISLNK(old_->st_mode) ? open_file(tree_->root.get(), path_.relative_c_str())
                                                   : open_file(place_.parent.get(), place_.name.c_str(), LastLink::refuse);
    if (!file) return fail(file.error());
    const std::uint64_t has = counted_bytes(file->status);
    if (!all && count > has) return fail(ErrorCode::invalid, "there is less of it than that");
    if (Result<> started = start_empty(); !started) return started;
    return write_file(file->descriptor.get(), all ? has : count);
}

Result<bool> LocalUpload::start_with_unfinished(std::uint64_t count, bool all) {
    const Result<std::optional<struct stat>> left = look(place_.parent.get(), place_.unfinished.c_str());
    if (!left) return fail(left.error());
    if (!*left || !S_ISREG((**left).st_mode)) return false;
    const std::uint64_t has = counted_bytes(**left);
    if (!all && count > has) return fail(ErrorCode::invalid, "there is less of it than that");
    Result<Descriptor> opened = open_beneath(place_.parent.get(), place_.unfinished.c_str(), O_RDWR, LastLink::refuse);
    if (!opened) return fail(opened.error());
    const std::uint64_t wanted = all ? has : count;
    if (wanted < has && tree_->common.disk->truncate(opened->get(), static_cast<off_t>(wanted)) != 0) return system_failure(errno);
    file_ = std::move(*opened);
    there_ = true;
    charge_.adopt({.bytes = has, .files = 1});
    charge_.give_back({.bytes = has - wanted, .files = 0});
    size_ = wanted;
    return true;
}

}  // namespace packetboat::files
