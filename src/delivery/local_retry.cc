#include "delivery/local_retry.h"

#include <algorithm>
#include <expected>
#include <utility>

#include "base/log.h"
#include "delivery/delivery.h"
#include "delivery/local_delivery.h"

namespace packetboat::delivery {
namespace {

constexpr std::size_t together_max = 64;  // recipients of one message that are tried side by side

std::vector<const QueuedRecipient*> due_recipients(const QueueEntry& entry, Time due_by) {
    std::vector<const QueuedRecipient*> due;
    for (const QueuedRecipient& recipient : entry.recipients) {
        if (work_of(recipient) == Work::deliver && !recipient.held && recipient.due <= due_by) due.push_back(&recipient);
    }
    return due;
}

}  // namespace

LocalRetry::LocalRetry(directory::Directory& directory, mailbox::Mail& mail, Queue& queue, LocalRetryOptions options)
    : directory_(directory), mail_(mail), queue_(queue), options_(std::move(options)) {}

Task<std::size_t> LocalRetry::retry_due(Time now) {
    std::size_t delivered = 0;
    for (;;) {
        // What was tried is not due any more, so the next look finds the next ones.
        const Result<std::vector<QueueEntry>> entries = co_await queue_.due(Work::deliver, now, options_.entries_at_once);
        if (!entries) {
            log_error("delivery.queue_unreadable", "", {{"why", entries.error().text}});
            co_return delivered;
        }
        for (const QueueEntry& entry : *entries) {
            if (stopping_) co_return delivered;
            const Result<std::size_t> count = co_await retry_entry(entry, now, now);
            if (!count) co_return delivered;
            delivered += *count;
        }
        if (entries->size() < options_.entries_at_once) co_return delivered;
    }
}

// In the order of arrival, which trying does not change: so every entry is met once.
Task<std::size_t> LocalRetry::retry_all(Time now) {
    constexpr Time any_time{INT64_MAX};
    std::size_t delivered = 0;
    Queue::Position last;
    for (;;) {
        const Result<std::vector<QueueEntry>> entries = co_await queue_.list_after(last, options_.entries_at_once);
        if (!entries) {
            log_error("delivery.queue_unreadable", "", {{"why", entries.error().text}});
            co_return delivered;
        }
        if (entries->empty()) co_return delivered;
        for (const QueueEntry& entry : *entries) {
            last = {entry.arrived, entry.id};
            if (stopping_) co_return delivered;
            if (due_recipients(entry, any_time).empty()) continue;
            const Result<std::size_t> count = co_await retry_entry(entry, any_time, now);
            if (!count) co_return delivered;
            delivered += *count;
        }
    }
}

Task<Result<std::size_t>> LocalRetry::retry_entry(const QueueEntry& entry, Time due_by, Time now) {
    Result<Attempts> attempts = co_await try_entry(entry, due_by);
    if (!attempts && attempts.error().code == ErrorCode::not_found) co_return 0;  // dropped meanwhile
    Result<> recorded;
    if (attempts) recorded = co_await record(entry, *attempts, now);
    const Error* error = !attempts ? &attempts.error() : !recorded ? &recorded.error() : nullptr;
    if (error != nullptr) {
        log_error("delivery.retry_failed", "", {{"message", entry.id.text()}, {"why", error->text}});
        co_return fail(*error);
    }
    co_return static_cast<std::size_t>(
        std::ranges::count_if(*attempts, [](const RecipientAttempt& one) { return one.attempt.result.has_value(); }));
}

Task<Result<LocalRetry::Attempts>> LocalRetry::try_entry(const QueueEntry& entry, Time due_by) {
    const std::vector<const QueuedRecipient*> due = due_recipients(entry, due_by);
    Attempts attempts;
    Result<mailbox::Content> content = co_await queue_.content(entry.id);
    if (content) content = co_await mail_.settle(*std::move(content));
    if (!content && content.error().code != ErrorCode::internal) co_return fail(std::move(content).error());
    if (!content) {
        // A broken record must not hold up the messages behind it.
        for (const QueuedRecipient* recipient : due) attempts.push_back(failure(entry, *recipient, content.error(), false));
        co_return attempts;
    }
    for (std::size_t first = 0; first < due.size(); first += together_max) {
        std::vector<Task<RecipientAttempt>> tries;
        for (std::size_t i = first; i < std::min(first + together_max, due.size()); ++i) {
            tries.push_back(try_recipient(entry, *due[i], *content));
        }
        std::ranges::move(co_await when_all(std::move(tries)), std::back_inserter(attempts));
    }
    co_return attempts;
}

Task<RecipientAttempt> LocalRetry::try_recipient(const QueueEntry& entry, const QueuedRecipient& recipient,
                                                 const mailbox::Content& content) {
    const Result<directory::Account> account = co_await directory_.account(recipient.account);
    if (!account) {
        const bool removed = account.error().code == ErrorCode::not_found;
        const Error error = removed ? Error{ErrorCode::not_found, "the account has been removed"} : account.error();
        co_return failure(entry, recipient, error, removed);
    }
    const Result<> stored = co_await deliver_locally(mail_, {.message = entry.id,
                                                             .content = content,
                                                             .received = entry.begins(),
                                                             .account = account->id,
                                                             .quota_bytes = account->quota_bytes,
                                                             .address = recipient.address,
                                                             .session_id = {}});
    if (!stored) co_return failure(entry, recipient, stored.error(), false);
    co_return RecipientAttempt{.number = recipient.number, .attempt = {.result = Delivered{.final = true}}};
}

RecipientAttempt LocalRetry::failure(const QueueEntry& entry, const QueuedRecipient& recipient, const Error& error, bool for_good) {
    const std::string why = error.text.empty() ? std::string(to_string(error.code)) : error.text;
    log_warning(for_good ? "delivery.given_up" : "delivery.deferred", "",
                {{"message", entry.id.text()}, {"account", recipient.address}, {"why", why}});
    Failure failure;
    failure.permanent = for_good;
    failure.status = local_status(error.code);
    failure.reason = why;
    return {.number = recipient.number, .attempt = {.result = std::unexpected(std::move(failure))}};
}

// The entry may have changed since it was read: only the recipients that were tried are touched, and only if still there.
Task<Result<>> LocalRetry::record(const QueueEntry& entry, const Attempts& attempts, Time now) {
    const Result<> changed = co_await queue_.change(entry.id, [&, random = options_.random()](QueueEntry& kept) -> Result<> {
        apply_attempts(kept, attempts, options_.plan, now, random);
        return {};
    });
    if (!changed && changed.error().code == ErrorCode::not_found) co_return Result<>();
    co_return changed;
}

}  // namespace packetboat::delivery
