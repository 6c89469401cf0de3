#pragma once

#include <functional>
#include <map>
#include <memory>

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include "store/rocks.h"

// RocksDB as we use it: without its own log, one column family, small records.
namespace packetboat::store {

// What RocksDB's options refer to, and the options.
class RocksSetup {
public:
    // `before_flush`: records are about to be written to a file. `after_change`: files have come or gone.
    struct Hooks {
        std::function<void()> before_flush;
        std::function<void()> after_change;
    };
    RocksSetup(const RocksOptions& options, Hooks hooks);
    ~RocksSetup();

    const rocksdb::Options& options() const { return options_; }

private:
    std::unique_ptr<rocksdb::Env> env_;
    std::unique_ptr<rocksdb::CompactionFilter> filter_;
    rocksdb::Options options_;
};

// How many bytes of each log segment RocksDB's files point to, outdated records included: what compactions have not dropped
// yet. A segment that is not in it can be removed once all its records have been written to files.
Result<std::map<std::uint64_t, std::uint64_t>> referenced_log_bytes(rocksdb::DB& db);

}  // namespace packetboat::store
