#include "store/janitor.h"

#include <pthread.h>

#include "base/log.h"
#include "store/log_replay.h"
#include "store/rocks_options.h"

namespace packetboat::store {

using log::LogPosition;

namespace {

constexpr std::size_t move_max_bytes = 1 << 20;  // of values in one commit

// A value that is found in a segment and still in use.
struct Found {
    std::string key;
    std::string record;
    std::string value;
};

}  // namespace

Janitor::Janitor(Parts parts) : parts_(std::move(parts)) {
    thread_ = std::thread([this] { work(); });
    pthread_setname_np(thread_.native_handle(), "janitor");
}

Janitor::~Janitor() { stop(); }

void Janitor::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Janitor::wake() {
    const std::scoped_lock lock(mutex_);
    awake_ = true;
    wake_.notify_all();
}

void Janitor::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return stopping_ || awake_; });
        // Changes come in flurries; one round for all of them.
        wake_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; });
        if (stopping_) return;
        awake_ = false;
        lock.unlock();
        if (const Result<std::uint64_t> collected = collect(); !collected) {
            log_warning("store.collect", "", {{"what", collected.error().text}});
        }
        lock.lock();
    }
}

Result<std::uint64_t> Janitor::collect() {
    const std::scoped_lock lock(collecting_);
    // Asked before the files are: what has been written to them up to there is in them.
    rocksdb::ReadOptions persisted;
    persisted.read_tier = rocksdb::kPersistedTier;
    std::string record;
    const rocksdb::Status status = parts_.db.Get(persisted, keys::applied(), &record);
    if (status.IsNotFound()) return 0;
    const std::optional<LogPosition> applied = status.ok() ? records::parse_position(record) : std::nullopt;
    if (!applied) return fail(ErrorCode::internal, "cannot read how far the log has been applied: " + status.ToString());

    const Result<std::map<std::uint64_t, std::uint64_t>> referenced = referenced_log_bytes(parts_.db);
    if (!referenced) return fail(referenced.error());
    const Result<std::vector<std::uint64_t>> segments = log::segments(*parts_.files, parts_.directory);
    if (!segments) return fail(segments.error());

    std::uint64_t removed = 0;
    for (const std::uint64_t segment : *segments) {
        if (segment >= applied->segment) break;  // a start would read it
        const auto found = referenced->find(segment);
        const Result<bool> gone = remove_or_move(segment, found == referenced->end() ? 0 : found->second);
        if (!gone) return fail(gone.error());
        if (*gone) ++removed;
    }
    if (removed > 0) log_info("store.collected", "", {{"segments", removed}});
    return removed;
}

Result<bool> Janitor::remove_or_move(std::uint64_t segment, std::uint64_t referenced_bytes) {
    const Result<std::uint64_t> size = files::size_bytes(*parts_.files, log::segment_path(parts_.directory, segment));
    if (!size) return fail(size.error());
    if (referenced_bytes == 0) {
        if (Result<> removed = remove(segment); !removed) return fail(std::move(removed).error());
        return true;
    }
    // The rest of a full segment are records that came with the values, so that a third or more is nothing unusual.
    if (referenced_bytes > *size / 3 || moved_.contains(segment)) return false;
    return move_values(segment, *size);
}

// Writes the values that are still in use once more, each only if its record has not changed until then.
Result<bool> Janitor::move_values(std::uint64_t segment, std::uint64_t size_bytes) {
    std::vector<Found> found;
    std::size_t found_bytes = 0;
    const auto move = [&]() -> Result<> {
        Commit commit;
        commit.own = [&](Group& group) {
            for (const Found& one : found) {
                if (group.get(one.key) == one.record) group.put_value(one.key, one.value);
            }
        };
        Result<Committed> moved = parts_.committer.submit_and_wait(commit);
        found.clear();
        found_bytes = 0;
        if (!moved) return fail(std::move(moved).error());
        return {};
    };
    const auto look_at = [&](const log::Frame& frame) -> Result<> {
        const LogPosition from = frame.values_at();
        const LogPosition to{from.segment, from.offset + frame.values.size()};
        log::visit_values(frame.batch, from, to, [&](std::string_view key, std::string_view record, const records::Pointer& pointer) {
            std::string current;
            if (!parts_.db.Get(rocksdb::ReadOptions(), rocksdb::Slice(key), &current).ok() || current != record) return;
            const std::string_view value = frame.values.substr(pointer.at.offset - from.offset, pointer.size_bytes);
            found.push_back({std::string(key), std::string(record), std::string(value)});
            found_bytes += value.size();
        });
        return found_bytes >= move_max_bytes ? move() : Result<>();
    };
    const LogPosition begin{segment, log::segment_header_bytes};
    const Result<LogPosition> end = log::read_segment(*parts_.files, parts_.directory, begin, look_at);
    if (!end) return fail(end.error());
    if (!found.empty()) {
        if (Result<> moved = move(); !moved) return fail(std::move(moved).error());
    }
    // What lies behind the last frame that could be read may be damage, with values behind it that are in use: then it stays
    // until nothing points to it any more.
    if (end->offset != size_bytes) {
        moved_.insert(segment);
        return false;
    }
    if (Result<> removed = remove(segment); !removed) return fail(std::move(removed).error());
    return true;
}

Result<> Janitor::remove(std::uint64_t segment) {
    const std::filesystem::path path = log::segment_path(parts_.directory, segment);
    if (const rocksdb::IOStatus status = parts_.files->DeleteFile(path, rocksdb::IOOptions(), nullptr); !status.ok()) {
        return fail(files::error(status, "cannot remove " + path.string()));
    }
    parts_.log.forget(segment);
    moved_.erase(segment);
    return {};
}

}  // namespace packetboat::store
