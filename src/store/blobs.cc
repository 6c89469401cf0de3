#include "store/blobs.h"

#include <fmt/format.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace packetboat::store {

using rocksdb::IOOptions;
using rocksdb::IOStatus;
using std::chrono::hours;

namespace {

constexpr std::size_t gather_bytes = 128 << 10;  // what a writer collects before it asks for a worker
constexpr const char* temporary_name = "tmp";

template <class T>
Result<T> flatten(Result<Result<T>> result) {
    if (!result) return fail(std::move(result).error());
    return std::move(*result);
}

}  // namespace

class Blobs::Writer final : public BlobWriter {
public:
    explicit Writer(Blobs& blobs) : blobs_(blobs), path_(blobs.directory_ / temporary_name / hex(Id128::random().view())) {}

    ~Writer() override {
        if (!made_ || finished_) return;
        auto remove = [files = blobs_.files_, path = path_, file = std::shared_ptr(std::move(file_))]() mutable {
            file.reset();
            files->DeleteFile(path, IOOptions(), nullptr).PermitUncheckedError();
        };
        // With too much to do for the workers it stays for the next sweep.
        if (!blobs_.workers_.submit(std::move(remove))) log_warning("store.upload_left", "", {{"path", path_.string()}});
    }

    Task<Result<>> append(std::string bytes) override {
        if (gathered_.empty()) {
            gathered_ = std::move(bytes);
        } else {
            gathered_ += bytes;
        }
        if (gathered_.size() < gather_bytes) co_return Result<>();
        co_return flatten(co_await blobs_.workers_.run([this] { return write(); }));
    }

    Task<Result<BlobRef>> finish() override {
        co_return flatten(co_await blobs_.workers_.run([this] { return write_last(); }));
    }

private:
    Result<> write() {
        if (failed_) return fail(ErrorCode::unavailable, "an earlier part of the content could not be written");
        Result<> written = begin_and_append();
        failed_ = !written;
        gathered_.clear();
        return written;
    }

    Result<> begin_and_append() {
        if (Result<> space = blobs_.space_.check(); !space) return space;
        IOStatus status;
        if (!made_) {
            made_ = true;
            status = blobs_.files_->NewWritableFile(path_, rocksdb::FileOptions(), &file_, nullptr);
            if (!status.ok()) return fail(files::error(status, "cannot make " + path_.string()));
        }
        sha256_.update(gathered_);
        status = file_->Append(gathered_, IOOptions(), nullptr);
        if (!status.ok()) return fail(files::error(status, "cannot write " + path_.string()));
        return {};
    }

    Result<BlobRef> write_last() {
        if (Result<> written = write(); !written) return fail(std::move(written).error());
        failed_ = true;  // until it has worked
        IOStatus status = file_->Sync(IOOptions(), nullptr);
        if (status.ok()) status = file_->Close(IOOptions(), nullptr);
        if (!status.ok()) return fail(files::error(status, "cannot sync " + path_.string()));
        const BlobRef blob = sha256_.finish();
        if (Result<> named = blobs_.give_name(path_, blob); !named) return fail(std::move(named).error());
        failed_ = false;
        finished_ = true;
        return blob;
    }

    Blobs& blobs_;
    std::filesystem::path path_;
    std::unique_ptr<rocksdb::FSWritableFile> file_;
    std::string gathered_;
    Sha256 sha256_;
    bool made_ = false;
    bool failed_ = false;
    bool finished_ = false;
};

class Blobs::Reader final : public BlobReader {
public:
    Reader(Blobs& blobs, std::unique_ptr<rocksdb::FSRandomAccessFile> file, std::uint64_t size_bytes)
        : blobs_(blobs), file_(std::move(file)), size_bytes_(size_bytes) {}

    std::uint64_t size_bytes() const override { return size_bytes_; }

    Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) override {
        if (offset >= size_bytes_) co_return std::string();
        const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_bytes_ - offset));
        Result<std::string> bytes =
            flatten(co_await blobs_.workers_.run([this, offset, wanted] { return files::read(*file_, offset, wanted); }));
        if (bytes && bytes->size() != wanted) co_return fail(ErrorCode::internal, "a blob's file has become shorter");
        co_return bytes;
    }

private:
    Blobs& blobs_;
    std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
    std::uint64_t size_bytes_;
};

Blobs::Blobs(std::shared_ptr<files::FileSystem> files, std::filesystem::path directory, Space& space, std::function<Time()> clock,
             std::size_t threads)
    : files_(std::move(files)),
      directory_(std::move(directory)),
      space_(space),
      clock_(std::move(clock)),
      workers_({.threads = threads, .queue_max = 4096, .name = "blobs"}) {}

Result<> Blobs::prepare() {
    const std::filesystem::path temporary = directory_ / temporary_name;
    if (Result<> made = files::make_directory(*files_, temporary); !made) return made;
    // What an earlier run made but did not live to sync.
    if (Result<> synced = files::sync_directory(*files_, directory_); !synced) return synced;
    const Result<std::vector<std::string>> left = files::list(*files_, temporary);
    if (!left) return fail(left.error());
    for (const std::string& name : *left) {
        const IOStatus status = files_->DeleteFile(temporary / name, IOOptions(), nullptr);
        if (!status.ok()) return fail(files::error(status, "cannot remove " + (temporary / name).string()));
    }
    return {};
}

