#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "store/group.h"
#include "store/log_writer.h"
#include "store/rocks.h"
#include "store/space.h"

namespace packetboat::store {

// A write on its way. Whoever submits it keeps it until it is answered.
struct Commit {
    std::string partition;
    std::optional<CommitId> id;
    WriteBody body;
    std::move_only_function<void(Group&)> own;  // instead of a body: what the engine itself has to write

    Result<Committed> result = fail(ErrorCode::unavailable, "not done");
    Executor* home = nullptr;  // where `waiting` goes on; null: `answered` is released instead
    std::coroutine_handle<> waiting;
    std::binary_semaphore answered{0};
};

// Runs the bodies of waiting writes one after another, writes and syncs the log once for as many as came together, shows them
// in RocksDB, and answers them. While one group waits for the disk, the bodies of the next are run over it: two threads take
// turns, so that a lone write is prepared, synced and answered by one thread without a hand-over.
//
//   thread 1   prepare A │ log A · sync · apply · answer │ prepare C …
//   thread 2             │ prepare B, and wait for A     │ log B · sync …
//
// RocksDB gets a group only after the log has it on disk. So readers see nothing that could be lost, and RocksDB's files
// never know more than the log.
class Committer {
public:
    Committer(rocksdb::DB& db, log::Writer& writer, log::Reader& reader, Space& space, const RocksOptions& options);
    ~Committer();  // answers what is queued

    // From any thread. False: refused, and `commit.result` says why; it will not be answered again.
    bool submit(Commit& commit);
    // For the engine's own threads: waits for the answer.
    Result<Committed> submit_and_wait(Commit& commit);

    bool failed() const { return failed_; }
    std::uint64_t commits() const { return commits_; }
    std::uint64_t groups() const { return groups_; }

private:
    struct Batch;  // a group and the writes in it

    void work();
    std::shared_ptr<Batch> begin();
    void prepare(std::unique_lock<std::mutex>& lock, std::shared_ptr<Batch>& batch);
    void run_waiting(std::unique_lock<std::mutex>& lock, Batch& batch);
    void run(Group& group, Commit& commit);
    Result<Committed> run_body(Group& group, Commit& commit);
    void finish(Batch& batch);
    bool apply(Group& group);
    rocksdb::Status write_resumed(Group& group);
    void refuse(Batch& batch, const Error& error);
    void answer(Batch& batch);

    rocksdb::DB& db_;
    log::Writer& writer_;
    log::Reader& reader_;
    Space& space_;
    const RocksOptions& options_;

    std::mutex mutex_;
    std::condition_variable idle_;      // a thread without a group waits for work
    std::condition_variable prepared_;  // the thread that prepares waits for more of it, or for the log
    std::deque<Commit*> queue_;
    bool stopping_ = false;
    bool preparing_ = false;         // a thread runs bodies
    bool logging_ = false;           // a thread has the log
    std::shared_ptr<Batch> logged_;  // what it is writing
    std::size_t last_frame_bytes_ = 0;
    std::atomic<bool> failed_{false};
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> groups_{0};
    std::uint64_t unflushed_bytes_ = 0;  // of the log, since RocksDB was last told to write what it has
    std::thread threads_[2];
};

}  // namespace packetboat::store
