#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/delivery.h"
#include "delivery/dsn.h"
#include "delivery/queue.h"
#include "store/store.h"

namespace packetboat::delivery {

struct ReportLimits {
    std::string hostname;                               // Reporting-MTA, and the domain of MAILER-DAEMON
    std::chrono::seconds give_up_after{5 * 24 * 3600};  // since a recipient was done with: then its sender is not told any more
    std::chrono::seconds message_time{5 * 24 * 3600};   // since a message came: so long it is tried (Will-Retry-Until)
    std::uint64_t entries_at_once = 64;                 // read together
    std::uint64_t postponed_max = 1000;  // entries whose senders could not be told for the moment; over it only those are tried
};

// Whether its sender is to be told of this recipient, who has a report: RFC 3461 §4.1, §5.2.
bool wants_report(const QueuedRecipient& recipient);

// Tells senders what became of their messages: the queue's work `tell_sender`. One notification for an entry and run, which comes in by
// Delivery::accept() with the null reverse-path, as any message does: to a mailbox here, or to the queue.
//
// A mailbox here that cannot take it leaves it in the queue, where it is tried again as other mail is.
// Nobody is told of a notification that fails (RFC 5321 §6.1), nor with NOTIFY=NEVER; the log has a line then. So it has when a sender
// cannot be reached at all. A sender that cannot be reached for the moment is tried again after 1, 5 and 15 minutes, then every hour.
//
// A stop between the notification and the queue's change makes the same notification again, and accept() drops the second.
class Reporter {
public:
    // All of them outlive the reporter. One run at a time.
    Reporter(store::Store& store, Delivery& delivery, Queue& queue, ReportLimits limits);

    // Every entry with a recipient of which the sender is to be told. Answers how many notifications were made. Ends early when the queue
    // cannot be read or written.
    Task<std::size_t> report_due(Time now);

    // Makes a run end after the entry it is at, and every later one at once. Any thread.
    void stop() { stopping_ = true; }

private:
    // How an entry's turn ended.
    enum class Turn : std::uint8_t { told, dropped, postponed, queue_failed };
    struct Postponed {
        std::uint32_t attempts = 0;
        Time until;
    };
    struct Bytes {
        std::string text;
        bool whole = false;
    };

    Task<Turn> report_entry(const QueueEntry& entry, Time now);
    // Not told, and why: for the log.
    static std::string_view reason_for_silence(const QueueEntry& entry, const std::vector<const QueuedRecipient*>& recipients);
    Task<Result<>> notify(const QueueEntry& entry, const std::vector<const QueuedRecipient*>& recipients, const Bytes& content, Time now);
    Task<Result<>> send(const QueueEntry& entry, const DsnMessage& message, Id128 id);
    // As much of the message as a notification may hold; nothing of one that cannot be read. Errors: unavailable, not_found (the entry
    // has gone).
    Task<Result<Bytes>> read_content(const QueueEntry& entry);
    Task<Result<Bytes>> read_blob(const store::BlobRef& blob, std::uint64_t skip_bytes);
    Task<Turn> finish(const QueueEntry& entry, const std::vector<const QueuedRecipient*>& recipients, Turn turn);
    Turn failed(const QueueEntry& entry, const std::vector<const QueuedRecipient*>& recipients, const Error& error, Time now);

    bool waits(const Id128& id, Time now) const;
    void forget_old(Time now);

    store::Store& store_;
    Delivery& delivery_;
    Queue& queue_;
    ReportLimits limits_;
    std::map<Id128, Postponed> postponed_;
    std::atomic<bool> stopping_{false};
};

}  // namespace packetboat::delivery
