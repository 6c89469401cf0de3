#include "files/local_upload.h"

#include <fcntl.h>

#include <cerrno>
#include <vector>

#include "files/system_error.h"

namespace packetboat::files {

namespace {

constexpr std::size_t copy_buffer_bytes = 256 * 1024;
constexpr std::uint64_t copy_piece_bytes = 1024 * 1024 * 1024;  // less than what one system call takes

// File systems that cannot copy by themselves, or not between these two.
bool copies_not(int number) { return number == EXDEV || number == EINVAL || number == ENOSYS || number == EOPNOTSUPP; }

}  // namespace

LocalUpload::LocalUpload(std::shared_ptr<const Tree> tree, Path path, Place place, Lock lock)
    : tree_(std::move(tree)), path_(std::move(path)), lock_(std::move(lock)), place_(std::move(place)), charge_(tree_->state->usage) {}

LocalUpload::~LocalUpload() { discard(); }

Result<> LocalUpload::check_open() const {
    if (broken_) return fail(ErrorCode::unavailable, "an earlier write has failed");
    if (!there_) return fail(ErrorCode::conflict, "the upload has ended");
    return tree_->check_there();
}

Result<> LocalUpload::take(std::uint64_t bytes) {
    if (size_ + bytes > room_up_to_) {
        if (Result<> room = tree_->has_room(bytes); !room) return room;
        room_up_to_ = size_ + bytes + room_looked_at_bytes;
    }
    return charge_.take({.bytes = bytes, .files = 0}, tree_->quota);
}

Result<> LocalUpload::write(std::string_view bytes) {
    if (Result<> open = check_open(); !open) return open;
    if (Result<> taken = take(bytes.size()); !taken) return taken;
    if (Result<> written = write_all(bytes); !written) return undo_write(bytes.size(), written.error());
    size_ += bytes.size();
    // Or else the whole file would wait for commit(), and the client for its answer. Only a hint: errors come with the sync.
    if (tree_->common.limits.durable && size_ - written_back_ >= write_back_bytes) {
        (void)::sync_file_range(file_.get(), static_cast<off_t>(written_back_), static_cast<off_t>(size_ - written_back_),
                                SYNC_FILE_RANGE_WRITE);
        written_back_ = size_;
    }
    return {};
}

Result<> LocalUpload::write_all(std::string_view bytes) {
    std::uint64_t at = size_;
    while (!bytes.empty()) {
        const ssize_t written = tree_->common.disk->write(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
        at += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<> LocalUpload::write_file(int file, std::uint64_t count) {
    if (Result<> open = check_open(); !open) return open;
    if (Result<> taken = take(count); !taken) return taken;
    if (Result<> copied = copy_all(file, count); !copied) return undo_write(count, copied.error());
    size_ += count;
    return {};
}

Result<> LocalUpload::copy_all(int file, std::uint64_t count) {
    bool by_hand = false;
    for (std::uint64_t done = 0; done < count;) {
        const std::uint64_t piece = std::min(count - done, by_hand ? std::uint64_t{copy_buffer_bytes} : copy_piece_bytes);
        if (by_hand) {
            if (Result<> copied = copy_piece(file, done, piece); !copied) return copied;
            done += piece;
            continue;
        }
        const ssize_t copied =
            tree_->common.disk->copy(file, static_cast<off_t>(done), file_.get(), static_cast<off_t>(size_ + done), piece);
        if (copied < 0 && errno == EINTR) continue;
        if (copied < 0 && !copies_not(errno)) return system_failure(errno);
        if (copied <= 0)
            by_hand = true;  // 0: the end, or a file system that does not say so; reading tells
        else
            done += static_cast<std::uint64_t>(copied);
    }
    return {};
}

Result<> LocalUpload::copy_piece(int file, std::uint64_t offset, std::uint64_t count) {
    std::vector<char> buffer(count);
    for (std::size_t got = 0; got < count;) {
        const ssize_t read = ::pread(file, buffer.data() + got, count - got, static_cast<off_t>(offset + got));
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return system_failure(errno);
        if (read == 0) return fail(ErrorCode::conflict, "the file has become shorter meanwhile");
        got += static_cast<std::size_t>(read);
    }
    for (std::size_t put = 0; put < count;) {
        const ssize_t written =
            tree_->common.disk->write(file_.get(), buffer.data() + put, count - put, static_cast<off_t>(size_ + offset + put));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(errno);
        put += static_cast<std::size_t>(written);
    }
    return {};
}

// A write that failed in the middle leaves nothing: what is on disk, what size_bytes() says and what is charged stay the same.
Result<> LocalUpload::undo_write(std::uint64_t bytes, Error error) {
    if (tree_->common.disk->truncate(file_.get(), static_cast<off_t>(size_)) != 0) broken_ = true;
    charge_.give_back({.bytes = bytes, .files = 0});
    return fail(std::move(error));
}

Result<> LocalUpload::commit(std::optional<std::int64_t> modified_ns) {
    if (Result<> open = check_open(); !open) {
        discard();
        return open;
    }
    Result<> done;
    if (modified_ns && tree_->common.disk->set_modified(file_.get(), *modified_ns) != 0) done = system_failure(errno);
    if (done) done = tree_->sync(file_.get());
    if (done) done = put_in_place();
    if (!done) discard();
    return done;
}

Result<> LocalUpload::put_in_place() {
    const Result<std::optional<struct stat>> old = look(place_.parent.get(), place_.name.c_str());
    if (!old) return fail(old.error());
    if (!*old) return put_new();
    if (!may_replace_) return fail(ErrorCode::exists, "there is one already");
    if (S_ISDIR((**old).st_mode)) return fail(ErrorCode::exists, "there is a directory of that name");
    return put_instead(**old);
}

Result<> LocalUpload::put_new() {
    const int parent = place_.parent.get();
    Disk& disk = *tree_->common.disk;
    int renamed = disk.rename(parent, place_.unfinished.c_str(), parent, place_.name.c_str(), RENAME_NOREPLACE);
    if (renamed != 0 && errno == EINVAL) renamed = disk.rename(parent, place_.unfinished.c_str(), parent, place_.name.c_str(), 0);
    if (renamed != 0) return system_failure(errno);
    Result<> synced = tree_->sync(parent);
    if (!synced && disk.rename(parent, place_.name.c_str(), parent, place_.unfinished.c_str(), RENAME_NOREPLACE) == 0) return synced;
    charge_.keep();
    end();
    return synced;
}

// The two names are exchanged, so that the old file can be put back when the directory cannot be synced.
Result<> LocalUpload::put_instead(const struct stat& old) {
    const int parent = place_.parent.get();
    Disk& disk = *tree_->common.disk;
    const auto rename = [&](unsigned flags) { return disk.rename(parent, place_.unfinished.c_str(), parent, place_.name.c_str(), flags); };
    const bool exchanged = tree_->common.limits.durable && rename(RENAME_EXCHANGE) == 0;
    // Not every file system can; and the old one may have gone this moment.
    if (!exchanged && tree_->common.limits.durable && errno != EINVAL && errno != ENOENT) return system_failure(errno);
    if (!exchanged && rename(0) != 0) return system_failure(errno);
    Result<> synced = tree_->sync(parent);
    if (!synced && exchanged && rename(RENAME_EXCHANGE) == 0) return synced;
    const bool gone = !exchanged || disk.unlink(parent, place_.unfinished.c_str(), 0) == 0;
    charge_.keep(gone ? Amount{.bytes = counted_bytes(old), .files = 1} : Amount());
    end();
    return synced;
}

void LocalUpload::keep() {
    if (!check_open() || size_ == 0) return discard();
    // An unfinished upload can be resumed only where there is no file: the file would be taken for it.
    const Result<std::optional<struct stat>> old = look(place_.parent.get(), place_.name.c_str());
    if (!old || *old) return discard();
    if (!tree_->sync(file_.get())) return discard();
    (void)tree_->sync(place_.parent.get());
    charge_.keep();
    end();
}

void LocalUpload::discard() {
    if (there_) {
        // When it cannot be removed it still uses what it has, and the next upload to this name, or a sweep, will find it.
        if (tree_->common.disk->unlink(place_.parent.get(), place_.unfinished.c_str(), 0) != 0 && errno != ENOENT) {
            const Result<struct stat> left = status_of(file_.get());
            if (left && counted_bytes(*left) > charge_.amount().bytes) {
                const Amount more{.bytes = counted_bytes(*left) - charge_.amount().bytes, .files = 0};
                tree_->state->usage.add(more);
            }
            charge_.keep();
        }
    }
    end();
}

void LocalUpload::end() {
    there_ = false;
    charge_.give_back(charge_.amount());
    file_.close();
    lock_.release();
}

}  // namespace packetboat::files
