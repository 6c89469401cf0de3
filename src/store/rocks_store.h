#pragma once

#include <memory>

#include <rocksdb/db.h>

#include "base/worker_pool.h"
#include "store/blobs.h"
#include "store/committer.h"
#include "store/janitor.h"
#include "store/rocks.h"
#include "store/rocks_options.h"

namespace packetboat::store {

// The embedded engine: our log for durability and large values, RocksDB for the records, files for blobs.
class RocksStore final : public Store {
public:
    static Result<std::unique_ptr<RocksStore>> open(RocksOptions options);
    ~RocksStore() override;

    Task<Result<Committed>> write(Partition partition, std::optional<CommitId> id, WriteBody body) override;
    Result<std::unique_ptr<BlobWriter>> create_blob() override;
    Task<Result<std::unique_ptr<BlobReader>>> open_blob(const BlobRef& blob) override;
    Task<Result<std::uint64_t>> sweep_blobs() override;
    Task<Result<std::vector<Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override;
    Task<Result<std::vector<Finding>>> verify() override;
    Task<Result<Stats>> stats() override;
    bool failed() const override { return committer_->failed(); }

    // Compacts all records and removes the log segments that are not needed then; answers how many went.
    Task<Result<std::uint64_t>> compact();

protected:
    Task<Result<>> read_any(Partition partition, Weight weight, ReadBody body) override;

private:
    explicit RocksStore(RocksOptions options);
    Result<> start();
    Result<> lock();
    Result<> open_records();
    Result<log::End> recover();
    Result<> read_here(const Partition& partition, ReadBody& body, Snapshot::Disk disk);
    Result<std::uint64_t> sweep();
    Result<> forget_releases(Time before);
    Result<std::vector<Partition>> list_partitions(const std::string& prefix, const std::string& after, std::size_t limit);
    Result<Stats> count();
    std::uint64_t property(const char* name) const;

    RocksOptions options_;
    std::filesystem::path log_directory_;
    rocksdb::FileLock* lock_ = nullptr;
    Space space_;
    std::unique_ptr<RocksSetup> setup_;
    std::unique_ptr<rocksdb::DB> db_;
    std::unique_ptr<log::Reader> log_;
    std::unique_ptr<log::Writer> writer_;
    std::unique_ptr<Committer> committer_;
    std::unique_ptr<Blobs> blobs_;
    std::unique_ptr<Janitor> janitor_;
    std::unique_ptr<WorkerPool> readers_;
    // For RocksDB's threads, which may call before these are there and until it is closed.
    std::atomic<log::Writer*> synced_before_flush_{nullptr};
    std::atomic<Janitor*> woken_after_change_{nullptr};
};

}  // namespace packetboat::store
