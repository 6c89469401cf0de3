#include <algorithm>
#include <iterator>
#include <utility>

#include "mailbox/state.h"

// Changing keywords and placements.
namespace packetboat::mailbox {

namespace {

using EmailUpdate = Mail::EmailUpdate;

template <class T>
void sort_unique(std::vector<T>& values) {
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
}

// An update as the transaction takes it, or why it cannot be done whatever the email is.
Result<EmailUpdate> normalised(EmailUpdate update, const Limits& limits) {
    for (Keywords* keywords : {&update.add_keywords, &update.remove_keywords, update.set_keywords ? &*update.set_keywords : nullptr}) {
        if (keywords == nullptr) continue;
        Result<Keywords> good = normalised(std::move(*keywords), limits);
        if (!good) return fail(std::move(good).error());
        *keywords = std::move(*good);
    }
    sort_unique(update.add_to);
    sort_unique(update.remove_from);
    return update;
}

Keywords keywords_after(const Keywords& before, const EmailUpdate& update) {
    Keywords stay;
    std::ranges::set_difference(update.set_keywords ? *update.set_keywords : before, update.remove_keywords, std::back_inserter(stay));
    Keywords after;
    std::ranges::set_union(stay, update.add_keywords, std::back_inserter(after));
    return after;
}

EmailChange change_of(const Email& email, const EmailUpdate& update) {
    std::vector<MailboxId> in;
    in.reserve(email.placements.size());
    for (const Placement& placement : email.placements) in.push_back(placement.mailbox);
    std::vector<MailboxId> stay;
    std::ranges::set_difference(in, update.remove_from, std::back_inserter(stay));
    EmailChange change{.keywords = keywords_after(email.keywords, update)};
    std::ranges::set_intersection(in, update.remove_from, std::back_inserter(change.remove_from));
    std::ranges::set_difference(update.add_to, stay, std::back_inserter(change.add_to));
    return change;
}

struct Step {
    Result<> result;
    std::vector<Placement> placed;
    bool changed = false;
};

// One email's update in the commit. The outer error ends the commit, Step::result is this email's alone.
Result<Step> apply(Edit& edit, const EmailUpdate& update) {
    Result<Email> email = edit.email(update.id);
    if (!email && email.error().code == ErrorCode::not_found) return Step{.result = fail(std::move(email).error())};
    if (!email) return fail(std::move(email).error());
    if (update.if_modseq_at_most && email->modseq > *update.if_modseq_at_most) {
        return Step{.result = fail(ErrorCode::conflict, "the email has changed meanwhile")};
    }
    const EmailChange change = change_of(*email, update);
    if (change.add_to.empty() && change.remove_from.empty() && change.keywords == email->keywords) return Step{};
    if (Result<> may = edit.may_change(*email, change); !may) {
        if (may.error().code == ErrorCode::internal) return fail(std::move(may).error());
        return Step{.result = std::move(may)};
    }
    Result<std::vector<Placement>> placed = edit.change(std::move(*email), change);
    if (!placed) return fail(std::move(placed).error());
    return Step{.placed = std::move(*placed), .changed = true};
}

struct Applied {
    Mail::Updated updated;
    bool changed = false;
};

Result<Applied> apply_all(Edit& edit, const std::vector<Result<EmailUpdate>>& updates, const std::vector<EmailId>& ids) {
    Applied applied;
    applied.updated.outcomes.reserve(updates.size());
    for (std::size_t i = 0; i < updates.size(); ++i) {
        Mail::UpdateOutcome& outcome = applied.updated.outcomes.emplace_back();
        outcome.id = ids[i];
        if (!updates[i]) {
            outcome.result = fail(updates[i].error());
            continue;
        }
        Result<Step> step = apply(edit, *updates[i]);
        if (!step) return fail(std::move(step).error());
        if (edit.bytes() > edit_max_bytes) return fail(ErrorCode::too_many, "more changes than one commit holds");
        outcome.result = std::move(step->result);
        outcome.placed = std::move(step->placed);
        applied.changed = applied.changed || step->changed;
    }
    return applied;
}

}  // namespace

Task<Result<Mail::Updated>> Mail::update(store::Partition account, std::vector<EmailUpdate> updates) {
    if (updates.size() > state_->limits.updates_max) co_return fail(ErrorCode::too_many, "too many emails in one update");
    const bool only_removes = std::ranges::all_of(updates, [](const EmailUpdate& update) {
        return !update.remove_from.empty() && update.add_to.empty() && update.add_keywords.empty() && !update.set_keywords;
    });
    std::vector<EmailId> ids;
    std::vector<Result<EmailUpdate>> normal;
    for (EmailUpdate& update : updates) {
        ids.push_back(update.id);
        normal.push_back(normalised(std::move(update), state_->limits));
    }

    Applied applied;
    const Result<store::Committed> done = co_await state_->commit(std::move(account), std::nullopt, [&](Edit& edit) -> Result<std::string> {
        if (only_removes) edit.frees_space();
        Result<Applied> now = apply_all(edit, normal, ids);
        if (!now) {
            applied = {};
            return fail(std::move(now).error());
        }
        applied = std::move(*now);
        applied.updated.modseq = edit.modseq();
        if (applied.changed) return std::string();
        // Nothing to write: the commit is called off, which saves the disk a flush.
        --applied.updated.modseq;
        return fail(ErrorCode::exists, "nothing to change");
    });
    const bool called_off =
        !done && !applied.changed && applied.updated.outcomes.size() == ids.size() && done.error().code == ErrorCode::exists;
    if (!done && !called_off) co_return fail(done.error());
    co_return std::move(applied.updated);
}

}  // namespace packetboat::mailbox
