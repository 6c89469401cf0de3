#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <rocksdb/db.h>

#include "base/error.h"
#include "store/keys.h"
#include "store/limits.h"
#include "store/log_reader.h"

// How the RocksDB engine reads: records by their inner keys (Records), and above them one partition as callers see it.
namespace packetboat::store {

// What the engine throws out of a body, never out of itself.
struct WouldBlock {};  // the disk is needed: run the body again on a reader thread
struct ReadFailure {
    Error error;
};

class Records {
public:
    virtual ~Records() = default;

    virtual std::optional<std::string> get(std::string_view key) const = 0;
    virtual bool contains(std::string_view key) const { return get(key).has_value(); }
    // from <= key < to, rising or falling, until `visit` answers false.
    using Visit = std::function<bool(std::string_view key, std::string_view record)>;
    virtual void scan(std::string_view from, std::string_view to, const Visit& visit) const = 0;
    virtual void scan_back(std::string_view from, std::string_view to, const Visit& visit) const = 0;
    // A value that lies in the log.
    virtual std::string load(const records::Pointer& pointer) const = 0;
};

// What RocksDB has, at a snapshot or now.
class Snapshot final : public Records {
public:
    enum class Disk : bool { no, yes };
    enum class Cache : bool { leave, fill };  // what is read once, like everything, is not worth the cache
    Snapshot(rocksdb::DB& db, log::Reader& log, Disk disk, Cache cache = Cache::fill);
    ~Snapshot() override;
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    std::optional<std::string> get(std::string_view key) const override;
    bool contains(std::string_view key) const override;
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override;
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override;
    std::string load(const records::Pointer& pointer) const override;

private:
    rocksdb::DB& db_;
    log::Reader& log_;
    Disk disk_;
    rocksdb::ReadOptions options_;
};

// An answer of RocksDB: true for found, false for not found; throws what the engine throws.
bool check_read(const rocksdb::Status& status);

// The value that a record stands for.
std::string value_of(const Records& records, std::string_view record);

class PartitionReader final : public Reader {
public:
    PartitionReader(const Records& records, std::string_view name)
        : records_(records), name_(name), prefix_(keys::class_prefix(name, keys::Class::user)) {}

    std::optional<std::string> get(std::string_view key) const override;
    bool contains(std::string_view key) const override { return records_.contains(prefix_ + std::string(key)); }
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override;
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override;
    std::uint64_t version() const override;

private:
    Records::Visit unwrap(const Visit& visit) const;

    const Records& records_;
    std::string_view name_;
    std::string prefix_;
};

}  // namespace packetboat::store
