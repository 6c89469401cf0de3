#include "store/memory.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "store/limits.h"
#include "store/sha256.h"

namespace packetboat::store {
namespace {

using std::chrono::hours;

struct Remembered {
    std::uint64_t version;
    std::string result;
    Time when;
};

struct Content {
    std::uint64_t version = 0;
    std::map<std::string, std::string, std::less<>> records;
    std::map<BlobRef, std::uint64_t> references;
    std::map<CommitId, Remembered> commits;
};

struct StoredBlob {
    std::shared_ptr<const std::string> bytes;  // shared with the readers of a blob that is swept meanwhile
    Time written;
};

struct Everything {
    std::mutex mutex;
    std::map<std::string, Content, std::less<>> partitions;
    std::map<BlobRef, StoredBlob> blobs;
    std::function<Time()> clock;
};

class MemoryReader final : public Reader {
public:
    explicit MemoryReader(const Content& content) : content_(content) {}

    std::optional<std::string> get(std::string_view key) const override {
        const auto found = content_.records.find(key);
        if (found == content_.records.end()) return std::nullopt;
        return found->second;
    }
    // Each step finds its place anew and hands out copies, for `visit` may change the records of a transaction.
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override {
        const std::string end(to);
        auto at = content_.records.lower_bound(from);
        while (at != content_.records.end() && at->first < end) {
            const std::string key = at->first;
            const std::string value = at->second;
            if (!visit(key, value)) return;
            at = content_.records.upper_bound(key);
        }
    }
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override {
        const std::string end(from);
        auto at = content_.records.lower_bound(to);
        while (at != content_.records.begin() && (--at)->first >= end) {
            const std::string key = at->first;
            const std::string value = at->second;
            if (!visit(key, value)) return;
            at = content_.records.lower_bound(key);
        }
    }
    std::uint64_t version() const override { return content_.version; }

private:
    const Content& content_;
};

// Changes the partition in place and remembers what was there, to put it back.
class MemoryTransaction final : public Transaction {
public:
    explicit MemoryTransaction(Content& content) : content_(content), reader_(content) {}

    std::optional<std::string> get(std::string_view key) const override { return reader_.get(key); }
    void scan(std::string_view from, std::string_view to, const Visit& visit) const override { reader_.scan(from, to, visit); }
    void scan_back(std::string_view from, std::string_view to, const Visit& visit) const override { reader_.scan_back(from, to, visit); }
    std::uint64_t version() const override { return content_.version + 1; }

    void put(std::string_view key, std::string_view value) override {
        if (!allowed(key, value)) return;
        std::string copy(value);  // `value` may be a view of the record itself
        content_.records.insert_or_assign(remember(key), std::move(copy));
    }
    void erase(std::string_view key) override {
        if (!allowed(key, {})) return;
        content_.records.erase(remember(key));
    }
    void refer(const BlobRef& blob) override { set_references(blob, references(blob) + 1); }
    void release(const BlobRef& blob) override {
        const std::uint64_t count = references(blob);
        if (count > 0) return set_references(blob, count - 1);
        mistake_.note(fail(ErrorCode::invalid, "a blob was released that the partition does not refer to"));
    }

    const std::optional<Error>& mistake() const { return mistake_.first(); }

    void roll_back() {
        for (auto& [key, value] : records_before_) {
            if (value) {
                content_.records.insert_or_assign(key, std::move(*value));
            } else {
                content_.records.erase(key);
            }
        }
        for (const auto& [blob, count] : references_before_) write_references(blob, count);
    }

private:
    bool allowed(std::string_view key, std::string_view value) {
        bytes_ += key.size() + value.size();
        return mistake_.note(check_record(key, value)) && mistake_.note(check_commit_size(bytes_));
    }
    std::string remember(std::string_view key) {
        std::string copy(key);
        if (!records_before_.contains(copy)) records_before_.emplace(copy, get(copy));
        return copy;
    }
    std::uint64_t references(const BlobRef& blob) const {
        const auto found = content_.references.find(blob);
        return found == content_.references.end() ? 0 : found->second;
    }
    void set_references(const BlobRef& blob, std::uint64_t count) {
        references_before_.try_emplace(blob, references(blob));
        write_references(blob, count);
    }
    void write_references(const BlobRef& blob, std::uint64_t count) {
        if (count == 0) {
            content_.references.erase(blob);
        } else {
            content_.references[blob] = count;
        }
    }

    Content& content_;
    MemoryReader reader_;
    Mistake mistake_;
    std::size_t bytes_ = 0;
    std::map<std::string, std::optional<std::string>> records_before_;
    std::map<BlobRef, std::uint64_t> references_before_;
};

class MemoryBlobWriter final : public BlobWriter {
public:
    explicit MemoryBlobWriter(std::shared_ptr<Everything> all) : all_(std::move(all)) {}

    Task<Result<>> append(std::string bytes) override {
        bytes_ += bytes;
        co_return Result<>();
    }
    Task<Result<BlobRef>> finish() override {
        const BlobRef blob = blob_of(bytes_);
        const std::scoped_lock lock(all_->mutex);
        all_->blobs.insert_or_assign(blob, StoredBlob{std::make_shared<const std::string>(std::move(bytes_)), all_->clock()});
        co_return blob;
    }

private:
    std::shared_ptr<Everything> all_;
    std::string bytes_;
};

class MemoryBlobReader final : public BlobReader {
public:
    explicit MemoryBlobReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

