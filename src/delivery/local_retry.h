#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/outcome.h"
#include "delivery/queue.h"
#include "delivery/retry_plan.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"

namespace packetboat::delivery {

struct LocalRetryOptions {
    RetryPlan plan;                                       // the same as for recipients elsewhere
    std::uint64_t entries_at_once = 64;                   // read together
    std::function<std::uint64_t()> random = &random_u64;  // for RetryPlan::wait()
};

// Tries again what mailboxes here could not take when it came. Recipients elsewhere are left as they are. A recipient whose account
// is gone, or whose time is up, has failed for good: it stays in the queue until its sender has been told, as does one that was delivered
// with NOTIFY=SUCCESS.
class LocalRetry {
public:
    // All of them outlive the retry. Any thread; runs that overlap deliver nothing twice.
    LocalRetry(directory::Directory& directory, mailbox::Mail& mail, Queue& queue, LocalRetryOptions options);

    // Every local recipient that is due, once. Answers how many were delivered. Ends early when the queue cannot be read or
    // written; what was delivered by then is delivered once all the same.
    Task<std::size_t> retry_due(Time now);

    // The same for every local recipient that waits, due or not: when an operator has mended what was broken.
    Task<std::size_t> retry_all(Time now);

    // Makes a run end after the message it is at, and every later one at once. Any thread.
    void stop() { stopping_ = true; }

private:
    using Attempts = std::vector<RecipientAttempt>;
    // Recipients due at `due_by` or before.
    Task<Result<std::size_t>> retry_entry(const QueueEntry& entry, Time due_by, Time now);
    Task<Result<Attempts>> try_entry(const QueueEntry& entry, Time due_by);
    Task<RecipientAttempt> try_recipient(const QueueEntry& entry, const QueuedRecipient& recipient, const mailbox::Content& content);
    static RecipientAttempt failure(const QueueEntry& entry, const QueuedRecipient& recipient, const Error& error, bool for_good);
    Task<Result<>> record(const QueueEntry& entry, const Attempts& attempts, Time now);

    directory::Directory& directory_;
    mailbox::Mail& mail_;
    Queue& queue_;
    LocalRetryOptions options_;
    std::atomic<bool> stopping_{false};
};

}  // namespace packetboat::delivery
