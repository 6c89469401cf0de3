#include "store/committer.h"

#include <pthread.h>

#include <cassert>

#include "base/log.h"
#include "store/transaction.h"

namespace packetboat::store {

using std::chrono::hours;

namespace {
constexpr std::size_t group_max_commits = 1024;
constexpr std::chrono::milliseconds resume_pause{50};
// While the log is busy the preparing thread is woken for so many bodies at once: a switch of threads costs as much as a body, and the
// few that are left when the log is free delay their group by less than a switch would have cost each of them.
constexpr std::size_t worth_waking_commits = 8;
}  // namespace

struct Committer::Batch {
    Batch(std::shared_ptr<Batch> before_us, std::unique_ptr<Group> ours) : before(std::move(before_us)), group(std::move(ours)) {}

    std::shared_ptr<Batch> before;  // on its way to the disk when this one was begun; its fate is ours
    std::shared_ptr<Group> group;
    std::vector<Commit*> members;
    bool failed = false;

    bool full(const RocksOptions& options) const {
        return members.size() >= group_max_commits || group->size_bytes() >= options.commit_group_max_bytes;
    }
};

Committer::Committer(rocksdb::DB& db, log::Writer& writer, log::Reader& reader, Space& space, const RocksOptions& options)
    : db_(db), writer_(writer), reader_(reader), space_(space), options_(options) {
    for (std::thread& thread : threads_) {
        thread = std::thread([this] { work(); });
        pthread_setname_np(thread.native_handle(), "committer");
    }
}

Committer::~Committer() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    idle_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool Committer::submit(Commit& commit) {
    const char* why = nullptr;
    {
        const std::scoped_lock lock(mutex_);
        if (failed_) {
            why = "the store has failed; it must be started anew";
        } else if (stopping_) {
            why = "the store is stopping";
        } else if (queue_.size() >= options_.commit_queue_max) {
            why = "too many writes are waiting";
        } else {
            queue_.push_back(&commit);
            if (preparing_) {
                if (queue_.size() == worth_waking_commits) prepared_.notify_one();
            } else if (queue_.size() == 1) {
                idle_.notify_one();
            }
        }
    }
    if (why != nullptr) commit.result = fail(ErrorCode::unavailable, why);
    return why == nullptr;
}

Result<Committed> Committer::submit_and_wait(Commit& commit) {
    if (submit(commit)) commit.answered.acquire();
    return std::move(commit.result);
}

void Committer::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        idle_.wait(lock, [&] { return !preparing_ && (stopping_ || !queue_.empty()); });
        if (queue_.empty()) return;
        preparing_ = true;
        std::shared_ptr<Batch> batch = begin();
        prepare(lock, batch);  // ends when the log is ours

        lock.unlock();
        if (batch->group->changed()) batch->group->seal();
        batch->before.reset();
        lock.lock();
        logged_ = batch;
        last_frame_bytes_ = batch->group->frame().size();
        preparing_ = false;
        if (stopping_) {
            idle_.notify_all();
        } else if (!queue_.empty()) {
            idle_.notify_one();
        }

        lock.unlock();
        finish(*batch);
        lock.lock();
        logged_ = nullptr;
        logging_ = false;
        prepared_.notify_one();

        lock.unlock();
        answer(*batch);
        batch.reset();
        lock.lock();
    }
}

// Where the group goes is known although the one before it is still on its way: where that one ends.
std::shared_ptr<Committer::Batch> Committer::begin() {
    const bool over = logged_ && logged_->group->changed();
    const log::LogPosition at = over ? writer_.after(logged_->group->end()) : writer_.next();
    // About as much as last time, and a little more: growing means copying.
    const Group::Options options{options_.inline_max_bytes, last_frame_bytes_ + last_frame_bytes_ / 4};
    auto group = std::make_unique<Group>(db_, reader_, over ? logged_->group : nullptr, writer_.header_for(at), options);
    return std::make_shared<Batch>(logged_, std::move(group));
}

// Runs bodies as they come until the log is free. Should the group before have failed meanwhile, all are run again, over what
// is really there.
void Committer::prepare(std::unique_lock<std::mutex>& lock, std::shared_ptr<Batch>& batch) {
    for (;;) {
        run_waiting(lock, *batch);
        if (!logging_) {
            if (!batch->before || !batch->before->failed) break;
            std::vector<Commit*> members = std::move(batch->members);
            batch = begin();
            batch->members = std::move(members);
            lock.unlock();
            for (Commit* commit : batch->members) run(*batch->group, *commit);
            lock.lock();
            continue;
        }
        prepared_.wait(lock, [&] { return !logging_ || (queue_.size() >= worth_waking_commits && !batch->full(options_)); });
    }
    logging_ = true;
}

void Committer::run_waiting(std::unique_lock<std::mutex>& lock, Batch& batch) {
    while (!queue_.empty() && !batch.full(options_)) {
        Commit* commit = queue_.front();
        queue_.pop_front();
        lock.unlock();
        batch.members.push_back(commit);
        run(*batch.group, *commit);
        lock.lock();
    }
}