std::unique_ptr<BlobWriter> Blobs::create() { return std::make_unique<Writer>(*this); }

Task<Result<std::unique_ptr<BlobReader>>> Blobs::open(BlobRef blob) {
    co_return flatten(co_await workers_.run([&]() -> Result<std::unique_ptr<BlobReader>> {
        const std::filesystem::path from = path(blob.digest());
        Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(*files_, from);
        if (!file) return fail(std::move(file).error());
        const Result<std::uint64_t> size = files::size_bytes(*files_, from);
        if (!size) return fail(size.error());
        if (*size != blob.size_bytes)
            return fail(ErrorCode::internal, fmt::format("{} has {} bytes, not {}", from.string(), *size, blob.size_bytes));
        return std::make_unique<Reader>(*this, std::move(*file), *size);
    }));
}

std::filesystem::path Blobs::path(std::string_view digest) const {
    const std::string name = hex(digest);
    return directory_ / name.substr(0, 2) / name;
}

// A name that is there already is given anew: the content is the same, and it is as young as if it had just come.
Result<> Blobs::give_name(const std::filesystem::path& temporary, const BlobRef& blob) {
    const std::filesystem::path to = path(blob.digest());
    if (std::atomic<bool>& made = made_[blob.sha256[0]]; !made) {
        // A directory that is there may not have its own name on disk yet: another thread has just made it, or a process that was killed.
        const std::scoped_lock lock(directories_);
        if (Result<> ready = files::make_directory(*files_, to.parent_path()); !ready) return ready;
        if (Result<> synced = files::sync_directory(*files_, to.parent_path().parent_path()); !synced) return synced;
        made = true;
    }
    {
        const std::scoped_lock lock(names_);
        const IOStatus status = files_->RenameFile(temporary, to, IOOptions(), nullptr);
        if (!status.ok()) return fail(files::error(status, "cannot rename to " + to.string()));
    }
    return files::sync_directory(*files_, to.parent_path());
}

Result<Time> Blobs::written(const std::filesystem::path& path) const {
    std::uint64_t seconds = 0;
    const IOStatus status = files_->GetFileModificationTime(path, IOOptions(), &seconds, nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot look at " + path.string()));
    return Time{static_cast<std::int64_t>(seconds) * 1'000'000};
}

Result<bool> Blobs::remove_if_old(const std::filesystem::path& path, Time limit) {
    const std::scoped_lock lock(names_);
    const Result<Time> when = written(path);
    if (!when) return fail(when.error());
    if (*when >= limit) return false;
    const IOStatus status = files_->DeleteFile(path, IOOptions(), nullptr);
    if (!status.ok()) return fail(files::error(status, "cannot remove " + path.string()));
    return true;
}

Result<std::uint64_t> Blobs::sweep(const std::function<bool(std::string_view digest)>& may_go) {
    const Time limit = clock_() - hours(24);
    std::uint64_t removed = 0;
    const auto look_at = [&](const Listed& blob) -> Result<> {
        if (blob.written >= limit || !may_go(blob.digest)) return {};
        const Result<bool> gone = remove_if_old(path(blob.digest), limit);
        if (!gone) return fail(gone.error());
        if (*gone) ++removed;
        return {};
    };
    if (Result<> looked = for_each(look_at, [](const std::string&) {}); !looked) return fail(std::move(looked).error());

    const Result<std::vector<std::string>> uploads = files::list(*files_, directory_ / temporary_name);
    if (!uploads) return fail(uploads.error());
    for (const std::string& name : *uploads) {
        const Result<bool> gone = remove_if_old(directory_ / temporary_name / name, limit);
        // An upload that ended meanwhile has another name now.
        if (!gone && gone.error().code != ErrorCode::not_found) return fail(gone.error());
    }
    return removed;
}

Result<> Blobs::for_each(const std::function<Result<>(const Listed&)>& visit, const std::function<void(std::string path)>& stray) const {
    const Result<std::vector<std::string>> directories = files::list(*files_, directory_);
    if (!directories) return fail(directories.error());
    for (const std::string& directory : *directories) {
        if (directory == temporary_name) continue;
        const Result<std::vector<std::string>> names = files::list(*files_, directory_ / directory);
        if (!names) return fail(names.error());
        for (const std::string& name : *names) {
            const std::optional<std::string> digest = unhex(name);
            if (!digest || digest->size() != BlobRef().sha256.size() || path(*digest) != directory_ / directory / name) {
                stray((directory_ / directory / name).string());
                continue;
            }
            const Result<std::uint64_t> size = files::size_bytes(*files_, path(*digest));
            const Result<Time> when = written(path(*digest));
            if (!size || !when) continue;  // swept meanwhile
            if (Result<> visited = visit({*digest, *size, *when}); !visited) return visited;
        }
    }
    return {};
}

Result<BlobRef> Blobs::read_whole(std::string_view digest) const {
    const Result<std::unique_ptr<rocksdb::FSRandomAccessFile>> file = files::open(*files_, path(digest));
    if (!file) return fail(file.error());
    constexpr std::size_t step = 1 << 20;
    Sha256 sha256;
    for (std::uint64_t at = 0;; at += step) {
        const Result<std::string> bytes = files::read(**file, at, step);
        if (!bytes) return fail(bytes.error());
        sha256.update(*bytes);
        if (bytes->size() < step) return sha256.finish();
    }
}

}  // namespace packetboat::store
