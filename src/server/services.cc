#include "server/services.h"

#include "store/rocks.h"

namespace packetboat::server {

namespace {

// Room in one entry for all that a message can lead to: what RCPT took is never too much for the queue.
delivery::QueueLimits queue_limits(const Configuration& configuration) {
    delivery::QueueLimits limits = configuration.queue;
    limits.recipients_max = delivery::queued_per_place_max * configuration.smtp.places_max;
    return limits;
}

}  // namespace

Services::Services(std::unique_ptr<store::Store> store, const Configuration& configuration)
    : store_(std::move(store)),
      hashing_({.threads = configuration.hashing_threads, .queue_max = configuration.hashing_queue_max, .name = "hashing"}),
      directory_(*store_, hashing_, configuration.directory),
      mail_(*store_, configuration.mailbox),
      queue_(*store_, queue_limits(configuration)),
      delivery_(*store_, directory_, mail_, queue_, configuration.delivery),
      local_retry_(directory_, mail_, queue_, {.plan = configuration.retry}) {}

Result<std::unique_ptr<Services>> Services::open(const Configuration& configuration, std::shared_ptr<rocksdb::FileSystem> files) {
    Result<std::unique_ptr<store::Store>> store = store::open_rocks({
        .directory = configuration.data,
        .cache_bytes = configuration.store_cache_bytes,
        .memtable_bytes = configuration.store_memtable_bytes,
        .commit_queue_max = configuration.store_commit_queue_max,
        .reader_threads = configuration.store_reader_threads,
        .reader_queue_max = configuration.store_reader_queue_max,
        .min_free_bytes = configuration.store_min_free_bytes,
        .durable = configuration.store_durable,
        .files = std::move(files),
    });
    if (!store) return fail(std::move(store).error());
    return std::unique_ptr<Services>(new Services(std::move(*store), configuration));
}

}  // namespace packetboat::server
