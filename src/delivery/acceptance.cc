#include "delivery/acceptance.h"

#include <algorithm>
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
    const Result<directory::Address> parsed = directory::Address::parse(written);
    if (!parsed || *parsed != address) return address.text();
    return written.substr(0, written.rfind('@') + 1) + address.domain();
}

}  // namespace

Acceptance::Acceptance(mailbox::Mail& mail, Queue& queue, const Envelope& envelope, bool each_alone)
    : mail_(mail), queue_(queue), envelope_(envelope), each_alone_(each_alone), barred_(each_alone ? envelope.recipients.size() : 1) {
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
    if (!account_stops_.empty()) {
        // Once for all accounts.
        Result<mailbox::Content> settled = co_await mail_.settle(std::move(content));
        if (!settled) co_return std::vector<Outcome>(envelope_.recipients.size(), Outcome{fail(settled.error())});
        content = *std::move(settled);
    }
    co_await queue_elsewhere(content);
    co_await deliver(content);
    co_await queue_rest(content);
    co_return outcomes();
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
        if (std::ranges::any_of(stop.recipients, answered_well)) rest.push_back(&stop);
    }
    if (rest.empty()) co_return;
    // When that fails too, each stop's own error says why.
    const Result<> queued = co_await queue(std::move(rest), content);
    if (!queued) {
        log_error("delivery.not_queued", envelope_.session_id, {{"message", envelope_.id.text()}, {"why", queued.error().text}});
    }
}

Task<Result<>> Acceptance::queue(std::vector<Stop*> stops, const mailbox::Content& content) {
    QueueEntry entry;
    entry.id = envelope_.id;
    entry.reverse_path = envelope_.reverse_path;
    entry.envid = envelope_.envid;
    entry.ret = envelope_.ret;
    entry.smtputf8 = envelope_.smtputf8;
    entry.body = envelope_.body;
    entry.arrived = now_;
    entry.skip_bytes = skip_bytes_;
    for (const Stop* stop : stops) entry.recipients.push_back(queued_recipient(*stop));
    const Result<Id128> added = co_await queue_.add(std::move(entry), content);
    if (!added) co_return fail(added.error());
    for (Stop* stop : stops) {
        stop->stage = Stage::queued;
        log_info("delivery.queued", envelope_.session_id,
                 {{"message", envelope_.id.text()}, {"to", stop->address}, {"local", stop->account.has_value()}});
    }
    co_return Result<>();
}

QueuedRecipient Acceptance::queued_recipient(const Stop& stop) const {
    const Recipient& given = envelope_.recipients[stop.recipients.front()];
    QueuedRecipient queued;
    queued.address = stop.address;
    if (stop.address != given.address) queued.original = given.address;
    queued.orcpt = given.orcpt;
    queued.notify = given.notify;
    queued.due = now_;
    if (!stop.account) return queued;

    queued.local = true;
    queued.account = stop.account->id;
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
