#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "server/admin_commands.h"
#include "server/admin_queue.h"
#include "server/values.h"

namespace packetboat::server::admin {

namespace {

constexpr std::size_t list_page = 500;
constexpr std::size_t recipients_page = 2'000;
constexpr std::uint64_t list_max = 100'000;
constexpr std::size_t groups_max = 10'000;

void write_recipient(JsonWriter& json, const delivery::QueuedRecipient& recipient, const Reasons& reasons, bool all) {
    json.object().field("address", recipient.address).field("local", recipient.local).field("state", queue_state(recipient));
    json.field("attempts", recipient.attempts).field("due", recipient.due.rfc3339()).field("reason", reasons.of(recipient));
    if (all) {
        json.field("number", recipient.number).field("status", recipient.status).field("answer", recipient.diagnostic);
        json.field("host", recipient.remote).field("original", recipient.original).field("orcpt", recipient.orcpt);
    }
    json.end();
}

void write_entry(JsonWriter& json, const delivery::QueueEntry& entry, const QueueFilter& filter, const Reasons& reasons, bool all) {
    json.object().field("id", entry.id.text()).field("arrived", entry.arrived.rfc3339()).field("from", entry.reverse_path);
    json.field("size_bytes", entry.size_bytes);
    if (all) json.field("envid", entry.envid).field("smtputf8", entry.smtputf8).field("require_tls", entry.require_tls);
    json.key("recipients").array();
    for (const delivery::QueuedRecipient& recipient : entry.recipients) {
        if (filter.matches(recipient, reasons.of(recipient))) write_recipient(json, recipient, reasons, all);
    }
    json.end();
}

// With the domains as headings where there are several.
std::string joined(const std::vector<delivery::QueueDialogue>& dialogues) {
    std::string out;
    for (const delivery::QueueDialogue& one : dialogues) {
        if (dialogues.size() > 1) out += "(mail for " + one.domain + ")\n";
        out += one.text;
    }
    return out;
}

struct Group {
    std::uint64_t recipients = 0;
    std::uint64_t messages = 0;
    Time oldest{INT64_MAX};
};

// What a recipient is counted under; nullopt: not such a word.
std::optional<std::string_view> group_of(std::string_view by, const delivery::QueueEntry& entry, const delivery::QueuedRecipient& recipient,
                                         std::string_view reason) {
    if (by == "destination") return recipient.local ? std::string_view("(here)") : recipient.domain();
    if (by == "reason") return reason;
    if (by == "sender") return entry.reverse_path.empty() ? std::string_view("<>") : std::string_view(entry.reverse_path);
    if (by == "state") return queue_state(recipient);
    return std::nullopt;
}

class Groups {
public:
    void count(std::string_view by, const delivery::QueueEntry& entry, const QueueFilter& filter, const Reasons& reasons) {
        std::vector<Group*> met;
        for (const delivery::QueuedRecipient& recipient : entry.recipients) {
            const std::string reason = reasons.of(recipient);
            if (!filter.matches(recipient, reason)) continue;
            std::string key(*group_of(by, entry, recipient, reason));
            if (groups_.size() >= groups_max && !groups_.contains(key)) key = "(others)";
            Group& group = groups_[key];
            ++group.recipients;
            group.oldest = std::min(group.oldest, entry.arrived);
            if (std::ranges::find(met, &group) == met.end()) met.push_back(&group);
        }
        for (Group* group : met) ++group->messages;
    }

