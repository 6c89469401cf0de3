#include "delivery/acceptance.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "delivery/local_delivery.h"

namespace packetboat::delivery {
namespace {

// So many accounts are written together; more of them wait, so that one message does not fill the store's queue.
constexpr std::size_t together_max = 256;
constexpr std::chrono::minutes first_retry{1};

// `address`, as the client wrote it when that is the same one: only the host it goes to may say that case means nothing
// (RFC 5321 §2.4).
std::string as_written(const directory::Address& address, const std::string& written) {
    const Result<directory::Address> parsed = directory::Address::parse_any(written);
    if (!parsed || *parsed != address) return address.text();
    return written.substr(0, written.rfind('@') + 1) + address.domain();
}

bool leads_to_several(const Recipient& recipient) { return recipient.accounts.size() + recipient.elsewhere.size() > 1; }

// What NOTIFY says for the places that a recipient leads to. SUCCESS is about the recipient itself when there are several (RFC 3461
// §6.2.7.3); who wanted to hear of nothing else wants to hear of nothing.
std::uint8_t inherited_notify(const Recipient& recipient) {
    if (!leads_to_several(recipient) || (recipient.notify & notify_success) == 0) return recipient.notify;
    const auto rest = static_cast<std::uint8_t>(recipient.notify & ~unsigned{notify_success});
    return rest == 0 ? notify_never : rest;
}

}  // namespace

Acceptance::Acceptance(mailbox::Mail& mail, Queue& queue, const Envelope& envelope, bool each_alone)
    : mail_(mail),
      queue_(queue),
      envelope_(envelope),
      each_alone_(each_alone),
      held_(envelope.hold_until && *envelope.hold_until > now_),
      barred_(each_alone ? envelope.recipients.size() : 1) {
    plan();
}

void Acceptance::plan() {
    for (std::size_t i = 0; i < envelope_.recipients.size(); ++i) {
        const Recipient& recipient = envelope_.recipients[i];
        for (const directory::Local& account : recipient.accounts) add_account(account, i);
        for (const directory::Address& address : recipient.elsewhere) add_elsewhere(address, i);
    }
}

void Acceptance::add_account(const directory::Local& account, std::size_t recipient) {
    const auto [place, is_new] = account_stops_.try_emplace(static_cast<std::uint64_t>(account.id), stops_.size());
    if (is_new) stops_.push_back({.account = account, .address = account.address.text()});
    lead_to(place->second, recipient);
}

void Acceptance::add_elsewhere(const directory::Address& address, std::size_t recipient) {
    std::string text = as_written(address, envelope_.recipients[recipient].address);
    const auto [place, is_new] = elsewhere_stops_.try_emplace(text, stops_.size());
    if (is_new) stops_.push_back({.address = std::move(text)});
    lead_to(place->second, recipient);
}

void Acceptance::lead_to(std::size_t stop, std::size_t recipient) { stops_[stop].recipients.push_back(recipient); }

Task<std::vector<Outcome>> Acceptance::run(mailbox::Content content, std::uint64_t skip_bytes) {
    skip_bytes_ = skip_bytes;
    if (held_) co_return co_await hold(content);
    if (!account_stops_.empty()) {
        // Once for all accounts.
        Result<mailbox::Content> settled = co_await mail_.settle(std::move(content));
        if (!settled) co_return std::vector<Outcome>(envelope_.recipients.size(), Outcome{fail(settled.error())});
        content = *std::move(settled);
    }
    co_await queue_elsewhere(content);
    co_await deliver(content);
    co_await queue_rest(content);
    std::vector<Outcome> all = outcomes();
    co_await queue_reports(all, content);
    co_return all;
}

// RFC 4865: all of it waits in one entry. What is to be told of waits as long.
Task<std::vector<Outcome>> Acceptance::hold(const mailbox::Content& content) {
    std::vector<Stop*> all;
    for (Stop& stop : stops_) all.push_back(&stop);
    if (!all.empty()) {
        const Result<> queued = co_await queue(all, content);
        for (Stop* stop : all) {
            if (queued) continue;
            stop->stage = Stage::failed;
            stop->error = queued.error();
        }
    }
    std::vector<Outcome> answers = outcomes();
    co_await queue_reports(answers, content);
    co_return answers;
}

Task<> Acceptance::queue_elsewhere(const mailbox::Content& content) {
    std::vector<Stop*> elsewhere;
    for (Stop& stop : stops_) {
        if (!stop.account) elsewhere.push_back(&stop);
    }
    if (elsewhere.empty()) co_return;
    const Result<> queued = co_await queue(elsewhere, content);
    if (queued) co_return;
    for (Stop* stop : elsewhere) {
        stop->stage = Stage::failed;
        stop->error = queued.error();
        bar(*stop);
    }
}

// Nothing is to be tried for answers that are going to be errors anyway.
void Acceptance::bar(const Stop& stop) {
    for (const std::size_t recipient : stop.recipients) barred_[answer_of(recipient)] = stop.error;
}

bool Acceptance::barred(const Stop& stop) const {
    return std::ranges::all_of(stop.recipients, [&](std::size_t recipient) { return barred_[answer_of(recipient)].has_value(); });
}

Task<> Acceptance::deliver(const mailbox::Content& content) {
    std::vector<Stop*> accounts;
    for (Stop& stop : stops_) {
        if (stop.account && !barred(stop)) accounts.push_back(&stop);
    }
    for (std::size_t first = 0; first < accounts.size(); first += together_max) {
        const std::size_t count = std::min(together_max, accounts.size() - first);
        std::vector<Task<Result<>>> deliveries;
        for (std::size_t i = first; i < first + count; ++i) {
            const Stop& stop = *accounts[i];
            deliveries.push_back(deliver_locally(mail_, {.message = envelope_.id,
                                                         .content = content,
                                                         .received = now_,
                                                         .account = stop.account->id,
                                                         .quota_bytes = stop.account->quota_bytes,
                                                         .address = stop.address,
                                                         .session_id = envelope_.session_id}));
        }
        const std::vector<Result<>> results = co_await when_all(std::move(deliveries));
        for (std::size_t i = 0; i < count; ++i) {
            Stop& stop = *accounts[first + i];
            stop.stage = results[i] ? Stage::delivered : Stage::failed;
            if (!results[i]) stop.error = results[i].error();
        }
    }
}

// The answers of which something has been delivered or queued, and that can be good ones.
std::vector<bool> Acceptance::answers_succeeded_in_part() const {
    std::vector<bool> succeeded(barred_.size());
    for (const Stop& stop : stops_) {
        if (stop.stage != Stage::delivered && stop.stage != Stage::queued) continue;
        for (const std::size_t recipient : stop.recipients) {
            const std::size_t answer = answer_of(recipient);
            succeeded[answer] = !barred_[answer];
        }
    }
    return succeeded;
}

Task<> Acceptance::queue_rest(const mailbox::Content& content) {
    const std::vector<bool> succeeded = answers_succeeded_in_part();
    std::vector<Stop*> rest;
    for (Stop& stop : stops_) {
        if (!stop.account || stop.stage != Stage::failed) continue;
        log_warning("delivery.failed", envelope_.session_id,
                    {{"message", envelope_.id.text()}, {"account", stop.address}, {"why", stop.error.text}});
        const auto answered_well = [&](std::size_t recipient) { return succeeded[answer_of(recipient)]; };
        if (envelope_.ours || std::ranges::any_of(stop.recipients, answered_well)) rest.push_back(&stop);
    }
    if (rest.empty()) co_return;
    // When that fails too, each stop's own error says why.
    const Result<> queued = co_await queue(std::move(rest), content);
    if (!queued) {
        log_error("delivery.not_queued", envelope_.session_id, {{"message", envelope_.id.text()}, {"why", queued.error().text}});
    }
}

Task<Result<>> Acceptance::queue(std::vector<Stop*> stops, const mailbox::Content& content) {
    std::vector<QueuedRecipient> recipients;
    for (const Stop* stop : stops) std::ranges::move(queued_recipients(*stop), std::back_inserter(recipients));
    const Result<> added = co_await add(std::move(recipients), content);
    if (!added) co_return added;
    for (Stop* stop : stops) {
        stop->stage = Stage::queued;
        log_info("delivery.queued", envelope_.session_id,
                 {{"message", envelope_.id.text()}, {"to", stop->address}, {"local", stop->account.has_value()}});
    }
    co_return Result<>();
}

Task<Result<>> Acceptance::add(std::vector<QueuedRecipient> recipients, const mailbox::Content& content) {
    QueueEntry entry;
    entry.id = envelope_.id;
    entry.reverse_path = envelope_.reverse_path;
    entry.envid = envelope_.envid;
    entry.ret = envelope_.ret;
    entry.smtputf8 = envelope_.smtputf8;
    entry.body = envelope_.body;
    entry.require_tls = envelope_.require_tls;
    entry.arrived = now_;
    if (held_) entry.held_until = *envelope_.hold_until;
    entry.skip_bytes = skip_bytes_;
    entry.recipients = std::move(recipients);
    const Result<Id128> added = co_await queue_.add(std::move(entry), content);
    if (!added) co_return fail(added.error());
    co_return Result<>();
}

// One for each wish that the recipients have: two of them that want to be told of alike are one.
std::vector<QueuedRecipient> Acceptance::queued_recipients(const Stop& stop) const {
    std::vector<QueuedRecipient> queued;
    std::set<std::pair<std::uint8_t, std::string_view>> wishes;
    for (const std::size_t i : stop.recipients) {
        const Recipient& given = envelope_.recipients[i];
        if (wishes.emplace(inherited_notify(given), given.orcpt).second) queued.push_back(queued_recipient(stop, i));
    }
    return queued;
}

QueuedRecipient Acceptance::queued_recipient(const Stop& stop, std::size_t recipient) const {
    const Recipient& given = envelope_.recipients[recipient];
    QueuedRecipient queued;
    queued.address = stop.address;
    if (stop.address != given.address) queued.original = given.address;
    queued.orcpt = given.orcpt;
    queued.notify = inherited_notify(given);
    queued.due = held_ ? *envelope_.hold_until : now_;
    if (!stop.account) return queued;

    queued.local = true;
    queued.account = stop.account->id;
    if (stop.stage != Stage::failed) return queued;
    queued.attempts = 1;
    queued.last_error = stop.error.text.empty() ? std::string(to_string(stop.error.code)) : stop.error.text;
    queued.status = local_status(stop.error.code);
    if (may_pass(stop.error.code)) {
        queued.due = now_ + first_retry;
    } else {
        queued.report = Report::failed;
    }
    return queued;
}

// Of whom the sender wants to hear that they have got the message: accounts that have it, and aliases that lead to several places.
std::vector<QueuedRecipient> Acceptance::reports(const std::vector<Outcome>& outcomes) const {
    std::vector<QueuedRecipient> reports;
    const auto wanted = [&](std::size_t i) { return outcomes[i].result && (envelope_.recipients[i].notify & notify_success) != 0; };
    const auto delivered = [&](QueuedRecipient recipient) {
        recipient.report = Report::delivered;
        recipient.status = "2.1.5";
        recipient.due = held_ ? *envelope_.hold_until : now_;
        reports.push_back(std::move(recipient));
    };
    for (const Stop& stop : stops_) {
        if (stop.stage != Stage::delivered) continue;
        for (const std::size_t i : stop.recipients) {
            if (wanted(i) && !leads_to_several(envelope_.recipients[i])) delivered(queued_recipient(stop, i));
        }
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const Recipient& given = envelope_.recipients[i];
        if (wanted(i) && leads_to_several(given)) delivered({.address = given.address, .orcpt = given.orcpt, .notify = given.notify});
    }
    return reports;
}

// A sender who will send the message again, because of some of its recipients, is told of all of them then.
Task<> Acceptance::queue_reports(const std::vector<Outcome>& outcomes, const mailbox::Content& content) {
    if (envelope_.reverse_path.empty()) co_return;
    const bool refused = std::ranges::any_of(outcomes, [](const Outcome& outcome) { return !outcome.result; });
    if (refused && !each_alone_) co_return;
    std::vector<QueuedRecipient> wanted = reports(outcomes);
    if (wanted.empty()) co_return;
    const Result<> added = co_await add(std::move(wanted), content);
    if (!added)
        log_error("delivery.report_not_queued", envelope_.session_id, {{"message", envelope_.id.text()}, {"why", added.error().text}});
}

std::vector<Outcome> Acceptance::outcomes() const {
    std::vector<Outcome> outcomes(envelope_.recipients.size());
    std::vector<bool> reached(outcomes.size());
    for (const Stop& stop : stops_) {
        for (const std::size_t recipient : stop.recipients) {
            Outcome& outcome = outcomes[recipient];
            reached[recipient] = true;
            outcome.queued = outcome.queued || stop.stage == Stage::queued;
            // That there is no such account tells the sender to give up: so only where that holds for all the places.
            const bool open = outcome.result || outcome.result.error().code == ErrorCode::not_found;
            if (stop.stage == Stage::failed && open) outcome.result = fail(stop.error);
        }
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const std::optional<Error>& barred = barred_[answer_of(i)];
        if (outcomes[i].result && barred) outcomes[i].result = fail(*barred);
        if (outcomes[i].result && !reached[i]) outcomes[i].result = fail(ErrorCode::not_found, "nobody gets mail for this address");
        if (!outcomes[i].result) outcomes[i].queued = false;
    }
    return outcomes;
}

}  // namespace packetboat::delivery
