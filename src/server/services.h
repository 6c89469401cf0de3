#pragma once

#include <memory>

#include "base/error.h"
#include "base/worker_pool.h"
#include "delivery/delivery.h"
#include "delivery/local_retry.h"
#include "delivery/queue.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"
#include "server/configuration.h"
#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace packetboat::server {

// The rooms below, built for one configuration: what the server's sessions and the operator's commands work on.
class Services {
public:
    // Opens the store in configuration.data, or makes one there; whether it may is the caller's business (data_directory.h). `files` is the
    // store's file layer; null: the machine's. Errors: conflict (another process has it), unavailable.
    static Result<std::unique_ptr<Services>> open(const Configuration& configuration, std::shared_ptr<rocksdb::FileSystem> files = nullptr);

    store::Store& store() { return *store_; }
    directory::Directory& directory() { return directory_; }
    mailbox::Mail& mail() { return mail_; }
    delivery::Queue& queue() { return queue_; }
    delivery::Delivery& delivery() { return delivery_; }
    delivery::LocalRetry& local_retry() { return local_retry_; }

private:
    Services(std::unique_ptr<store::Store> store, const Configuration& configuration);

    std::unique_ptr<store::Store> store_;
    WorkerPool hashing_;
    directory::Directory directory_;
    mailbox::Mail mail_;
    delivery::Queue queue_;
    delivery::Delivery delivery_;
    delivery::LocalRetry local_retry_;
};

}  // namespace packetboat::server
