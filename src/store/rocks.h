#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace packetboat::store {

struct RocksOptions {
    std::filesystem::path directory;  // "records" and "blobs" are made in it
    std::uint64_t cache_bytes = 128 << 20;
    std::uint64_t memtable_bytes = 64 << 20;
    std::uint64_t commit_queue_max = 4096;        // writes waiting for the committer; over it: unavailable
    std::uint64_t commit_group_max_bytes = 8 << 20;
    std::uint64_t reader_threads = 4;
    std::uint64_t reader_queue_max = 4096;
    bool durable = true;  // false: acknowledge before the disk has it. For benchmarks; said in the log at start.
    // The file layer, so that tests can make it fail. Null: the machine's.
    std::shared_ptr<rocksdb::FileSystem> files;
};

// Opens or creates the store. One process at a time: a second is refused with ErrorCode::conflict.
Result<std::unique_ptr<Store>> open_rocks(RocksOptions options);

}  // namespace packetboat::store
