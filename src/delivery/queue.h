#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

namespace packetboat::delivery {

// What the sender of a message is to be told of a recipient (RFC 3461, RFC 3464 §2.3.3).
enum class Report : std::uint8_t {
    none,
    failed,
    delivered,
    relayed,  // to a host that will not tell of success itself
    delayed,  // and it is tried on
};

// A recipient that is still to be served, or that is done with and whose sender is still to be told.
struct QueuedRecipient {
    std::string address;      // where it goes: the local part as the client wrote it where that is known
    std::string orcpt;        // RFC 3461 §4.2, as given; else empty
    std::uint8_t notify = 0;  // Notify bits of delivery.h; 0: not given
    bool local = false;       // a mailbox here
    std::uint32_t attempts = 0;
    Time due;                // of the next attempt; what is done with: when that was
    std::string last_error;  // in plain words; empty before the first attempt. Cut to QueueLimits::error_max_bytes.

    std::string original;            // as RCPT TO gave it, where that is not `address` (an alias led from there); else empty
    directory::AccountId account{};  // of a local recipient
    Report report = Report::none;
    bool held = false;         // by an operator: nothing is done for it until it is released
    bool warned = false;       // the sender knows that it takes long
    std::string status;        // RFC 3463, of the last attempt: "4.4.1"; empty: none
    std::string diagnostic;    // what the other host said then: "550 5.1.1 No such user". Cut as last_error is.
    std::string remote;        // that host's name
    std::uint32_t number = 0;  // tells the recipients of one entry apart, never reused in it; given by the queue, 0 before

    // No more attempts: only its sender is to be told.
    bool done() const { return report == Report::failed || report == Report::delivered || report == Report::relayed; }
    // The domain that decides where it goes, as directory::Address::domain() has it, or an address literal.
    std::string_view domain() const { return std::string_view(address).substr(address.rfind('@') + 1); }

    friend bool operator==(const QueuedRecipient&, const QueuedRecipient&) = default;
};

// What is to be done for a recipient. One that is `delayed` needs tell_sender besides its other work; a held one needs nothing.
enum class Work : std::uint8_t { deliver, relay, tell_sender };
Work work_of(const QueuedRecipient& recipient);

// What MAIL said of the content (RFC 6152 §3, RFC 3030 §3): a server that does not offer that may not get it as it is.
enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };

struct QueueEntry {
    Id128 id;  // the message's; zero: add() makes one
    std::string reverse_path;
    std::string envid;
    std::string ret;
    bool smtputf8 = false;
    Body body = Body::seven_bit;
    bool require_tls = false;  // RFC 8689
    Time arrived;
    Time held_until{};             // RFC 4865: nobody gets it before; 0: at once
    std::uint64_t size_bytes = 0;  // of the content; given by the queue
    std::uint64_t skip_bytes = 0;  // of Return-Path at the content's beginning: not sent to another host (RFC 5321 §4.4)
    std::vector<QueuedRecipient> recipients;
    // When it began to be tried: what is held is not given up for having been held.
    Time begins() const { return std::max(arrived, held_until); }

    std::optional<store::BlobRef> blob;  // the content, when it does not ride in the store; given by the queue

    friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

// That a message has recipients at a domain elsewhere, and when they are due next.
struct RelayDue {
    Time due;
    Id128 id;
    std::string domain;
    Time begins;               // of QueueEntry
    std::uint64_t sender = 0;  // equal for messages with the same reverse-path
    bool warned = false;       // nobody of them is still to be told of a delay

    friend bool operator==(const RelayDue&, const RelayDue&) = default;
};

// Everything said on the connections of the last attempt to reach a domain's hosts that failed.
struct QueueDialogue {
    std::string domain;
    std::string text;
    friend bool operator==(const QueueDialogue&, const QueueDialogue&) = default;
};

struct QueueLimits {
    std::uint64_t entries_max = 1'000'000;
    std::uint64_t recipients_max = 1000;                                            // of one entry
    std::uint64_t error_max_bytes = 512;                                            // of last_error
    std::uint64_t dialogue_max_bytes = 16 * 1024;                                   // of one domain: its end is what is kept
    std::uint64_t dialogues_max_bytes = 48 * 1024;                                  // of all domains of an entry: the latest
    std::uint64_t inline_body_max_bytes = mailbox::Limits{}.inline_body_max_bytes;  // larger contents are blobs
};

// Messages that wait to go elsewhere, or to a mailbox that could not be written. Durable: what a method changed is on disk when it
// returns. One partition, "q": a single shard for now, the name leaves room for more. Any thread; `store` outlives the queue.
// Errors everywhere: unavailable, and internal for a record that cannot be read.
class Queue {
public:
    Queue(store::Store& store, QueueLimits limits);
    ~Queue();

