#include "store/view.h"

#include "base/log.h"

namespace packetboat::store {

using rocksdb::PinnableSlice;
using rocksdb::Slice;

bool check_read(const rocksdb::Status& status) {
    if (status.ok()) return true;
    if (status.IsNotFound()) return false;
    if (status.IsIncomplete()) throw WouldBlock();
    log_error("store.read_failed", "", {{"what", status.ToString()}});
    throw ReadFailure{{status.IsCorruption() ? ErrorCode::internal : ErrorCode::unavailable, "cannot read records: " + status.ToString()}};
}

Snapshot::Snapshot(rocksdb::DB& db, log::Reader& log, Disk disk, Cache cache) : db_(db), log_(log), disk_(disk) {
    options_.snapshot = db.GetSnapshot();
    options_.fill_cache = cache == Cache::fill;
    options_.read_tier = disk == Disk::yes ? rocksdb::kReadAllTier : rocksdb::kBlockCacheTier;
}

Snapshot::~Snapshot() { db_.ReleaseSnapshot(options_.snapshot); }

std::optional<std::string> Snapshot::get(std::string_view key) const {
    std::string record;
    if (!check_read(db_.Get(options_, Slice(key), &record))) return std::nullopt;
    return record;
}

bool Snapshot::contains(std::string_view key) const {
    PinnableSlice record;
    return check_read(db_.Get(options_, db_.DefaultColumnFamily(), Slice(key), &record));
}

void Snapshot::scan(std::string_view from, std::string_view to, const Visit& visit) const {
    if (from >= to) return;
    rocksdb::ReadOptions options = options_;
    const Slice end(to);
    options.iterate_upper_bound = &end;
    const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
    for (at->Seek(Slice(from)); at->Valid(); at->Next()) {
        if (!visit(at->key().ToStringView(), at->value().ToStringView())) return;
    }
    check_read(at->status());
}

void Snapshot::scan_back(std::string_view from, std::string_view to, const Visit& visit) const {
    if (from >= to) return;
    rocksdb::ReadOptions options = options_;
    const Slice begin(from);
    const Slice end(to);
    options.iterate_lower_bound = &begin;
    options.iterate_upper_bound = &end;
    const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
    for (at->SeekToLast(); at->Valid(); at->Prev()) {
        if (!visit(at->key().ToStringView(), at->value().ToStringView())) return;
    }
    check_read(at->status());
}

std::string Snapshot::load(const records::Pointer& pointer) const {
    if (std::optional<std::string> value = log_.read_if_cached(pointer)) return std::move(*value);
    if (disk_ == Disk::no) throw WouldBlock();
    Result<std::string> value = log_.read(pointer);
    if (!value) throw ReadFailure{std::move(value).error()};
    return std::move(*value);
}

std::string value_of(const Records& records, std::string_view record) {
    const std::optional<records::Stored> stored = records::parse_stored(record);
    if (!stored) throw ReadFailure{{ErrorCode::internal, "a record is not in a form this version knows"}};
    return stored->pointer ? records.load(*stored->pointer) : std::string(stored->value);
}

std::optional<std::string> PartitionReader::get(std::string_view key) const {
    std::optional<std::string> record = records_.get(prefix_ + std::string(key));
    if (!record) return std::nullopt;
    return value_of(records_, *record);
}

Records::Visit PartitionReader::unwrap(const Visit& visit) const {
    return [&](std::string_view key, std::string_view record) {
        const std::optional<records::Stored> stored = records::parse_stored(record);
        if (stored && !stored->pointer) return visit(key.substr(prefix_.size()), stored->value);
        const std::string value = value_of(records_, record);
        return visit(key.substr(prefix_.size()), value);
    };
}

void PartitionReader::scan(std::string_view from, std::string_view to, const Visit& visit) const {
    records_.scan(prefix_ + std::string(from), prefix_ + std::string(to), unwrap(visit));
}

void PartitionReader::scan_back(std::string_view from, std::string_view to, const Visit& visit) const {
    records_.scan_back(prefix_ + std::string(from), prefix_ + std::string(to), unwrap(visit));
}

std::uint64_t PartitionReader::version() const {
    const std::optional<std::string> record = records_.get(keys::version(name_));
    if (!record) return 0;
    const std::optional<std::uint64_t> version = records::parse_number(*record);
    if (!version) throw ReadFailure{{ErrorCode::internal, "a partition's version is not in a form this version of ours knows"}};
    return *version;
}

}  // namespace packetboat::store
