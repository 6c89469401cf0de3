#include "store/rocks_store.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "store/log_replay.h"
#include "store/verify.h"

namespace packetboat::store {

using std::chrono::hours;

namespace {

template <class T>
Result<T> flatten(Result<Result<T>> result) {
    if (!result) return fail(std::move(result).error());
    return std::move(*result);
}

// Submits when it is awaited, and goes on where it was.
struct Submission {
    Committer& committer;
    Commit& commit;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
        commit.home = &Executor::current();
        commit.waiting = handle;
        return committer.submit(commit);
    }
    void await_resume() const noexcept {}
};

}  // namespace

Task<Result<Committed>> RocksStore::write(Partition partition, std::optional<CommitId> id, WriteBody body) {
    if (Result<> checked = check_partition(partition); !checked) co_return fail(std::move(checked).error());
    Commit commit;
    commit.partition = std::move(partition.name);
    commit.id = id;
    commit.body = std::move(body);
    co_await Submission{*committer_, commit};
    co_return std::move(commit.result);
}

Task<Result<>> RocksStore::read_any(Partition partition, Weight weight, ReadBody body) {
    if (Result<> checked = check_partition(partition); !checked) co_return checked;
    if (weight == Weight::few) {
        try {
            co_return read_here(partition, body, Snapshot::Disk::no);
        } catch (const WouldBlock&) {  // on to a thread that may
        }
    }
    co_return flatten(co_await readers_->run([&] { return read_here(partition, body, Snapshot::Disk::yes); }));
}

// A value may be moved to another place in the log, and its segment removed, between the moment a snapshot was taken and the
// moment it is read. A new snapshot knows the new place.
Result<> RocksStore::read_here(const Partition& partition, ReadBody& body, Snapshot::Disk disk) {
    Error last;
    for (int attempt = 0; attempt < 3; ++attempt) {
        try {
            const Snapshot snapshot(*db_, *log_, disk);
            body(PartitionReader(snapshot, partition.name));
            return {};
        } catch (ReadFailure& failure) {
            last = std::move(failure.error);
            if (last.code != ErrorCode::not_found) return fail(std::move(last));
        } catch (const std::exception& exception) {
            log_error("store.body_threw", "", {{"what", exception.what()}});
            return fail(ErrorCode::internal, "the body of a read threw an exception");
        }
    }
    log_error("store.value_missing", "", {{"what", last.text}});
    return fail(ErrorCode::internal, std::move(last.text));
}

Result<std::unique_ptr<BlobWriter>> RocksStore::create_blob() {
    if (failed()) return fail(ErrorCode::unavailable, "the store has failed; it must be started anew");
    return blobs_->create();
}

Task<Result<std::unique_ptr<BlobReader>>> RocksStore::open_blob(const BlobRef& blob) { return blobs_->open(blob); }

Task<Result<std::uint64_t>> RocksStore::sweep_blobs() {
    co_return flatten(co_await readers_->run([&] { return sweep(); }));
}

Result<std::uint64_t> RocksStore::sweep() {
    const Time limit = options_.clock() - hours(24);
    Result<std::uint64_t> removed = 0;
    try {
        removed = blobs_->sweep([&](std::string_view digest) {
            // Asked blob by blob, of what is there now: a reference may have come while others were looked at.
            const Snapshot snapshot(*db_, *log_, Snapshot::Disk::yes);
            bool may_go = true;
            const std::string referrers = keys::referrers_of(digest);
            snapshot.scan(referrers, prefix_end(referrers), [&](auto, auto) { return may_go = false; });
            const std::string released = keys::released_of(digest);
            snapshot.scan(released, prefix_end(released), [&](auto, std::string_view record) {
                const std::optional<Time> when = records::parse_time(record);
                may_go = may_go && when && *when < limit;
                return may_go;
            });
            return may_go;
        });
        if (removed) {
            if (Result<> forgotten = forget_releases(limit); !forgotten) return fail(std::move(forgotten).error());
        }
    } catch (ReadFailure& failure) {
        return fail(std::move(failure.error));
    }
    return removed;
}

