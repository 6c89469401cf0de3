#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"

namespace packetboat::delivery {

struct RetryLimits {
    std::chrono::seconds give_up_after{5 * 24 * 3600};  // RFC 5321 §4.5.4.1: "at least 4-5 days"
    std::uint64_t entries_at_once = 64;                 // read together
};

// Tries again what mailboxes here could not take when it came. Recipients elsewhere are left as they are. A recipient whose account
// is gone, or whose time is up, has failed for good: it stays in the queue until its sender has been told, as does one that was delivered
// with NOTIFY=SUCCESS.
class LocalRetry {
public:
    // All of them outlive the retry. Any thread; runs that overlap deliver nothing twice.
    LocalRetry(directory::Directory& directory, mailbox::Mail& mail, Queue& queue, RetryLimits limits);

    // Every local recipient that is due, once. Answers how many were delivered. Ends early when the queue cannot be read or
    // written; what was delivered by then is delivered once all the same.
    Task<std::size_t> retry_due(Time now);

    // The same for every local recipient that waits, due or not: when an operator has mended what was broken.
    Task<std::size_t> retry_all(Time now);

    // Makes a run end after the message it is at, and every later one at once. Any thread.
    void stop() { stopping_ = true; }

    // 1, 5, 15 minutes, then every hour.
    static std::chrono::minutes back_off(std::uint32_t attempts);

private:
    struct Attempt {
        std::uint32_t number = 0;  // of the recipient in its entry
        std::string error;         // empty: delivered
        std::string status;        // RFC 3463
        bool for_good = false;
    };
    // Recipients due at `due_by` or before.
    Task<Result<std::size_t>> retry_entry(const QueueEntry& entry, Time due_by, Time now);
    Task<Result<std::vector<Attempt>>> try_entry(const QueueEntry& entry, Time due_by, Time now);
    Task<Attempt> try_recipient(const QueueEntry& entry, const QueuedRecipient& recipient, const mailbox::Content& content, Time now);
    Attempt failure(const QueueEntry& entry, const QueuedRecipient& recipient, const Error& error, bool for_good, Time now) const;
    Task<Result<>> record(const QueueEntry& entry, const std::vector<Attempt>& attempts, Time now);

    directory::Directory& directory_;
    mailbox::Mail& mail_;
    Queue& queue_;
    RetryLimits limits_;
    std::atomic<bool> stopping_{false};
};

}  // namespace packetboat::delivery
