#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include <rocksdb/file_system.h>

namespace packetboat::store {

// The machine's file layer with faults: the k-th operation that changes something (a file opened for writing, a write, a
// sync, a rename, a removal, a directory made or synced) fails, or the power goes there. For RocksOptions::files.
class FaultFileSystem final : public rocksdb::FileSystemWrapper {
public:
    enum class Fault : std::uint8_t {
        no_space,     // ENOSPC, once; of a write, the first half is done
        no_space_on,  // ENOSPC from then on for whatever needs space
        io_error,     // EIO, once
        io_error_on,  // EIO from then on
        power_cut,    // nothing is done any more, and lose_power() takes away what had not been synced
    };

    FaultFileSystem();
    const char* Name() const override { return "FaultFileSystem"; }

    // The k-th operation from now, counted from 1, is hit.
    void arm(Fault fault, std::uint64_t k);
    void disarm();
    bool fired() const;                // the fault has happened
    std::uint64_t operations() const;  // since arm()

    // After a power cut, with everything closed: files are cut back to what had been synced and a random part of what had
    // not, names that their directory had not been synced for are gone, and files that a rename had replaced are back.
    void lose_power(std::uint64_t seed);

    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& before, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSRandomRWFile>* file, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* directory, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus Truncate(const std::string& path, size_t size, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) override;

private:
    friend class FaultWritableFile;
    friend class FaultRandomRWFile;
    friend class FaultDirectory;

    struct Written {
        std::uint64_t size_bytes = 0;
        std::uint64_t synced_bytes = 0;
    };

    // Whether this operation is hit; half: it is to be done by half first.
    rocksdb::IOStatus next(bool needs_space, bool* half = nullptr);
    void wrote(const std::string& path, std::uint64_t size_bytes);
    std::uint64_t size_of(const std::string& path);
    void synced(const std::string& path, std::uint64_t size_bytes);
    void named(const std::string& path, bool is_new);
    void synced_directory(const std::string& path);

    mutable std::mutex mutex_;
    bool armed_ = false;
    Fault fault_ = Fault::io_error;
    std::uint64_t at_ = 0;
    std::uint64_t count_ = 0;
    bool fired_ = false;
    std::map<std::string, Written> written_;
    std::set<std::string> unsynced_names_;
    std::map<std::string, std::string> replaced_;  // by a rename that is not synced: what was there before
};

}  // namespace packetboat::store
