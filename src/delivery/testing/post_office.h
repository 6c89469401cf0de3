#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/worker_pool.h"
#include "delivery/delivery.h"
#include "delivery/queue.h"
#include "delivery/testing/failing_store.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "store/memory.h"

namespace packetboat::delivery {

// Everything that delivery stands on, over a memory store that can be made to fail. Its domain is example.test.
class PostOffice {
public:
    struct Settings {
        QueueLimits queue;
        Limits delivery;
        mailbox::Limits mail;
    };
    PostOffice() : PostOffice(Settings()) {}
    explicit PostOffice(Settings settings);

    // `name` at our domain.
    directory::AccountId add_account(std::string name, std::uint64_t quota_bytes = 0);
    // With its mail.
    void remove_account(std::string name);
    void add_alias(std::string name, std::initializer_list<std::string_view> targets);

    // As RCPT TO would have it resolved, from a client that may relay. Throws when there is no such recipient.
    Recipient recipient(std::string_view address);
    Envelope envelope(std::initializer_list<std::string_view> recipients);
    // A message of these bytes that has come in whole.
    Incoming incoming(std::string_view bytes);
    std::vector<Outcome> accept(Envelope envelope, std::string_view bytes, bool each_alone = false);

    // Writes to these partitions fail with this fate, all others succeed.
    void fail_writes(std::vector<store::Partition> partitions, FailingStore::Fate fate = FailingStore::Fate::fail_before);
    void mend();

    // The bodies in an account's inbox, in the order of their UIDs.
    std::vector<std::string> inbox(directory::AccountId id);
    std::vector<QueueEntry> queued();
    // Everything there is to find in the queue, the mailboxes and the store, one line each.
    std::vector<std::string> findings();

    template <class T>
    T run(Task<T> task) {
        return loop_.run(std::move(task));
    }

private:
    RunLoop loop_;
    std::unique_ptr<store::Store> memory_ = store::make_memory_store();
    WorkerPool workers_{{.threads = 1}};
    std::vector<directory::AccountId> accounts_;

public:
    FailingStore store{*memory_};
    directory::Directory directory{store, workers_, {}};
    mailbox::Mail mail;
    Queue queue;
    Delivery delivery;
};

inline constexpr std::string_view return_path = "Return-Path: <sender@example.org>\r\n";
inline constexpr std::string_view received = "Received: by mail.example.test\r\n";

}  // namespace packetboat::delivery
