#include "store/testing/fault_file_system.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace packetboat::store {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    FaultWritableFile(FaultFileSystem& files, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        bool half = false;
        IOStatus status = files_.next(true, &half);
        if (status.ok()) status = FSWritableFileOwnerWrapper::Append(data, options, debug);
        if (status.ok()) files_.wrote(path_, data.size());
        if (half) {
            const Slice part(data.data(), data.size() / 2);
            FSWritableFileOwnerWrapper::Append(part, options, debug).PermitUncheckedError();
            files_.wrote(path_, part.size());
        }
        return status;
    }
    IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&, IODebugContext* debug) override {
        return Append(data, options, debug);
    }
    IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options, IODebugContext* debug) override {
        IOStatus status = files_.next(true);
        return status.ok() ? FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug) : status;
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
        IOStatus status = files_.next(false);
        return status.ok() ? FSWritableFileOwnerWrapper::Truncate(size, options, debug) : status;
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        return sync([&] { return FSWritableFileOwnerWrapper::Sync(options, debug); });
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return sync([&] { return FSWritableFileOwnerWrapper::Fsync(options, debug); });
    }

private:
    template <class Do>
    IOStatus sync(Do really) {
        IOStatus status = files_.next(false);
        const std::uint64_t size = files_.size_of(path_);
        if (status.ok()) status = really();
        if (status.ok()) files_.synced(path_, size);
        return status;
    }

    FaultFileSystem& files_;
    std::string path_;
};

class FaultRandomRWFile final : public rocksdb::FSRandomRWFileOwnerWrapper {
public:
    FaultRandomRWFile(FaultFileSystem& files, std::string path, std::unique_ptr<rocksdb::FSRandomRWFile> file)
        : FSRandomRWFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

    IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        IOStatus status = files_.next(true);
        return status.ok() ? FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug) : status;
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        IOStatus status = files_.next(false);
        if (status.ok()) status = FSRandomRWFileOwnerWrapper::Sync(options, debug);
        if (status.ok()) files_.synced(path_, files_.size_of(path_));
        return status;
    }

private:
    FaultFileSystem& files_;
    std::string path_;
};

class FaultDirectory final : public rocksdb::FSDirectoryWrapper {
public:
    FaultDirectory(FaultFileSystem& files, std::string path, std::unique_ptr<rocksdb::FSDirectory> directory)
        : FSDirectoryWrapper(std::move(directory)), files_(files), path_(std::move(path)) {}

    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return sync([&] { return FSDirectoryWrapper::Fsync(options, debug); });
    }
    IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug, const rocksdb::DirFsyncOptions& how) override {
        return sync([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how); });
    }

private:
    template <class Do>
    IOStatus sync(Do really) {
        IOStatus status = files_.next(false);
        if (status.ok()) status = really();
        if (status.ok()) files_.synced_directory(path_);
        return status;
    }

    FaultFileSystem& files_;
    std::string path_;
};

FaultFileSystem::FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultFileSystem::arm(Fault fault, std::uint64_t k) {
    const std::scoped_lock lock(mutex_);
    armed_ = true;
    fault_ = fault;
    at_ = k;
    count_ = 0;
    fired_ = false;
}

void FaultFileSystem::disarm() {
    const std::scoped_lock lock(mutex_);
    armed_ = false;
}

bool FaultFileSystem::fired() const {
    const std::scoped_lock lock(mutex_);
    return fired_;
}

std::uint64_t FaultFileSystem::operations() const {
    const std::scoped_lock lock(mutex_);
    return count_;
}

IOStatus FaultFileSystem::next(bool needs_space, bool* half) {
    const std::scoped_lock lock(mutex_);
    if (!armed_) return IOStatus::OK();
    ++count_;
    const bool now = count_ == at_;
    const bool later = count_ > at_;
    switch (fault_) {
        case Fault::no_space:
        case Fault::no_space_on:
            // The first operation from there on that can run out of space does.
            if (!needs_space || !(now || later) || (fault_ == Fault::no_space && fired_)) return IOStatus::OK();
            if (half != nullptr) *half = true;
            break;
        case Fault::io_error:
            if (!now) return IOStatus::OK();
            break;
        case Fault::io_error_on:
        case Fault::power_cut:
            if (!now && !later) return IOStatus::OK();
            break;
    }
    fired_ = true;
    if (fault_ == Fault::no_space || fault_ == Fault::no_space_on) return IOStatus::NoSpace("injected: no space left on device");
    return IOStatus::IOError("injected: input/output error");
}

