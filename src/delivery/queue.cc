#include "delivery/queue.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/record.h"
#include "delivery/content.h"
#include "delivery/queue_read.h"
#include "delivery/queue_record.h"
#include "delivery/queue_verify.h"
#include "delivery/queue_write.h"

namespace packetboat::delivery {
namespace {

using Entries = Result<std::vector<QueueEntry>>;

// The same entry for the same recipients is one commit, whenever it is tried. More of them later is another.
store::CommitId add_commit_id(const QueueEntry& entry) {
    Writer destinations;
    for (const QueuedRecipient& recipient : entry.recipients) {
        destinations.u8(recipient.local).varint(static_cast<std::uint64_t>(recipient.account)).text(recipient.address);
    }
    return Id128::derived({"queue.add", entry.id.view(), destinations.view()});
}

// A page of messages with a thousand recipients each is cut short, so that it does not take a hundred megabytes.
constexpr std::size_t recipients_at_once = 10'000;

// One broken record must not hide, or hold up, all the others.
struct Found {
    std::vector<QueueEntry> entries;
    std::size_t unreadable = 0;
    std::size_t recipients = 0;

    void add(Result<QueueEnvelope> envelope) {
        if (envelope) {
            recipients += envelope->entry.recipients.size();
            entries.push_back(std::move(envelope->entry));
        } else {
            ++unreadable;
        }
    }
};

Result<Found> scan_entries(const store::Reader& reader, std::string_view from, std::size_t limit) {
    Found found;
    if (limit == 0) return found;
    reader.scan(from, store::prefix_end("e"), [&](std::string_view key, std::string_view record) {
        found.add(load_entry(reader, key, record));
        return found.entries.size() < limit && found.recipients < recipients_at_once;
    });
    return found;
}

Result<Found> scan_due(const store::Reader& reader, Work work, Time now, std::size_t limit) {
    Found found;
    if (limit == 0) return found;
    assert(work != Work::relay);  // that is relay_due()'s
    const std::string from = due_key(work, Time{0}, Id128{});
    const std::string to = due_key(work, Time{now.micros + 1}, Id128{});
    reader.scan(from, to, [&](std::string_view key, std::string_view) {
        found.add(find_entry(reader, key_owner(key).value_or(Id128{})));
        return found.entries.size() < limit;
    });
    return found;
}

// Two scans side by side, both in the order of the ids, in place of one scan for each entry.
Result<Queue::Recipients> scan_recipients(const store::Reader& reader, const Id128& after, std::size_t limit) {
    Queue::Recipients found;
    if (limit == 0) return found;
    const std::string from = after == Id128{} ? std::string("i") : id_key(after) + '\0';
    reader.scan(from, store::prefix_end("i"), [&](std::string_view key, std::string_view record) {
        const std::optional<Id128> id = key_owner(key);
        const std::optional<std::uint64_t> arrived = decode_number(record);
        if (!id || !arrived || *arrived > INT64_MAX) return true;  // verify() tells of it
        found.last = id;
        QueueEntry& entry = found.entries.emplace_back();
        entry.id = *id;
        entry.arrived = {static_cast<std::int64_t>(*arrived)};
        return found.entries.size() < limit;
    });
    if (found.entries.empty()) return found;
    auto entry = found.entries.begin();
    std::size_t recipients = 0;
    reader.scan(recipient_prefix(entry->id), store::prefix_end(recipient_prefix(*found.last)),
                [&](std::string_view key, std::string_view record) {
                    const std::optional<Id128> id = key_owner(key);
                    std::optional<QueuedRecipient> recipient = decode_recipient(key, record);
                    if (!id || !recipient) return true;
                    while (entry != found.entries.end() && entry->id < *id) ++entry;
                    if (entry == found.entries.end()) return false;
                    if (entry->id != *id) return true;
                    if (entry->recipients.empty() && recipients >= recipients_at_once) return false;
                    ++recipients;
                    entry->recipients.push_back(*std::move(recipient));
                    return true;
                });
    // Those that were not come to belong to the next page.
    if (recipients >= recipients_at_once && entry != found.entries.end()) {
        if (!entry->recipients.empty()) ++entry;
        found.entries.erase(entry, found.entries.end());
        found.last = found.entries.back().id;
    }
    return found;
}

Entries entries_of(Result<Found> found) {
    if (!found) return fail(std::move(found).error());
    if (found->unreadable > 0) log_error("queue.unreadable", "", {{"entries", found->unreadable}});
    return std::move(found->entries);
}

store::Weight weight_of(std::size_t limit) { return limit <= 8 ? store::Weight::few : store::Weight::many; }

}  // namespace

struct Queue::State {
    store::Store& store;
    QueueLimits limits;
    Watcher watcher{};
    std::mutex report_mutex{};
    std::function<void()> report_watcher{};