    std::uint64_t size_bytes() const override { return bytes_->size(); }
    Task<Result<std::string>> read(std::uint64_t offset, std::size_t count) override {
        if (offset >= bytes_->size()) co_return std::string();
        co_return bytes_->substr(static_cast<std::size_t>(offset), count);
    }

private:
    std::shared_ptr<const std::string> bytes_;
};

class MemoryStore final : public Store {
public:
    explicit MemoryStore(std::function<Time()> clock) { all_->clock = std::move(clock); }

    Task<Result<Committed>> write(Partition partition, std::optional<CommitId> id, WriteBody body) override {
        if (Result<> checked = check_partition(partition); !checked) co_return fail(std::move(checked).error());
        co_return commit(partition.name, id, body);
    }

    Result<std::unique_ptr<BlobWriter>> create_blob() override { return std::make_unique<MemoryBlobWriter>(all_); }

    Task<Result<std::unique_ptr<BlobReader>>> open_blob(const BlobRef& blob) override {
        const std::scoped_lock lock(all_->mutex);
        const auto found = all_->blobs.find(blob);
        if (found == all_->blobs.end()) co_return fail(ErrorCode::not_found, "no such blob: " + hex(blob.digest()));
        co_return std::make_unique<MemoryBlobReader>(found->second.bytes);
    }

    Task<Result<std::uint64_t>> sweep_blobs() override {
        const std::scoped_lock lock(all_->mutex);
        const Time limit = all_->clock() - hours(24);
        co_return std::erase_if(all_->blobs, [&](const auto& entry) {
            return entry.second.written < limit &&
                   std::ranges::none_of(
                       all_->partitions, [&](const auto& partition) { return partition.second.references.contains(entry.first); });
        });
    }

    Task<Result<std::vector<Partition>>> partitions(std::string prefix, std::string after, std::size_t limit) override {
        const std::scoped_lock lock(all_->mutex);
        std::vector<Partition> found;
        auto at = after < prefix ? all_->partitions.lower_bound(prefix) : all_->partitions.upper_bound(after);
        for (; at != all_->partitions.end() && at->first.starts_with(prefix) && found.size() < limit; ++at) {
            found.push_back(Partition{at->first});
        }
        co_return found;
    }

    Task<Result<std::vector<Finding>>> verify() override {
        const std::scoped_lock lock(all_->mutex);
        std::vector<Finding> findings;
        for (const auto& [name, content] : all_->partitions) {
            for (const auto& [blob, count] : content.references) {
                if (all_->blobs.contains(blob)) continue;
                findings.push_back({escape_control(name), fmt::format("blob {} is referred to but missing", hex(blob.digest()))});
            }
        }
        co_return findings;
    }

    Task<Result<Stats>> stats() override {
        const std::scoped_lock lock(all_->mutex);
        Stats stats = counters_;
        stats.partitions = all_->partitions.size();
        for (const auto& [name, content] : all_->partitions) {
            stats.records += content.records.size();
            for (const auto& [key, value] : content.records) stats.record_bytes += key.size() + value.size();
        }
        stats.blobs = all_->blobs.size();
        for (const auto& [blob, stored] : all_->blobs) stats.blob_bytes += blob.size_bytes;
        co_return stats;
    }

    bool failed() const override { return false; }

protected:
    Task<Result<>> read_any(Partition partition, Weight, ReadBody body) override {
        if (Result<> checked = check_partition(partition); !checked) co_return checked;
        const std::scoped_lock lock(all_->mutex);
        const auto found = all_->partitions.find(partition.name);
        const Content nothing;
        body(MemoryReader(found == all_->partitions.end() ? nothing : found->second));
        co_return Result<>();
    }

private:
    Result<Committed> commit(const std::string& name, const std::optional<CommitId>& id, WriteBody& body) {
        const std::scoped_lock lock(all_->mutex);
        const auto [place, is_new] = all_->partitions.try_emplace(name);
        Content& content = place->second;
        if (const Remembered* before = id ? known(content, *id) : nullptr) return Committed{before->version, true, before->result};

        Result<std::string> result = run(content, body);
        if (!result) {
            if (is_new) all_->partitions.erase(place);
            return fail(std::move(result).error());
        }
        ++content.version;
        ++counters_.commits;
        ++counters_.commit_groups;
        if (id) content.commits.insert_or_assign(*id, Remembered{content.version, *result, all_->clock()});
        return Committed{content.version, false, std::move(*result)};
    }

    const Remembered* known(const Content& content, const CommitId& id) const {
        const auto found = content.commits.find(id);
        if (found == content.commits.end() || found->second.when < all_->clock() - hours(24)) return nullptr;
        return &found->second;
    }

    Result<std::string> run(Content& content, WriteBody& body) {
        MemoryTransaction transaction(content);
        Result<std::string> result = fail(ErrorCode::internal, "the body of a write threw an exception");
        try {
            result = body(transaction);
        } catch (const std::exception& exception) {
            log_error("store.body_threw", "", {{"what", exception.what()}});
        }
        if (result && transaction.mistake()) result = fail(*transaction.mistake());
        if (result) {
            if (Result<> checked = check_result(*result); !checked) result = fail(std::move(checked).error());
        }
        if (!result) transaction.roll_back();
        return result;
    }

    // Shared with blob writers, which may outlive the store in a test that tears things down in any order.
    std::shared_ptr<Everything> all_ = std::make_shared<Everything>();
    Stats counters_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(std::function<Time()> clock) { return std::make_unique<MemoryStore>(std::move(clock)); }

}  // namespace packetboat::store
