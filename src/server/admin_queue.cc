#include "base/text.h"
#include "server/admin_commands.h"

namespace packetboat::server::admin {

namespace {

constexpr std::size_t list_page = 500;
constexpr std::uint64_t list_max = 100'000;

void write_entry(JsonWriter& json, const delivery::QueueEntry& entry) {
    json.object().field("id", entry.id.text()).field("arrived", entry.arrived.rfc3339()).field("from", entry.reverse_path);
    json.field("size_bytes", entry.size_bytes).key("recipients").array();
    for (const delivery::QueuedRecipient& recipient : entry.recipients) {
        json.object().field("address", recipient.address).field("local", recipient.local).field("attempts", recipient.attempts);
        json.field("due", recipient.due.rfc3339());
        json.field("reason", recipient.last_error.empty() ? "waiting for its first attempt" : recipient.last_error).end();
    }
    json.end().end();
}

// Calls `visit` for each entry, oldest first, until it answers false.
template <class Visit>
Task<Result<>> each_entry(Context& context, Visit visit) {
    std::optional<Id128> after;
    for (;;) {
        if (Result<> on = context.may_go_on(); !on) co_return on;
        const Result<std::vector<delivery::QueueEntry>> page = co_await context.services.queue().list(after, list_page);
        if (!page) co_return fail(page.error());
        for (const delivery::QueueEntry& entry : *page) {
            if (!visit(entry)) co_return Result<>{};
        }
        if (page->size() < list_page) co_return Result<>{};
        after = page->back().id;
    }
}

Task<Result<delivery::QueueEntry>> find(Context& context) {
    const Result<std::string> id = context.required("id");
    if (!id) co_return fail(id.error());
    std::optional<delivery::QueueEntry> found;
    Result<> walked = co_await each_entry(context, [&](const delivery::QueueEntry& entry) {
        if (entry.id.text() == *id) found = entry;
        return !found;
    });
    if (!walked) co_return fail(std::move(walked).error());
    if (!found) co_return fail(ErrorCode::not_found, "no message " + *id + " in the queue");
    co_return std::move(*found);
}

}  // namespace

Task<Result<std::string>> queue_list(Context& context) {
    const std::optional<std::uint64_t> limit = parse_u64(context.arg("limit").value_or("1000"));
    if (!limit || *limit == 0 || *limit > list_max)
        co_return fail(ErrorCode::invalid, "limit must be from 1 to " + std::to_string(list_max));
    JsonWriter json;
    json.array();
    std::uint64_t written = 0;
    Result<> walked = co_await each_entry(context, [&](const delivery::QueueEntry& entry) {
        write_entry(json, entry);
        return ++written < *limit;
    });
    if (!walked) co_return fail(std::move(walked).error());
    co_return json.end().take();
}

Task<Result<std::string>> queue_show(Context& context) {
    const Result<delivery::QueueEntry> entry = co_await find(context);
    if (!entry) co_return fail(entry.error());
    JsonWriter json;
    write_entry(json, *entry);
    co_return json.take();
}

Task<Result<std::string>> queue_drop(Context& context) {
    const Result<delivery::QueueEntry> entry = co_await find(context);
    if (!entry) co_return fail(entry.error());
    Result<> removed = co_await context.services.queue().remove(entry->id);
    if (!removed) co_return fail(std::move(removed).error());
    co_return JsonWriter().object().field("id", entry->id.text()).end().take();
}

// Local recipients whose mailbox could not be written are tried at once, whenever they would be due.
Task<Result<std::string>> queue_retry(Context& context) {
    const std::size_t delivered = co_await context.services.local_retry().retry_all(Time::now());
    co_return JsonWriter().object().field("delivered", delivered).end().take();
}

}  // namespace packetboat::server::admin