    std::vector<std::pair<std::string, Group>> largest_first() const {
        std::vector<std::pair<std::string, Group>> all(groups_.begin(), groups_.end());
        std::ranges::sort(all, [](const auto& a, const auto& b) {
            return a.second.messages != b.second.messages ? a.second.messages > b.second.messages : a.first < b.first;
        });
        return all;
    }

private:
    std::unordered_map<std::string, Group> groups_;
};

using Visit = std::function<Task<Result<bool>>(std::vector<delivery::QueueEntry>&)>;

// As each_page(), of what Queue::recipients_after() gives.
Task<Result<>> each_page_of_recipients(Context& context, const Visit& visit) {
    std::optional<Id128> last = Id128{};
    for (;;) {
        if (Result<> on = context.may_go_on(); !on) co_return on;
        Result<delivery::Queue::Recipients> page = co_await context.services.queue().recipients_after(*last, recipients_page);
        if (!page) co_return fail(page.error());
        last = page->last;
        if (!last) co_return Result<>{};
        const Result<bool> on = co_await visit(page->entries);
        if (!on) co_return fail(on.error());
    }
}

}  // namespace

Reasons::Reasons(std::vector<delivery::Schedule::State> states) {
    for (delivery::Schedule::State& state : states) {
        std::string domain = state.domain;
        states_.emplace(std::move(domain), std::move(state));
    }
}

const delivery::Schedule::State* Reasons::state(std::string_view domain) const {
    const auto found = states_.find(std::string(domain));
    return found == states_.end() ? nullptr : &found->second;
}

std::string Reasons::of(const delivery::QueuedRecipient& recipient) const {
    if (recipient.done() && recipient.last_error.empty()) return "its sender is to be told";
    if (!recipient.last_error.empty()) return recipient.last_error;
    if (!recipient.local && !recipient.held) {
        if (const delivery::Schedule::State* known = state(recipient.domain()); known && !known->reason.empty()) return known->reason;
    }
    return recipient.due > Time::now() ? "waiting for its time" : "waiting for its first attempt";
}

Task<Reasons> reasons_now(Context& context) {
    if (!context.outbound) co_return Reasons({});
    co_return Reasons(co_await context.outbound->states());
}

Result<QueueFilter> filter_of(const Context& context) {
    QueueFilter filter;
    filter.sender = context.arg("sender").value_or("");
    filter.recipient = context.arg("recipient").value_or("");
    filter.destination = lower(context.arg("destination").value_or(""));
    filter.reason = context.arg("reason").value_or("");
    filter.state = context.arg("state").value_or("");
    const auto age = [&](std::string_view name, std::optional<std::chrono::seconds>& into) -> Result<> {
        const std::optional<std::string> text = context.arg(name);
        if (!text) return {};
        into = parse_duration(*text);
        if (!into) return fail(ErrorCode::invalid, "--" + std::string(name) + " must be a time such as \"90 s\", \"5 m\" or \"2 h\"");
        return {};
    };
    if (Result<> read = age("older-than", filter.older_than); !read) return fail(std::move(read).error());
    if (Result<> read = age("newer-than", filter.newer_than); !read) return fail(std::move(read).error());
    static constexpr std::array<std::string_view, 6> states{"", "waiting", "held", "failed", "delivered", "relayed"};
    if (std::ranges::find(states, filter.state) == states.end())
        return fail(ErrorCode::invalid, "--state must be one of: waiting held failed delivered relayed");
    return filter;
}

Result<Id128> queue_id(std::string_view text) {
    const std::optional<Id128> id = Id128::parse(text);
    if (!id) return fail(ErrorCode::not_found, "no message " + std::string(text) + " in the queue");
    return *id;
}

Task<Result<>> each_page(Context& context, const std::function<Task<Result<bool>>(std::vector<delivery::QueueEntry>&)>& visit) {
    delivery::Queue::Position last{};
    for (;;) {
        if (Result<> on = context.may_go_on(); !on) co_return on;
        Result<std::vector<delivery::QueueEntry>> page = co_await context.services.queue().list_after(last, list_page);
        if (!page) co_return fail(page.error());
        if (page->empty()) co_return Result<>{};
        last = {page->back().arrived, page->back().id};
        const Result<bool> on = co_await visit(*page);
        if (!on) co_return fail(on.error());
        if (!*on) co_return Result<>{};
    }
}

Task<Result<std::string>> queue_list(Context& context) {
    if (context.arg("by")) co_return co_await queue_summary(context);
    const std::optional<std::uint64_t> limit = parse_u64(context.arg("limit").value_or("1000"));
    if (!limit || *limit == 0 || *limit > list_max)
        co_return fail(ErrorCode::invalid, "limit must be from 1 to " + std::to_string(list_max));
    const Result<QueueFilter> filter = filter_of(context);
    if (!filter) co_return fail(filter.error());
    const Reasons reasons = co_await reasons_now(context);
    const Time now = Time::now();
    JsonWriter json;
    json.array();
    std::uint64_t written = 0;
    Result<> walked = co_await each_page(context, [&](std::vector<delivery::QueueEntry>& page) -> Task<Result<bool>> {
        for (const delivery::QueueEntry& entry : page) {
            const auto wanted = [&](const delivery::QueuedRecipient& recipient) {
                return filter->matches(recipient, reasons.of(recipient));
            };
            if (!filter->matches(entry, now) || !std::ranges::any_of(entry.recipients, wanted)) continue;
            write_entry(json, entry, *filter, reasons, false);
            json.end();
            if (++written >= *limit) co_return false;
        }
        co_return true;
    });
    if (!walked) co_return fail(std::move(walked).error());
    co_return json.end().take();
}

Task<Result<std::string>> queue_summary(Context& context) {
    const std::string by = context.arg("by").value_or("destination");
    if (!group_of(by, {}, {}, "")) co_return fail(ErrorCode::invalid, "--by must be one of: destination reason sender state");
    const Result<QueueFilter> filter = filter_of(context);
    if (!filter) co_return fail(filter.error());
    const Reasons reasons = co_await reasons_now(context);
    const Time now = Time::now();
    Groups groups;
    const auto count = [&](std::vector<delivery::QueueEntry>& page) -> Task<Result<bool>> {
        for (const delivery::QueueEntry& entry : page) {
            if (filter->matches(entry, now)) groups.count(by, entry, *filter, reasons);
        }
        co_return true;
    };
    // Of the envelope only the sender can be asked for, and reading envelopes takes most of the time.
    const bool recipients_suffice = by != "sender" && filter->sender.empty();
    Result<> walked = co_await (recipients_suffice ? each_page_of_recipients(context, count) : each_page(context, count));
    if (!walked) co_return fail(std::move(walked).error());

    std::vector<std::pair<std::string, Group>> largest_first = groups.largest_first();
    JsonWriter json;
    json.array();
    for (const auto& [key, group] : largest_first) {
        json.object().field(by, key).field("messages", group.messages).field("recipients", group.recipients);
        json.field("oldest", group.oldest.rfc3339());
        if (by == "destination") {
            const delivery::Schedule::State* state = reasons.state(key);
            json.field("route", state ? state->route : "").field("connections", state ? state->connections : 0);
            json.field("reason", state ? state->reason : "").field("until", state && state->until ? state->until->rfc3339() : "");
        }
        json.end();
    }
    co_return json.end().take();
}

Task<Result<std::string>> queue_show(Context& context) {
    const Result<std::string> text = context.required("id");
    if (!text) co_return fail(text.error());
    const Result<Id128> id = queue_id(*text);
    if (!id) co_return fail(id.error());
    const Result<delivery::QueueEntry> entry = co_await context.services.queue().get(*id);
    if (!entry) co_return fail(entry.error());
    const Result<std::vector<delivery::QueueDialogue>> dialogues = co_await context.services.queue().dialogues(*id);
    if (!dialogues) co_return fail(dialogues.error());
    const Reasons reasons = co_await reasons_now(context);
    JsonWriter json;
    write_entry(json, *entry, {}, reasons, true);
    json.key("destinations").array();
    std::vector<std::string_view> shown;
    for (const delivery::QueuedRecipient& recipient : entry->recipients) {
        const std::string_view domain = recipient.domain();
        const delivery::Schedule::State* state = recipient.local ? nullptr : reasons.state(domain);
        if (!state || std::ranges::find(shown, domain) != shown.end()) continue;
        shown.push_back(domain);
        write_destination(json, *state);
    }
    json.end().field("dialogue", joined(*dialogues));
    co_return json.end().take();
}

void write_destination(JsonWriter& json, const delivery::Schedule::State& state) {
    json.object().field("domain", state.domain).field("route", state.route).field("waiting", state.waiting);
    json.field("connections", state.connections).field("connections_allowed", state.connections_allowed);
    json.field("reason", state.reason).field("until", state.until ? state.until->rfc3339() : "").end();
}

// Where mail for an address or a domain goes, as it would be sent now.
Task<Result<std::string>> queue_route(Context& context) {
    const Result<std::string> wanted = context.required("address");
    if (!wanted) co_return fail(wanted.error());
    if (!context.outbound) co_return fail(ErrorCode::closed, "no server runs here, and it is the server that asks for routes");
    const std::string domain_text = wanted->substr(wanted->rfind('@') + 1);
    std::string domain = domain_text;
    if (!domain.starts_with('[')) {
        Result<std::string> normal = directory::normalize_domain(domain_text);
        if (!normal) co_return fail(normal.error());
        domain = *std::move(normal);
    }
    const delivery::Routing routing = co_await context.outbound->route(domain);
    JsonWriter json;
    json.object().field("domain", domain);
    if (routing.route) {
        json.field("route", (*routing.route)->text()).field("valid_s", routing.valid.count());
    } else {
        const delivery::Failure& failure = routing.route.error();
        context.exit = failure.permanent ? Exit::refused : Exit::deferred;
        json.field("route", "").field("reason", failure.reason).field("status", failure.status).field("permanent", failure.permanent);
    }
    if (const std::optional<delivery::Schedule::State> state = co_await context.outbound->state(domain)) {
        json.key("destination");
        write_destination(json, *state);
    }
    co_return json.end().take();
}

}  // namespace packetboat::server::admin
