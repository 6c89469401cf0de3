#include "store/rocks.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include "base/log.h"
#include "store/log_replay.h"
#include "store/rocks_store.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// RocksDB's library is not instrumented: the sanitizer sees what it copies, but not the atomics by which it hands that over.
extern "C" const char* __tsan_default_suppressions() { return "race:librocksdb.so\nmutex:librocksdb.so\n"; }
#endif
#endif

// How the embedded engine starts and stops.
namespace packetboat::store {

namespace {

RocksOptions with_files(RocksOptions options) {
    if (!options.files) options.files = rocksdb::FileSystem::Default();
    return options;
}

Error error_of(const rocksdb::Status& status, const std::string& doing) {
    return Error{status.IsCorruption() ? ErrorCode::internal : ErrorCode::unavailable, doing + ": " + status.ToString()};
}

}  // namespace

RocksStore::RocksStore(RocksOptions options)
    : options_(with_files(std::move(options))),
      log_directory_(options_.directory / "log"),
      space_(options_.files, options_.directory, options_.min_free_bytes) {}

Result<std::unique_ptr<RocksStore>> RocksStore::open(RocksOptions options) {
    std::unique_ptr<RocksStore> store(new RocksStore(std::move(options)));
    if (Result<> started = store->start(); !started) return fail(std::move(started).error());
    return store;
}

Result<> RocksStore::start() {
    for (const char* name : {"records", "log", "blobs"}) {
        if (Result<> made = files::make_directory(*options_.files, options_.directory / name); !made) return made;
    }
    // An earlier run may have made them and not lived to sync them.
    if (Result<> synced = files::sync_directory(*options_.files, options_.directory); !synced) return synced;
    if (Result<> locked = lock(); !locked) return locked;
    if (Result<> opened = open_records(); !opened) return opened;

    const Result<log::End> end = recover();
    if (!end) return fail(end.error());
    if (!options_.durable) log_warning("store.not_durable", "", {{"what", "commits are acknowledged before the disk has them"}});
    log_ = std::make_unique<log::Reader>(options_.files, log_directory_);
    writer_ = std::make_unique<log::Writer>(options_.files,
                                            log::Writer::Options{log_directory_, options_.log_segment_bytes, options_.durable}, *end);
    if (!options_.durable) synced_before_flush_ = writer_.get();
    committer_ = std::make_unique<Committer>(*db_, *writer_, *log_, space_, options_);
    blobs_ = std::make_unique<Blobs>(options_.files, options_.directory / "blobs", space_, options_.clock, options_.blob_threads);
    if (Result<> ready = blobs_->prepare(); !ready) return ready;
    janitor_ = std::make_unique<Janitor>(Janitor::Parts{*db_, *committer_, *log_, options_.files, log_directory_});
    readers_ = std::make_unique<WorkerPool>(
        WorkerPool::Options{.threads = options_.reader_threads, .queue_max = options_.reader_queue_max, .name = "reader"});
    woken_after_change_ = janitor_.get();
    janitor_->wake();
    return {};
}

Result<> RocksStore::lock() {
    const std::string path = options_.directory / "lock";
    const rocksdb::IOStatus status = options_.files->LockFile(path, rocksdb::IOOptions(), &lock_, nullptr);
    if (status.ok()) return {};
    lock_ = nullptr;
    if (status.ToString().find("open a file for lock") != std::string::npos) return fail(files::error(status, "cannot open " + path));
    return fail(ErrorCode::conflict, fmt::format("the data in {} is in use by another process", options_.directory.string()));
}

Result<> RocksStore::open_records() {
    const auto before_flush = [this] {
        log::Writer* writer = synced_before_flush_;
        if (writer == nullptr) return;
        if (const Result<> synced = writer->sync(); !synced) log_error("store.sync", "", {{"what", synced.error().text}});
    };
    const auto after_change = [this] {
        if (Janitor* janitor = woken_after_change_) janitor->wake();
    };
    setup_ = std::make_unique<RocksSetup>(options_, RocksSetup::Hooks{before_flush, after_change});
    rocksdb::DB* db = nullptr;
    const std::string path = options_.directory / "records";
    const rocksdb::Status status = rocksdb::DB::Open(setup_->options(), path, &db);
    if (!status.ok()) return fail(error_of(status, "cannot open the records in " + path));
    db_.reset(db);
    return {};
}

// Shows RocksDB what the log has and its files have not, and has it write that to a file: so a start begins where it ends.
Result<log::End> RocksStore::recover() {
    std::string record;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), keys::applied(), &record);
    if (!status.ok() && !status.IsNotFound()) return fail(error_of(status, "cannot read the records"));
    std::optional<log::LogPosition> applied;
    if (status.ok()) {
        applied = records::parse_position(record);
        if (!applied) return fail(ErrorCode::internal, "the records were written by a version that this one does not know");
    }
    std::uint64_t frames = 0;
    const auto apply = [&](const log::Frame& frame) -> Result<> {
        rocksdb::WriteBatch batch{std::string(frame.batch)};
        rocksdb::WriteOptions options;
        options.disableWAL = true;
        const rocksdb::Status written = db_->Write(options, &batch);
        if (!written.ok()) return fail(error_of(written, "cannot replay the log"));
        ++frames;
        return {};
    };
    Result<log::End> end = log::replay(*options_.files, log_directory_, applied, apply);
    if (!end) return end;
    if (frames > 0) log_info("store.replayed", "", {{"frames", frames}, {"segment", end->at.segment}, {"offset", end->at.offset}});
    if (frames > 0) {
        const rocksdb::Status flushed = db_->Flush(rocksdb::FlushOptions());
        if (!flushed.ok()) return fail(error_of(flushed, "cannot write the records"));
    }
    return end;
}

// Stops taking work first, then answers what is under way, then closes what that needed.
RocksStore::~RocksStore() {
    readers_.reset();
    if (janitor_) janitor_->stop();
    blobs_.reset();
    committer_.reset();
    if (writer_) writer_->close();
    if (db_) {
        // So that the next start has nothing to replay. Should it fail, the log has it all.
        db_->Flush(rocksdb::FlushOptions()).PermitUncheckedError();
        if (const rocksdb::Status status = db_->Close(); !status.ok()) log_warning("store.close", "", {{"what", status.ToString()}});
    }
    db_.reset();  // its threads may have called the writer and the janitor until now
    if (lock_ != nullptr) options_.files->UnlockFile(lock_, rocksdb::IOOptions(), nullptr).PermitUncheckedError();
}

Result<std::unique_ptr<Store>> open_rocks(RocksOptions options) { return RocksStore::open(std::move(options)); }

}  // namespace packetboat::store
