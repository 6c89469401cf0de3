#include "store/rocks_options.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "base/log.h"
#include "base/record.h"
#include "store/keys.h"

namespace packetboat::store {

using std::chrono::hours;

namespace {

constexpr const char* property = "packetboat.log";

// Drops what commits answered once their day is over.
class OldCommits final : public rocksdb::CompactionFilter {
public:
    explicit OldCommits(std::function<Time()> clock) : clock_(std::move(clock)) {}
    const char* Name() const override { return "packetboat.old_commits"; }

    bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& record, std::string*, bool*) const override {
        const std::optional<keys::Parsed> parsed = keys::parse(key.ToStringView());
        if (!parsed || parsed->partition.empty() || parsed->kind != static_cast<char>(keys::Class::commit)) return false;
        const std::optional<records::Commit> commit = records::parse_commit(record.ToStringView());
        return commit && commit->when < clock_() - hours(25);
    }

private:
    std::function<Time()> clock_;
};

// Adds up what the records of a file point to in the log, and writes it into the file.
class LogUse final : public rocksdb::TablePropertiesCollector {
public:
    const char* Name() const override { return property; }

    rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice& record, rocksdb::EntryType type, rocksdb::SequenceNumber,
                               std::uint64_t) override {
        if (type != rocksdb::kEntryPut) return rocksdb::Status::OK();
        const std::optional<keys::Parsed> parsed = keys::parse(key.ToStringView());
        if (!parsed || parsed->partition.empty() || parsed->kind != static_cast<char>(keys::Class::user)) return rocksdb::Status::OK();
        const std::optional<records::Stored> stored = records::parse_stored(record.ToStringView());
        if (stored && stored->pointer) bytes_[stored->pointer->at.segment] += stored->pointer->size_bytes;
        return rocksdb::Status::OK();
    }
    rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
        Writer out;
        for (const auto& [segment, bytes] : bytes_) out.varint(segment).varint(bytes);
        properties->insert_or_assign(property, out.take());
        return rocksdb::Status::OK();
    }
    rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }

private:
    std::map<std::uint64_t, std::uint64_t> bytes_;
};

class LogUseFactory final : public rocksdb::TablePropertiesCollectorFactory {
public:
    const char* Name() const override { return property; }
    rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override { return new LogUse; }
};

class Listener final : public rocksdb::EventListener {
public:
    explicit Listener(RocksSetup::Hooks hooks) : hooks_(std::move(hooks)) {}
    void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { hooks_.before_flush(); }
    void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { hooks_.after_change(); }
    void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override { hooks_.after_change(); }
    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
        log_error("store.background_error", "", {{"what", status->ToString()}});
    }

private:
    RocksSetup::Hooks hooks_;
};

// What RocksDB has to say goes where everything goes, instead of into a file of its own.
class ToOurLog final : public rocksdb::Logger {
public:
    ToOurLog() : rocksdb::Logger(rocksdb::WARN_LEVEL) {}
    using rocksdb::Logger::Logv;
    void Logv(const char* format, va_list arguments) override { Logv(rocksdb::WARN_LEVEL, format, arguments); }
    __attribute__((format(printf, 3, 0))) void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < rocksdb::WARN_LEVEL || level == rocksdb::HEADER_LEVEL || !log_enabled(LogLevel::debug)) return;
        char text[1024];
        const int length = std::vsnprintf(text, sizeof text, format, arguments);
        if (length > 0)
            log_debug("store.rocksdb", "",
                      {{"what", std::string_view(text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1))}});
    }
};

rocksdb::BlockBasedTableOptions table_options(const RocksOptions& options) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_size = 8 << 10;
    table.format_version = 5;
    // Indexes and filters count as cache, so that memory is bounded however much there is on disk.
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    return table;
}

rocksdb::CompressionType compression() {
    const std::vector<rocksdb::CompressionType> all = rocksdb::GetSupportedCompressions();
    return std::ranges::find(all, rocksdb::kLZ4Compression) != all.end() ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

RocksSetup::RocksSetup(const RocksOptions& options, Hooks hooks) : filter_(std::make_unique<OldCommits>(options.clock)) {
    if (options.files) env_ = rocksdb::NewCompositeEnv(options.files);
    rocksdb::Options& to = options_;
    if (env_) to.env = env_.get();
    to.create_if_missing = true;
    to.info_log = std::make_shared<ToOurLog>();
    to.stats_dump_period_sec = 0;
    to.stats_persist_period_sec = 0;
    to.max_open_files = options.record_files_open_max;
    to.max_manifest_file_size = 16 << 20;

    to.write_buffer_size = options.memtable_bytes;
    to.max_write_buffer_number = 4;
    to.allow_concurrent_memtable_write = false;  // there is one writer
    to.max_background_jobs = 2;
    to.bytes_per_sync = 1 << 20;
    to.level_compaction_dynamic_level_bytes = true;
    to.compression = compression();
    to.compaction_filter = filter_.get();
    to.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(options)));
    to.table_properties_collector_factories.push_back(std::make_shared<LogUseFactory>());
    // Erased records are compacted away soon, so that their values' segments can go.
    to.table_properties_collector_factories.push_back(rocksdb::NewCompactOnDeletionCollectorFactory(1024, 512, 0.5));
    to.listeners.push_back(std::make_shared<Listener>(std::move(hooks)));
}

RocksSetup::~RocksSetup() = default;

Result<std::map<std::uint64_t, std::uint64_t>> referenced_log_bytes(rocksdb::DB& db) {
    rocksdb::TablePropertiesCollection tables;
    if (const rocksdb::Status status = db.GetPropertiesOfAllTables(&tables); !status.ok()) {
        return fail(ErrorCode::unavailable, "cannot read the properties of record files: " + status.ToString());
    }
    std::map<std::uint64_t, std::uint64_t> bytes;
    for (const auto& [name, properties] : tables) {
        const auto found = properties->user_collected_properties.find(property);
        if (found == properties->user_collected_properties.end())
            return fail(ErrorCode::internal, name + " does not say what it points to");
        RecordReader in(found->second);
        while (!in.ok_and_done()) {
            const std::uint64_t segment = in.varint();
            bytes[segment] += in.varint();
            if (in.failed()) return fail(ErrorCode::internal, name + " says in a strange way what it points to");
        }
    }
    return bytes;
}

}  // namespace packetboat::store
