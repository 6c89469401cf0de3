#include <algorithm>
#include <set>

#include "server/admin_queue.h"

// queue retry, hold, release, drop.
namespace packetboat::server::admin {

namespace {

constexpr std::size_t changes_at_once = 128;  // they share a flush of the disk

// What is done to a recipient that is meant. False: it stays as it is, which for one that waits for its turn is not all: see hurries.
using Edit = bool (*)(delivery::QueuedRecipient& recipient, Time now);

struct Tally {
    std::uint64_t messages = 0;
    std::uint64_t recipients = 0;
    std::set<std::string> domains;
};

bool retry(delivery::QueuedRecipient& recipient, Time now) {
    if (recipient.done() || recipient.held || recipient.due <= now) return false;
    recipient.due = now;
    return true;
}
bool hold(delivery::QueuedRecipient& recipient, Time) {
    if (recipient.held || recipient.done()) return false;
    return recipient.held = true;
}
bool release(delivery::QueuedRecipient& recipient, Time now) {
    if (!recipient.held) return false;
    recipient.held = false;
    recipient.due = now;
    return true;
}

// It is due already, and waits behind others, or for its hosts: they are tried now.
bool is_waiting(const delivery::QueuedRecipient& recipient, Time now) {
    return !recipient.done() && !recipient.held && recipient.due <= now;
}

struct Change {
    Edit edit = nullptr;   // null: they go
    bool hurries = false;  // also whoever is_waiting()
    QueueFilter filter;
    const Reasons* reasons = nullptr;
    Time now;
};

Task<Result<bool>> change_entry(Context& context, const Change& change, Id128 id, Tally& tally) {
    std::uint64_t changed = 0;
    std::uint64_t hurried = 0;
    std::set<std::string> domains;
    const Result<> written = co_await context.services.queue().change(id, [&](delivery::QueueEntry& entry) -> Result<> {
        changed = hurried = 0;
        domains.clear();
        if (!change.filter.matches(entry, change.now)) return fail(ErrorCode::exists, "nothing to do");
        // Not before the time its sender has set (RFC 4865).
        const Time due = std::max(change.now, entry.held_until);
        const auto meant = [&](const delivery::QueuedRecipient& recipient) {
            return change.filter.matches(recipient, change.reasons->of(recipient));
        };
        if (!change.edit) {
            changed = std::erase_if(entry.recipients, meant);
        } else {
            for (delivery::QueuedRecipient& recipient : entry.recipients) {
                if (!meant(recipient)) continue;
                const bool waiting = change.hurries && is_waiting(recipient, change.now);
                const bool edited = !waiting && change.edit(recipient, due);
                hurried += waiting ? 1 : 0;
                changed += edited ? 1 : 0;
                if ((waiting || edited) && !recipient.local) domains.emplace(recipient.domain());
            }
        }
        if (changed == 0) return fail(ErrorCode::exists, "nothing to write");
        return {};
    });
    const bool unwritten = !written && written.error().code == ErrorCode::exists;
    if (!written && !unwritten) co_return fail(written.error());
    if (changed + hurried == 0) co_return false;
    ++tally.messages;
    tally.recipients += changed + hurried;
    tally.domains.merge(domains);
    co_return true;
}

Task<Result<>> change_matching(Context& context, const Change& change, Tally& tally) {
    co_return co_await each_page(context, [&](std::vector<delivery::QueueEntry>& page) -> Task<Result<bool>> {
        std::vector<Id128> ids;
        for (const delivery::QueueEntry& entry : page) {
            const auto meant = [&](const delivery::QueuedRecipient& recipient) {
                return change.filter.matches(recipient, change.reasons->of(recipient));
            };
            if (change.filter.matches(entry, change.now) && std::ranges::any_of(entry.recipients, meant)) ids.push_back(entry.id);
        }
        for (std::size_t first = 0; first < ids.size(); first += changes_at_once) {
            std::vector<Task<Result<bool>>> changes;
            for (std::size_t i = first; i < std::min(first + changes_at_once, ids.size()); ++i) {
                changes.push_back(change_entry(context, change, ids[i], tally));
            }
            for (const Result<bool>& changed : co_await when_all(std::move(changes))) {
                if (!changed && changed.error().code != ErrorCode::not_found) co_return fail(changed.error());
            }
        }
        co_return true;
    });
}

// By id, by filter, or --all; one of them must be given.
Task<Result<Tally>> change_queue(Context& context, Edit edit) {
    Result<QueueFilter> filter = filter_of(context);
    if (!filter) co_return fail(filter.error());
    const auto ids = context.request.args.find("ids");
    const bool by_id = ids != context.request.args.end() && !ids->second.empty();
    if (!by_id && filter->empty() && !context.arg("all"))
        co_return fail(ErrorCode::invalid, "say which: ids, a filter such as --destination, or --all");
    const Reasons reasons = co_await reasons_now(context);
    const Change change{.edit = edit, .hurries = edit == retry, .filter = *std::move(filter), .reasons = &reasons, .now = Time::now()};
    Tally tally;
    if (!by_id) {
        if (Result<> done = co_await change_matching(context, change, tally); !done) co_return fail(std::move(done).error());
        co_return tally;
    }
    for (const std::string& text : ids->second) {
        const Result<Id128> id = queue_id(text);
        if (!id) co_return fail(id.error());
        const Result<bool> changed = co_await change_entry(context, change, *id, tally);
        if (!changed) co_return fail(changed.error());
    }
    co_return tally;
}

std::string tally_text(const Tally& tally) {
    return JsonWriter().object().field("messages", tally.messages).field("recipients", tally.recipients).end().take();
}

Task<Result<std::string>> change_and_tell(Context& context, Edit edit) {
    const Result<Tally> tally = co_await change_queue(context, edit);
    if (!tally) co_return fail(tally.error());
    co_return tally_text(*tally);
}

}  // namespace

Task<Result<std::string>> queue_hold(Context& context) { return change_and_tell(context, hold); }
Task<Result<std::string>> queue_release(Context& context) { return change_and_tell(context, release); }
Task<Result<std::string>> queue_drop(Context& context) { return change_and_tell(context, nullptr); }

// Mailboxes here are tried before it answers; other hosts as soon as there is a connection.
Task<Result<std::string>> queue_retry(Context& context) {
    const Result<Tally> tally = co_await change_queue(context, retry);
    if (!tally) co_return fail(tally.error());
    if (context.outbound) context.outbound->hurry({tally->domains.begin(), tally->domains.end()});
    const std::size_t delivered = co_await context.services.local_retry().retry_due(Time::now());
    co_return JsonWriter()
        .object()
        .field("messages", tally->messages)
        .field("recipients", tally->recipients)
        .field("delivered_here", delivered)
        .end()
        .take();
}

}  // namespace packetboat::server::admin
