#include "store/verify.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/view.h"

namespace packetboat::store {

using std::chrono::hours;

namespace {

constexpr std::size_t findings_max = 10'000;

class Verification {
public:
    Verification(rocksdb::DB& db, log::Reader& log, const Blobs& blobs, Time now) : db_(db), log_(log), blobs_(blobs), now_(now) {}

    Result<std::vector<Finding>> run() {
        // The blobs first: one that comes while we read has a reference at most later.
        if (Result<> checked = check_blobs(); !checked) return fail(std::move(checked).error());
        if (const rocksdb::Status status = db_.VerifyChecksum(); !status.ok()) found("", "a record file is damaged: " + status.ToString());
        try {
            check_records();
        } catch (const ReadFailure& failure) {
            found("", failure.error.text);
        }
        return std::move(findings_);
    }

private:
    void found(std::string_view partition, std::string what) {
        if (findings_.size() < findings_max) findings_.push_back({escape_control(partition), std::move(what)});
    }

    bool is_referenced(std::string_view digest) const {
        const std::string prefix = keys::referrers_of(digest);
        bool any = false;
        records_.scan(prefix, prefix_end(prefix), [&](auto, auto) {
            any = true;
            return false;
        });
        return any;
    }

    Result<> check_blobs() {
        const auto look_at = [&](const Blobs::Listed& blob) -> Result<> {
            const Result<BlobRef> whole = blobs_.read_whole(blob.digest);
            if (!whole && whole.error().code == ErrorCode::not_found) return {};  // swept meanwhile
            if (!whole) {
                found("", fmt::format("blob {} cannot be read: {}", hex(blob.digest), whole.error().text));
            } else if (whole->digest() != blob.digest) {
                found("", fmt::format("blob {} is damaged: its content is {}", hex(blob.digest), hex(whole->digest())));
            }
            if (blob.written < now_ - hours(48) && !is_referenced(blob.digest)) {
                found("", fmt::format("blob {} of {} bytes is not referred to and has not been swept", hex(blob.digest), blob.size_bytes));
            }
            return {};
        };
        return blobs_.for_each(look_at, [&](const std::string& path) { found("", path + " is no blob"); });
    }

    void check_records() {
        records_.scan("", prefix_end(""), [&](std::string_view key, std::string_view record) {
            check_record(key, record);
            return true;
        });
    }

    void check_record(std::string_view key, std::string_view record) {
        const std::optional<keys::Parsed> parsed = keys::parse(key);
        if (!parsed) return found("", fmt::format("key {} is not in a form this version knows", hex(key)));
        const bool right = parsed->partition.empty() ? check_own(*parsed, record) : check_in_partition(*parsed, key, record);
        if (!right) found(parsed->partition, fmt::format("the record under key {} is not in a form this version knows", hex(key)));
    }

    bool check_own(const keys::Parsed& key, std::string_view record) {
        std::string_view rest = key.rest;
        switch (key.kind) {
            case 'a': return rest.empty() && records::parse_position(record);
            case 'd': return keys::parse_blob(rest) && rest.empty() && records::parse_time(record);
            case 'v': return check_partition(Partition{std::string(rest)}) && records::parse_number(record).value_or(0) > 0;
            case 'b': {
                const std::optional<BlobRef> blob = keys::parse_blob(rest);
                if (!blob || !check_partition(Partition{std::string(rest)}) || !records::is_mark(record)) return false;
                if (!records_.contains(keys::reference(rest, *blob))) {
                    found(rest, fmt::format("blob {} is listed as referred to, but it is not", hex(blob->digest())));
                }
                return true;
            }
            default: return false;
        }
    }

    bool check_in_partition(const keys::Parsed& key, std::string_view whole_key, std::string_view record) {
        if (last_partition_ != key.partition) {
            last_partition_ = key.partition;
            if (!records_.contains(keys::version(key.partition))) found(key.partition, "the partition has records but no version");
        }
        std::string_view rest = key.rest;
        switch (static_cast<keys::Class>(key.kind)) {
            case keys::Class::commit: return rest.size() == 16 && check_commit(key.partition, record);
            case keys::Class::reference: {
                const std::optional<BlobRef> blob = keys::parse_blob(rest);
                if (!blob || !rest.empty() || records::parse_number(record).value_or(0) == 0) return false;
                check_reference(key.partition, *blob);
                return true;
            }
            case keys::Class::user: return rest.size() <= key_max_bytes && check_value(key.partition, whole_key, record);
        }
        return false;
    }

    bool check_commit(std::string_view partition, std::string_view record) {
        const std::optional<records::Commit> commit = records::parse_commit(record);
        if (!commit || commit->result.size() > result_max_bytes) return false;
        if (commit->version == 0 || commit->version > PartitionReader(records_, partition).version()) {
            found(partition, fmt::format("a commit has version {}, which the partition has not reached", commit->version));
        }
        return true;
    }

    void check_reference(std::string_view partition, const BlobRef& blob) {
        if (!records_.contains(keys::referrer(blob, partition))) {
            found(partition, fmt::format("the reference to blob {} is not listed", hex(blob.digest())));
        }
        const Result<std::uint64_t> size = blobs_.size_bytes(blob.digest());
        if (!size) {
            found(partition, fmt::format("blob {} is referred to, but: {}", hex(blob.digest()), size.error().text));
        } else if (*size != blob.size_bytes) {
            found(partition, fmt::format("blob {} has {} bytes instead of {}", hex(blob.digest()), *size, blob.size_bytes));
        }
    }

    bool check_value(std::string_view partition, std::string_view key, std::string_view record) {
        const std::optional<records::Stored> stored = records::parse_stored(record);
        if (!stored) return false;
        const std::uint64_t size = stored->pointer ? stored->pointer->size_bytes : stored->value.size();
        if (size > value_max_bytes) return false;
        if (!stored->pointer) return true;
        const Result<std::string> value = log_.read(*stored->pointer);
        if (value || has_changed(key, record)) return true;
        found(partition, fmt::format("the value under key {}: {}", hex(key), value.error().text));
        return true;
    }

    // The value may have been moved, and its segment removed, since the snapshot was taken.
    bool has_changed(std::string_view key, std::string_view record) const {
        std::string now;
        return !db_.Get(rocksdb::ReadOptions(), rocksdb::Slice(key), &now).ok() || now != record;
    }

    rocksdb::DB& db_;
    log::Reader& log_;
    const Blobs& blobs_;
    Time now_;
    const Snapshot records_{db_, log_, Snapshot::Disk::yes, Snapshot::Cache::leave};
    std::string last_partition_;
    std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> verify_everything(rocksdb::DB& db, log::Reader& log, const Blobs& blobs, Time now) {
    try {
        return Verification(db, log, blobs, now).run();
    } catch (ReadFailure& failure) {
        return fail(std::move(failure.error));
    }
}

}  // namespace packetboat::store
