#include "server/admin_commands.h"
#include "server/erasures.h"

namespace packetboat::server::admin {

namespace {

constexpr std::size_t list_page = 500;

// Adds a room's findings to the list; an error of the check itself is a finding too, for it kept something from being proved.
void add(std::vector<store::Finding>& all, std::string_view what, Result<std::vector<store::Finding>> more) {
    if (!more) {
        all.push_back({.partition = std::string(what), .what = "could not be checked: " + more.error().text});
        return;
    }
    for (store::Finding& finding : *more) all.push_back(std::move(finding));
}

}  // namespace

Task<Result<std::string>> store_verify(Context& context) {
    std::vector<store::Finding> findings;
    // The store reads every blob, which no token ends; the control socket does not wait for it longer than for sessions.
    add(findings, "store", co_await context.services.store().verify());
    if (Result<> on = context.may_go_on(); !on) co_return fail(std::move(on).error());
    add(findings, "directory", co_await context.services.directory().verify());
    add(findings, "queue", co_await context.services.queue().verify());
    std::uint64_t accounts = 0;
    std::string after;
    for (;;) {
        const Result<std::vector<store::Partition>> page = co_await context.services.store().partitions("a", after, list_page);
        if (!page) co_return fail(page.error());
        for (const store::Partition& partition : *page) {
            if (Result<> on = context.may_go_on(); !on) co_return fail(std::move(on).error());
            ++accounts;
            add(findings, partition.name, co_await context.services.mail().verify(partition));
            add(findings, partition.name, co_await verify_ownership(context.services, partition));
        }
        if (page->size() < list_page) break;
        after = page->back().name;
    }
    if (!findings.empty()) context.exit = Exit::findings;
    JsonWriter json;
    json.object().field("clean", findings.empty()).field("accounts", accounts).key("findings").array();
    for (const store::Finding& finding : findings) json.object().field("where", finding.partition).field("what", finding.what).end();
    co_return json.end().end().take();
}

Task<Result<std::string>> store_stats(Context& context) {
    const Result<store::Stats> stats = co_await context.services.store().stats();
    if (!stats) co_return fail(stats.error());
    JsonWriter json;
    json.object().field("partitions", stats->partitions).field("records", stats->records).field("record_bytes", stats->record_bytes);
    json.field("blobs", stats->blobs).field("blob_bytes", stats->blob_bytes);
    json.field("commits", stats->commits).field("commit_groups", stats->commit_groups);
    co_return json.end().take();
}

Task<Result<std::string>> store_sweep(Context& context) {
    const Result<std::uint64_t> swept = co_await context.services.store().sweep_blobs();
    if (!swept) co_return fail(swept.error());
    co_return JsonWriter().object().field("blobs_removed", *swept).end().take();
}

Task<Result<std::string>> status(Context& context) {
    JsonWriter json;
    json.object().field("hostname", context.hostname).field("running", context.status != nullptr);
    if (context.status) context.status(json);
    co_return json.end().take();
}

}  // namespace packetboat::server::admin
