#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

namespace packetboat::delivery {

// A recipient that is still to be served.
struct QueuedRecipient {
    std::string address;
    std::string orcpt;
    std::uint8_t notify = 0;
    bool local = false;  // a mailbox here that could not be written when the message came
    std::uint32_t attempts = 0;
    Time due;
    std::string last_error;  // in plain words; empty before the first attempt
};

struct QueueEntry {
    Id128 id;
    std::string reverse_path;
    std::string envid;
    std::string ret;
    bool smtputf8 = false;
    bool eight_bit = false;
    Time arrived;
    std::uint64_t size_bytes = 0;
    std::vector<QueuedRecipient> recipients;
    std::optional<store::BlobRef> blob;
};

struct QueueLimits {
    std::uint64_t entries_max = 1'000'000;
    std::uint64_t recipients_max = 1000;  // of one entry
};

// Messages that wait to go elsewhere. Durable: an entry is on disk when add() returns. One partition, "q".
class Queue {
public:
    Queue(store::Store& store, QueueLimits limits);
    ~Queue();

    // Errors: too_many (the queue is full), unavailable.
    Task<Result<Id128>> add(QueueEntry entry, mailbox::Content content);
    // Oldest first, after the entry `after`.
    Task<Result<std::vector<QueueEntry>>> list(std::optional<Id128> after, std::size_t limit);
    Task<Result<QueueEntry>> get(const Id128& id);
    Task<Result<mailbox::Content>> content(const Id128& id);
    Task<Result<>> update(QueueEntry entry);
    Task<Result<>> remove(const Id128& id);
    Task<Result<std::vector<store::Finding>>> verify();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::delivery