    void tell(const QueueEntry& entry) {
        if (std::ranges::any_of(entry.recipients, [](const auto& recipient) { return recipient.report != Report::none; })) {
            const std::scoped_lock lock(report_mutex);
            if (report_watcher) report_watcher();
        }
        if (!watcher) return;
        std::vector<RelayDue> dues = relay_dues(entry);
        if (!dues.empty()) watcher(std::move(dues));
    }

    // Runs a body that answers no value.
    Task<Result<>> write(std::optional<store::CommitId> id, std::move_only_function<Result<>(store::Transaction&)> body) {
        Result<store::Committed> committed =
            co_await store.write(queue_partition(), id, [&body](store::Transaction& transaction) -> Result<std::string> {
                Result<> done = body(transaction);
                if (!done) return fail(std::move(done).error());
                return std::string();
            });
        if (!committed) co_return fail(std::move(committed).error());
        co_return Result<>();
    }
};

Queue::Queue(store::Store& store, QueueLimits limits) : state_(std::make_unique<State>(store, limits)) {}
Queue::~Queue() = default;

Task<Result<Id128>> Queue::add(QueueEntry entry, mailbox::Content content) {
    if (entry.id == Id128{}) entry.id = Id128::random();
    entry.arrived.micros = std::max<std::int64_t>(entry.arrived.micros, 0);
    for (QueuedRecipient& recipient : entry.recipients) recipient.number = 0;
    if (Result<> checked = check_entry(entry, state_->limits); !checked) co_return fail(std::move(checked).error());

    Result<mailbox::Content> settled = co_await settle(state_->store, std::move(content), state_->limits.inline_body_max_bytes);
    if (!settled) co_return fail(std::move(settled).error());
    if (!settled->bytes && !settled->blob) co_return fail(ErrorCode::invalid, "a queued message without content");
    entry.blob = settled->blob;
    entry.size_bytes = settled->blob ? settled->blob->size_bytes : settled->bytes->size();
    if (entry.skip_bytes > entry.size_bytes) co_return fail(ErrorCode::invalid, "a Return-Path longer than the message");

    const Id128 id = entry.id;
    const store::CommitId commit = add_commit_id(entry);
    Result<> added = co_await state_->write(
        commit, [&](store::Transaction& transaction) { return add_entry(transaction, entry, *settled, state_->limits); });
    if (!added) co_return fail(std::move(added).error());
    state_->tell(entry);
    co_return id;
}

Task<Entries> Queue::list(std::optional<Id128> after, std::size_t limit) {
    co_return entries_of(
        co_await state_->store.read(queue_partition(), weight_of(limit), [&](const store::Reader& reader) -> Result<Found> {
            if (!after) return scan_entries(reader, "e", limit);
            const Result<std::string> key = find_entry_key(reader, *after);
            if (!key) return fail(key.error());
            return scan_entries(reader, *key + '\0', limit);
        }));
}

Task<Entries> Queue::list_after(Position after, std::size_t limit) {
    const std::string from = entry_key(after.arrived, after.id) + '\0';
    co_return entries_of(co_await state_->store.read(queue_partition(), weight_of(limit),
                                                     [&](const store::Reader& reader) { return scan_entries(reader, from, limit); }));
}

Task<Result<Queue::Recipients>> Queue::recipients_after(const Id128& after, std::size_t limit) {
    co_return co_await state_->store.read(queue_partition(), weight_of(limit), [from = after, limit](const store::Reader& reader) {
        return scan_recipients(reader, from, limit);
    });
}

Task<Entries> Queue::due(Work work, Time now, std::size_t limit) {
    co_return entries_of(co_await state_->store.read(queue_partition(), weight_of(limit),
                                                     [&](const store::Reader& reader) { return scan_due(reader, work, now, limit); }));
}

Task<Result<QueueEntry>> Queue::get(const Id128& id) {
    co_return co_await state_->store.read(queue_partition(), store::Weight::few,
                                          [wanted = id](const store::Reader& reader) -> Result<QueueEntry> {
                                              Result<QueueEnvelope> envelope = find_entry(reader, wanted);
                                              if (!envelope) return fail(std::move(envelope).error());
                                              return std::move(envelope->entry);
                                          });
}

Task<Result<mailbox::Content>> Queue::content(const Id128& id) {
    co_return co_await state_->store.read(
        queue_partition(), store::Weight::few, [wanted = id](const store::Reader& reader) -> Result<mailbox::Content> {
            const Result<QueueEnvelope> envelope = find_entry(reader, wanted);
            if (!envelope) return fail(envelope.error());
            const QueueEntry& entry = envelope->entry;
            if (entry.blob) return mailbox::Content{nullptr, entry.blob, entry.size_bytes};
            std::optional<std::string> bytes = reader.get(content_key(wanted));
            if (!bytes) return fail(ErrorCode::internal, "the content of " + wanted.text() + " is missing from the queue");
            return mailbox::Content{std::make_shared<const std::string>(*std::move(bytes)), std::nullopt, entry.size_bytes};
        });
}

Task<Result<>> Queue::update(QueueEntry entry) {
    const Id128 id = entry.id;
    co_return co_await change(id, [entry = std::move(entry)](QueueEntry& kept) -> Result<> {
        kept = entry;
        return {};
    });
}

Task<Result<>> Queue::change(const Id128& id, Change change, std::optional<QueueDialogue> dialogue) {
    QueueEntry changed;
    Result<> written = co_await state_->write(std::nullopt, [this, id, &change, &changed, &dialogue](store::Transaction& transaction) {
        Result<QueueEntry> after = change_entry(transaction, id, change, state_->limits);
        if (!after) return Result<>(fail(std::move(after).error()));
        // It rewrites some small records at most, and without that a message would go out again and again while the disk is full.
        transaction.frees_space();
        if (dialogue && !after->recipients.empty()) write_dialogue(transaction, id, *dialogue, state_->limits);
        changed = *std::move(after);
        return Result<>();
    });
    if (written) state_->tell(changed);
    co_return written;
}

void Queue::watch_reports(std::function<void()> watcher) {
    const std::scoped_lock lock(state_->report_mutex);
    state_->report_watcher = std::move(watcher);
}

void Queue::watch(Watcher watcher) { state_->watcher = std::move(watcher); }

Task<Result<std::vector<RelayDue>>> Queue::relay_due(const RelayDue& after, Time until, std::size_t limit) {
    const std::string from = relay_key(after) + '\0';
    const std::string to = due_key(Work::relay, Time{until.micros + 1}, Id128{});
    co_return co_await state_->store.read(queue_partition(), weight_of(limit),
                                          [&](const store::Reader& reader) -> Result<std::vector<RelayDue>> {
                                              std::vector<RelayDue> dues;
                                              if (limit == 0 || from >= to) return dues;
                                              reader.scan(from, to, [&](std::string_view key, std::string_view record) {
                                                  if (std::optional<RelayDue> due = decode_relay_due(key, record))
                                                      dues.push_back(*std::move(due));
                                                  return dues.size() < limit;
                                              });
                                              return dues;
                                          });
}

Task<Result<std::vector<QueueDialogue>>> Queue::dialogues(const Id128& id) {
    co_return co_await state_->store.read(queue_partition(), store::Weight::few,
                                          [wanted = id](const store::Reader& reader) -> Result<std::vector<QueueDialogue>> {
                                              if (!reader.contains(id_key(wanted)))
                                                  return fail(ErrorCode::not_found, "no message " + wanted.text() + " in the queue");
                                              return decode_dialogues(reader.get(dialogue_key(wanted)).value_or(std::string()));
                                          });
}

Task<Result<>> Queue::remove(const Id128& id) {
    co_return co_await state_->write(std::nullopt, [id](store::Transaction& transaction) {
        transaction.frees_space();
        return remove_entry(transaction, id);
    });
}

Task<Result<std::uint64_t>> Queue::size() {
    co_return co_await state_->store.read(queue_partition(), store::Weight::few,
                                          [](const store::Reader& reader) { return read_count(reader); });
}

Task<Result<std::vector<store::Finding>>> Queue::verify() { return verify_queue(state_->store); }

}  // namespace packetboat::delivery