void Committer::run(Group& group, Commit& commit) {
    try {
        commit.result = run_body(group, commit);
    } catch (ReadFailure& failure) {
        // Not that somebody takes a file that is missing for a record that is not there.
        if (failure.error.code == ErrorCode::not_found) failure.error.code = ErrorCode::internal;
        commit.result = fail(std::move(failure.error));
    } catch (const std::exception& exception) {
        log_error("store.body_threw", "", {{"what", exception.what()}});
        commit.result = fail(ErrorCode::internal, "the body of a write threw an exception");
    }
    if (commit.result) {
        group.keep();
    } else {
        group.roll_back();
    }
}

Result<Committed> Committer::run_body(Group& group, Commit& commit) {
    if (failed_) return fail(ErrorCode::unavailable, "the store has failed; it must be started anew");
    if (commit.own) {
        commit.own(group);
        return Committed{};
    }
    const Time now = options_.clock();
    const std::string id_key = commit.id ? keys::commit(commit.partition, *commit.id) : std::string();
    if (commit.id) {
        const std::optional<std::string> record = group.get(id_key);
        std::optional<records::Commit> before = record ? records::parse_commit(*record) : std::nullopt;
        if (record && !before) return fail(ErrorCode::internal, "a commit's record is not in a form this version knows");
        if (before && before->when >= now - hours(24)) return Committed{before->version, true, std::move(before->result)};
    }

    PartitionTransaction transaction(group, commit.partition, now);
    Result<std::string> result = commit.body(transaction);
    if (!result) return fail(std::move(result).error());
    if (!transaction.is_freeing_space()) {
        if (Result<> space = space_.check(); !space) return fail(std::move(space).error());
    }
    if (transaction.mistake()) return fail(*transaction.mistake());
    if (Result<> checked = check_result(*result); !checked) return fail(std::move(checked).error());

    const std::uint64_t version = transaction.version();
    group.put(keys::version(commit.partition), records::number(version));
    if (commit.id) group.put(id_key, records::commit(version, now, *result));
    return Committed{version, false, std::move(*result)};
}

void Committer::finish(Batch& batch) {
    if (failed_) return refuse(batch, {ErrorCode::unavailable, "the store has failed; it must be started anew"});
    Group& group = *batch.group;
    if (!group.changed()) return;  // errors and replays; the group before them is on disk by now
    log::Writer::Written written = writer_.write(group.at(), group.frame());
    if (written.outcome == log::Writer::Outcome::written) {
        if (apply(group)) return;
        return refuse(batch, {ErrorCode::unavailable, "the records could not be written"});
    }
    log_error("store.write_failed", "", {{"what", written.error.text}});
    if (written.outcome == log::Writer::Outcome::doubtful) failed_ = true;
    refuse(batch, {ErrorCode::unavailable, std::move(written.error.text)});
}

bool Committer::apply(Group& group) {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    rocksdb::Status status = db_.Write(options, &group.batch());
    if (!status.ok()) {
        // RocksDB stops taking writes after a flush or a compaction has failed, a full disk for one. The log has the group,
        // so it must be shown now or never: a later group builds on it.
        log_warning("store.resume", "", {{"what", status.ToString()}});
        status = write_resumed(group);
    }
    if (!status.ok()) {
        log_error("store.failed", "", {{"what", status.ToString()}});
        failed_ = true;
        return false;
    }
    ++groups_;
    unflushed_bytes_ += group.frame().size();
    if (unflushed_bytes_ >= options_.log_replay_max_bytes) {
        unflushed_bytes_ = 0;
        rocksdb::FlushOptions flush;
        flush.wait = false;
        flush.allow_write_stall = true;
        if (const rocksdb::Status flushed = db_.Flush(flush); !flushed.ok()) log_warning("store.flush", "", {{"what", flushed.ToString()}});
    }
    return true;
}

// What was short (descriptors, space) may come back: nothing is lost by waiting a while, and everything stops when we give up.
rocksdb::Status Committer::write_resumed(Group& group) {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto end = std::chrono::steady_clock::now() + options_.resume_time_max;
    for (;;) {
        rocksdb::Status status = db_.Resume();
        if (status.ok()) status = db_.Write(options, &group.batch());
        if (status.ok() || std::chrono::steady_clock::now() >= end) return status;
        std::this_thread::sleep_for(resume_pause);
    }
}

void Committer::refuse(Batch& batch, const Error& error) {
    batch.failed = true;
    for (Commit* commit : batch.members) commit->result = fail(error);
}

void Committer::answer(Batch& batch) {
    for (Commit* commit : batch.members) {
        if (commit->result && !commit->result->replayed && !commit->own) ++commits_;
        // What is answered may be gone at once.
        if (commit->home != nullptr) {
            commit->home->post(commit->waiting);
        } else {
            commit->answered.release();
        }
    }
}

}  // namespace packetboat::store