void FaultFileSystem::wrote(const std::string& path, std::uint64_t size_bytes) {
    const std::scoped_lock lock(mutex_);
    written_[path].size_bytes += size_bytes;
}

std::uint64_t FaultFileSystem::size_of(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    const auto found = written_.find(path);
    return found == written_.end() ? 0 : found->second.size_bytes;
}

void FaultFileSystem::synced(const std::string& path, std::uint64_t size_bytes) {
    const std::scoped_lock lock(mutex_);
    const auto found = written_.find(path);
    if (found != written_.end()) found->second.synced_bytes = std::max(found->second.synced_bytes, size_bytes);
}

void FaultFileSystem::named(const std::string& path, bool is_new) {
    const std::scoped_lock lock(mutex_);
    written_[path] = {};
    if (is_new) unsynced_names_.insert(path);
}

void FaultFileSystem::synced_directory(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    const auto is_inside = [&](const std::string& name) {
        return std::filesystem::path(name).parent_path().lexically_normal() == std::filesystem::path(path).lexically_normal();
    };
    std::erase_if(unsynced_names_, is_inside);
    std::erase_if(replaced_, [&](const auto& entry) { return is_inside(entry.first); });
}

void FaultFileSystem::lose_power(std::uint64_t seed) {
    const std::scoped_lock lock(mutex_);
    std::mt19937_64 random(seed);
    armed_ = false;
    for (const auto& [path, written] : written_) {
        std::error_code missing;
        const std::uint64_t size = std::filesystem::file_size(path, missing);
        if (missing || size <= written.synced_bytes) continue;
        std::filesystem::resize_file(path, written.synced_bytes + random() % (size - written.synced_bytes + 1));
    }
    for (const std::string& path : unsynced_names_) std::filesystem::remove(path);
    for (const auto& [path, before] : replaced_) std::ofstream(path, std::ios::binary | std::ios::trunc) << before;
    written_.clear();
    unsynced_names_.clear();
    replaced_.clear();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    IOStatus status = next(true);
    const bool is_new = !std::filesystem::exists(path);
    if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (!status.ok()) return status;
    named(path, is_new);
    *file = std::make_unique<FaultWritableFile>(*this, path, std::move(*file));
    return status;
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    IOStatus status = next(true);
    if (status.ok()) status = FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<FaultWritableFile>(*this, path, std::move(*file));
    return status;
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string& path, const std::string& before, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
    IOStatus status = next(true);
    if (status.ok()) status = FileSystemWrapper::ReuseWritableFile(path, before, options, file, debug);
    if (!status.ok()) return status;
    named(path, true);
    *file = std::make_unique<FaultWritableFile>(*this, path, std::move(*file));
    return status;
}

IOStatus FaultFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomRWFile>* file, IODebugContext* debug) {
    IOStatus status = next(false);
    if (status.ok()) status = FileSystemWrapper::NewRandomRWFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<FaultRandomRWFile>(*this, path, std::move(*file));
    return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& path, const IOOptions& options, std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       IODebugContext* debug) {
    IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<FaultDirectory>(*this, path, std::move(*directory));
    return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(true);
    const bool is_new = !std::filesystem::exists(to);
    std::ostringstream before;
    if (!is_new) before << std::ifstream(to, std::ios::binary).rdbuf();
    if (status.ok()) status = FileSystemWrapper::RenameFile(from, to, options, debug);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex_);
    if (const auto found = written_.find(from); found != written_.end()) {
        written_[to] = found->second;
        written_.erase(found);
    }
    unsynced_names_.erase(from);
    if (is_new) unsynced_names_.insert(to);
    if (!is_new && !unsynced_names_.contains(to)) replaced_.try_emplace(to, before.str());
    return status;
}

IOStatus FaultFileSystem::LinkFile(const std::string& from, const std::string& to, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(true);
    return status.ok() ? FileSystemWrapper::LinkFile(from, to, options, debug) : status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(false);
    if (status.ok()) status = FileSystemWrapper::DeleteFile(path, options, debug);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex_);
    written_.erase(path);
    unsynced_names_.erase(path);
    return status;
}

IOStatus FaultFileSystem::Truncate(const std::string& path, size_t size, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(false);
    return status.ok() ? FileSystemWrapper::Truncate(path, size, options, debug) : status;
}

IOStatus FaultFileSystem::CreateDir(const std::string& path, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(true);
    return status.ok() ? FileSystemWrapper::CreateDir(path, options, debug) : status;
}

IOStatus FaultFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options, IODebugContext* debug) {
    IOStatus status = next(true);
    return status.ok() ? FileSystemWrapper::CreateDirIfMissing(path, options, debug) : status;
}

}  // namespace packetboat::store
