#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "store/committer.h"
#include "store/files.h"

namespace packetboat::store {

// Removes log segments that nothing points to any more, and moves the last values out of segments that are mostly garbage to
// the end of the log. Works when RocksDB's files have changed.
class Janitor {
public:
    struct Parts {
        rocksdb::DB& db;
        Committer& committer;
        log::Reader& log;
        std::shared_ptr<files::FileSystem> files;
        std::filesystem::path directory;  // of the log
    };
    explicit Janitor(Parts parts);
    ~Janitor();

    void wake();  // from any thread, before and after stop()
    void stop();  // nothing is collected any more
    // One round, now; answers how many segments went. One at a time.
    Result<std::uint64_t> collect();

private:
    void work();
    Result<bool> remove_or_move(std::uint64_t segment, std::uint64_t referenced_bytes);
    Result<bool> move_values(std::uint64_t segment, std::uint64_t size_bytes);
    Result<> remove(std::uint64_t segment);

    Parts parts_;
    std::mutex collecting_;
    std::set<std::uint64_t> moved_;  // segments whose values have been moved but which could not be removed yet
    std::mutex mutex_;
    std::condition_variable wake_;
    bool awake_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace packetboat::store