    // An id that is in the queue already is not added again: the entry gets those recipients that it lacks. The same id with the
    // same recipients is added once within a day, so a call after an unknown outcome is safe.
    // Errors: too_many (the queue is full, or the entry has too many recipients), invalid (no recipient, a text over
    // queue_text_max_bytes).
    Task<Result<Id128>> add(QueueEntry entry, mailbox::Content content);

    // Oldest first, after the entry `after`; fewer than `limit` where they have many recipients, none at the end. What cannot be read is
    // left out here and in due(): the log and verify() tell of it. Errors: not_found (`after` has gone meanwhile; list_after() goes on from
    // where it was).
    Task<Result<std::vector<QueueEntry>>> list(std::optional<Id128> after, std::size_t limit);
    struct Position {
        Time arrived;
        Id128 id;
    };
    Task<Result<std::vector<QueueEntry>>> list_after(Position after, std::size_t limit);
    // For who counts recipients: several times as fast as list_after(). In the order of the ids, after `after` (zero: from the start). Of
    // each entry there are its id, `arrived` and the recipients, and nothing else. The last one that was looked at says where to go on;
    // none: the end.
    struct Recipients {
        std::vector<QueueEntry> entries;
        std::optional<Id128> last;
    };
    Task<Result<Recipients>> recipients_after(const Id128& after, std::size_t limit);

    // Entries with a recipient that needs this work, `deliver` or `tell_sender`, and is due at `now` or before, the longest due first.
    Task<Result<std::vector<QueueEntry>>> due(Work work, Time now, std::size_t limit);

    // What is to be relayed after `after` (which need not be there any more) and due at `until` or before, in the order of their times.
    Task<Result<std::vector<RelayDue>>> relay_due(const RelayDue& after, Time until, std::size_t limit);
    // Called with what is to be relayed of an entry that was added or changed, when that is on disk; on the thread that awaited it.
    // Set once, before anybody else uses the queue.
    using Watcher = std::function<void(std::vector<RelayDue>)>;
    void watch(Watcher watcher);
    // Called when an entry that was added or changed has recipients of whom its sender is to be told; from any thread, so it takes no time.
    void watch_reports(std::function<void()> watcher);

    // Errors: not_found.
    Task<Result<QueueEntry>> get(const Id128& id);
    Task<Result<mailbox::Content>> content(const Id128& id);
    // The latest last. Errors: not_found.
    Task<Result<std::vector<QueueDialogue>>> dialogues(const Id128& id);

    // Puts this in the place of the entry of the same id; `arrived`, size and content stay as they are. An entry without recipients
    // is removed. Errors: not_found, too_many, invalid.
    Task<Result<>> update(QueueEntry entry);
    // The same in one transaction with the reading, so that no other's change is lost. `change` may run more than once, and
    // is run elsewhere: it has no side effects. Its error, when it answers one, leaves everything as it is.
    using Change = std::move_only_function<Result<>(QueueEntry&)>;
    // `dialogue` takes the place of what dialogues() has of its domain.
    Task<Result<>> change(const Id128& id, Change change, std::optional<QueueDialogue> dialogue = std::nullopt);

    // Errors: not_found.
    Task<Result<>> remove(const Id128& id);

    Task<Result<std::uint64_t>> size();  // entries

    // Proves that entries, recipients, indexes, contents and the count agree.
    Task<Result<std::vector<store::Finding>>> verify();

private:
    struct State;
    std::unique_ptr<State> state_;
};

inline constexpr std::size_t queue_text_max_bytes = 4096;  // of a path, an ENVID, an ORCPT: far over what the RFCs allow

}  // namespace packetboat::delivery
