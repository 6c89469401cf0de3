// draft-bryan-ftp-comb: a large file that came in parts over several connections becomes one.
#include <cerrno>

#include "files/area.h"
#include "files/system_error.h"

namespace packetboat::files {

namespace {

struct Part {
    Place place;
    Lock lock;
    struct stat status;
};

// Held from here on, so that what is copied is what is removed.
Result<Part> take_part(const Tree& tree, const Path& path) {
    Result<Place> place = tree.place(path);
    if (!place) return fail(place.error());
    Result<Lock> lock = tree.common.locks.take(place->key());
    if (!lock) return fail(lock.error());
    const Result<std::optional<struct stat>> status = look(place->parent.get(), place->name.c_str());
    if (!status) return fail(status.error());
    if (!*status) return system_failure(ENOENT);
    if (!S_ISREG((**status).st_mode)) return fail(ErrorCode::invalid, "a part must be a file");
    return Part{.place = std::move(*place), .lock = std::move(*lock), .status = **status};
}

Result<> append_part(LocalUpload& upload, const Part& part) {
    const Result<OpenFile> file = open_file(part.place.parent.get(), part.place.name.c_str(), LastLink::refuse);
    if (!file) return fail(file.error());
    return upload.write_file(file->descriptor.get(), counted_bytes(file->status));
}

Result<> check_parts(const Path& target, const std::vector<Path>& parts) {
    if (parts.empty()) return fail(ErrorCode::invalid, "there are no parts");
    if (parts.size() > combine_parts_max) return fail(ErrorCode::too_many, "there are too many parts");
    std::set<std::string> seen{target.text()};
    for (const Path& part : parts) {
        if (!seen.insert(part.text()).second) return fail(ErrorCode::invalid, "the same file is there twice");
    }
    return {};
}

}  // namespace

Result<> LocalArea::combine(const Path& target, const std::vector<Path>& parts) {
    if (!grant_.write || !grant_.remove) return fail(ErrorCode::denied, "you may not change what is here");
    if (Result<> good = check_parts(target, parts); !good) return good;
    const Result<Place> place = tree_->place(target);
    if (!place) return fail(place.error());
    const Result<std::optional<struct stat>> old = look(place->parent.get(), place->name.c_str());
    if (!old) return fail(old.error());
    // Its own content is a file's, not what an unfinished upload has left.
    UploadOptions options;
    options.begin = *old ? Begin::append : Begin::create;
    const Result<std::unique_ptr<LocalUpload>> upload = LocalUpload::begin(tree_, grant_, target, options);
    if (!upload) return fail(upload.error());

    std::vector<Part> taken;
    for (const Path& path : parts) {
        Result<Part> part = take_part(*tree_, path);
        if (!part) return fail(part.error());
        (*upload)->credit({.bytes = counted_bytes(part->status), .files = 1});
        taken.push_back(std::move(*part));
    }
    for (const Part& part : taken) {
        if (Result<> appended = append_part(**upload, part); !appended) return appended;
    }
    if (Result<> committed = (*upload)->commit(std::nullopt); !committed) return committed;
    Result<> done;
    for (const Part& part : taken) {
        Result<> gone = tree_->forget_unfinished(part.place);
        if (gone) gone = tree_->unlink(part.place.parent.get(), part.place.name.c_str(), part.status);
        if (gone) gone = tree_->sync(part.place.parent.get());
        if (!gone && done) done = gone;
    }
    return done;
}

}  // namespace packetboat::files