// Releases so long ago have had their effect.
Result<> RocksStore::forget_releases(Time before) {
    constexpr std::size_t at_once = 1000;
    std::string from = keys::all_released();
    const std::string to = prefix_end(from);
    for (;;) {
        std::vector<std::pair<std::string, std::string>> old;
        {
            const Snapshot snapshot(*db_, *log_, Snapshot::Disk::yes, Snapshot::Cache::leave);
            snapshot.scan(from, to, [&](std::string_view key, std::string_view record) {
                from = std::string(key) + '\0';
                const std::optional<Time> when = records::parse_time(record);
                if (when && *when < before) old.emplace_back(key, record);
                return old.size() < at_once;
            });
        }
        if (old.empty()) return {};
        Commit commit;
        commit.own = [&](Group& group) {
            for (const auto& [key, record] : old) {
                if (group.get(key) == record) group.erase(key);
            }
        };
        if (Result<Committed> erased = committer_->submit_and_wait(commit); !erased) return fail(std::move(erased).error());
    }
}

Task<Result<std::vector<Partition>>> RocksStore::partitions(std::string prefix, std::string after, std::size_t limit) {
    co_return flatten(co_await readers_->run([&] { return list_partitions(prefix, after, limit); }));
}

Result<std::vector<Partition>> RocksStore::list_partitions(const std::string& prefix, const std::string& after, std::size_t limit) {
    std::vector<Partition> found;
    if (limit == 0) return found;
    const std::string head = keys::version("");
    const std::string from = after < prefix ? head + prefix : head + after + '\0';
    try {
        const Snapshot snapshot(*db_, *log_, Snapshot::Disk::yes);
        snapshot.scan(from, prefix_end(head + prefix), [&](std::string_view key, auto) {
            found.push_back(Partition{std::string(key.substr(head.size()))});
            return found.size() < limit;
        });
    } catch (ReadFailure& failure) {
        return fail(std::move(failure.error));
    }
    return found;
}

Task<Result<std::vector<Finding>>> RocksStore::verify() {
    co_return flatten(co_await readers_->run([&] { return verify_everything(*db_, *log_, *blobs_, options_.clock()); }));
}

Task<Result<Stats>> RocksStore::stats() {
    co_return flatten(co_await readers_->run([&] { return count(); }));
}

std::uint64_t RocksStore::property(const char* name) const {
    std::uint64_t value = 0;
    return db_->GetIntProperty(name, &value) ? value : 0;
}

Result<Stats> RocksStore::count() {
    Stats stats;
    stats.commits = committer_->commits();
    stats.commit_groups = committer_->groups();
    stats.records = property("rocksdb.estimate-num-keys");
    stats.record_bytes = property("rocksdb.total-sst-files-size");
    const Result<std::vector<std::uint64_t>> segments = log::segments(*options_.files, log_directory_);
    if (!segments) return fail(segments.error());
    for (const std::uint64_t segment : *segments) {
        stats.record_bytes += files::size_bytes(*options_.files, log::segment_path(log_directory_, segment)).value_or(0);
    }
    try {
        const Snapshot snapshot(*db_, *log_, Snapshot::Disk::yes, Snapshot::Cache::leave);
        const std::string head = keys::version("");
        snapshot.scan(head, prefix_end(head), [&](auto, auto) { return ++stats.partitions > 0; });
    } catch (ReadFailure& failure) {
        return fail(std::move(failure.error));
    }
    const auto add = [&](const Blobs::Listed& blob) -> Result<> {
        ++stats.blobs;
        stats.blob_bytes += blob.size_bytes;
        return {};
    };
    if (Result<> counted = blobs_->for_each(add, [](const std::string&) {}); !counted) return fail(std::move(counted).error());
    return stats;
}

Task<Result<std::uint64_t>> RocksStore::compact() {
    co_return flatten(co_await readers_->run([&]() -> Result<std::uint64_t> {
        rocksdb::CompactRangeOptions options;
        options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        if (const rocksdb::Status status = db_->CompactRange(options, nullptr, nullptr); !status.ok()) {
            return fail(ErrorCode::unavailable, "cannot compact the records: " + status.ToString());
        }
        return janitor_->collect();
    }));
}

}  // namespace packetboat::store
