#pragma once

#include "base/error.h"
#include "base/id.h"
#include "delivery/queue.h"
#include "delivery/queue_record.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

// What the queue's transactions do. Each may run more than once.
namespace packetboat::delivery {

// An entry as it may be kept: recipients and texts within their limits. Cuts the errors that are too long.
Result<> check_entry(QueueEntry& entry, const QueueLimits& limits);

// A new entry, or the recipients that an entry of the same id lacks.
Result<> add_entry(store::Transaction& transaction, const QueueEntry& entry, const mailbox::Content& content, const QueueLimits& limits);

// Lets `change` edit the entry, then writes what is different; removes it when no recipient is left. Answers the entry as it is now.
Result<QueueEntry> change_entry(store::Transaction& transaction, const Id128& id, Queue::Change& change, const QueueLimits& limits);

// Of an entry that is there.
void write_dialogue(store::Transaction& transaction, const Id128& id, QueueDialogue dialogue, const QueueLimits& limits);

Result<> remove_entry(store::Transaction& transaction, const Id128& id);

}  // namespace packetboat::delivery
