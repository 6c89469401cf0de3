#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/time.h"
#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace packetboat::store {

struct RocksOptions {
    std::filesystem::path directory;  // "records", "log" and "blobs" are made in it
    std::uint64_t cache_bytes = 128 << 20;
    std::uint64_t memtable_bytes = 64 << 20;
    std::uint64_t commit_queue_max = 4096;  // writes waiting for the committer; over it: unavailable
    std::uint64_t commit_group_max_bytes = 8 << 20;
    std::uint64_t reader_threads = 4;
    std::uint64_t reader_queue_max = 4096;
    std::uint64_t blob_threads = 2;
    std::uint64_t inline_max_bytes = 2048;             // larger values stay where the log has them
    std::uint64_t log_segment_bytes = 64 << 20;        // the log is a row of files about so long
    std::uint64_t log_replay_max_bytes = 256 << 20;    // how much of the log a start may have to read again, about
    std::chrono::milliseconds resume_time_max{2'000};  // RocksDB refuses writes after a failed flush: how long it is asked again
    int record_files_open_max = 256;                   // descriptors that RocksDB keeps open
    std::uint64_t min_free_bytes = 64 << 20;           // with less free on the disk writes are refused; 0: never
    bool durable = true;  // false: acknowledge before the disk has it. For benchmarks; said in the log at start.
    // The file layer, so that tests can make it fail. Null: the machine's.
    std::shared_ptr<rocksdb::FileSystem> files;
    std::function<Time()> clock = &Time::now;  // the age of blobs and commit ids
};

// Opens or creates the store; what a crash left behind is recovered. The store outlives every blob writer and reader, and
// every executor it has been awaited on outlives the store. Errors: conflict: another process has it open; internal: what had
// been promised is damaged; unavailable: the disk does not do what is asked.
Result<std::unique_ptr<Store>> open_rocks(RocksOptions options);

}  // namespace packetboat::store
