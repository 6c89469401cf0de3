#include "delivery/outcome.h"

#include <algorithm>
#include <utility>

#include "delivery/delivery.h"

namespace packetboat::delivery {
namespace {

std::string days_text(std::chrono::seconds span) {
    const auto days = std::chrono::duration_cast<std::chrono::days>(span).count();
    if (days >= 2) return std::to_string(days) + " days";
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(span).count();
    return hours >= 2 ? std::to_string(hours) + " hours" : std::to_string(span.count() / 60) + " minutes";
}

void note(QueuedRecipient& recipient, const Failure& why) {
    recipient.last_error = why.reason;
    recipient.status = why.status;
    recipient.diagnostic = why.diagnostic;
    recipient.remote = why.remote;
}

void give_up(QueuedRecipient& recipient, Time now) {
    recipient.report = Report::failed;
    recipient.due = now;
}

// RFC 3463 §3.5: "delivery time expired", where what it last failed for was to pass.
void expire(QueuedRecipient& recipient, const Failure& why, const RetryPlan& plan, Time now) {
    if (!why.reason.empty()) note(recipient, why);
    const std::string last = recipient.last_error.empty() ? "it waited for its turn for too long" : recipient.last_error;
    recipient.status = "4.4.7";
    recipient.last_error = "given up after " + days_text(plan.give_up_after) + ": " + last;
    give_up(recipient, now);
}

void warn_if_due(QueuedRecipient& recipient, const QueueEntry& entry, const RetryPlan& plan, Time now) {
    if (recipient.warned || !plan.is_warning_due(entry.begins(), now)) return;
    recipient.warned = true;
    recipient.report = Report::delayed;
}

void defer(QueuedRecipient& recipient, const QueueEntry& entry, const Failure& why, const RetryPlan& plan, Time now, std::uint64_t random) {
    ++recipient.attempts;
    const Time expires = plan.expires(entry.begins());
    if (expires <= now) return expire(recipient, why, plan, now);
    note(recipient, why);
    recipient.due = std::min(now + plan.wait(recipient.attempts, random), expires);
    warn_if_due(recipient, entry, plan, now);
    if (!recipient.warned && plan.warn_after.count() > 0) recipient.due = std::min(recipient.due, entry.begins() + plan.warn_after);
}

// Whether the sender is still to be told of it.
bool deliver(QueuedRecipient& recipient, const Delivered& how, Time now) {
    if ((recipient.notify & notify_success) == 0 || (!how.final && !how.relayed)) return false;
    recipient.report = how.final ? Report::delivered : Report::relayed;
    recipient.status = how.final ? "2.1.5" : "2.0.0";
    recipient.diagnostic = how.diagnostic;
    recipient.remote = how.remote;
    recipient.last_error.clear();
    recipient.due = now;
    return true;
}

}  // namespace

void apply_attempts(QueueEntry& entry, const std::vector<RecipientAttempt>& attempts, const RetryPlan& plan, Time now,
                    std::uint64_t random) {
    for (const auto& [number, attempt] : attempts) {
        const auto recipient = std::ranges::find(entry.recipients, number, &QueuedRecipient::number);
        if (recipient == entry.recipients.end() || recipient->done()) continue;
        if (attempt.result) {
            if (!deliver(*recipient, *attempt.result, now)) entry.recipients.erase(recipient);
        } else if (attempt.result.error().permanent) {
            ++recipient->attempts;
            note(*recipient, attempt.result.error());
            give_up(*recipient, now);
        } else {
            defer(*recipient, entry, attempt.result.error(), plan, now, random);
        }
    }
}

bool apply_age(QueueEntry& entry, std::string_view domain, const Failure& why, const RetryPlan& plan, Time now) {
    bool changed = false;
    for (QueuedRecipient& recipient : entry.recipients) {
        if (recipient.held || work_of(recipient) != Work::relay || recipient.domain() != domain) continue;
        if (recipient.due > now) continue;
        const QueuedRecipient before = recipient;
        if (why.permanent) {
            note(recipient, why);
            give_up(recipient, now);
        } else if (plan.expires(entry.begins()) <= now) {
            expire(recipient, why, plan, now);
        } else {
            if (recipient.last_error.empty() && !why.reason.empty()) note(recipient, why);
            warn_if_due(recipient, entry, plan, now);
        }
        changed = changed || recipient != before;
    }
    return changed;
}

Schedule::Feedback feedback_of(const std::vector<RecipientAttempt>& attempts, bool reached) {
    Schedule::Feedback feedback{.reached = reached, .trouble = std::nullopt};
    // Where some of it was taken, the rest is about these recipients.
    if (std::ranges::any_of(attempts, [](const RecipientAttempt& one) { return one.attempt.result.has_value(); })) return feedback;
    for (const auto& [number, attempt] : attempts) {
        const Failure& failure = attempt.result.error();
        const bool tells = reached ? failure.slow_down : !failure.permanent;
        if (tells && !failure.ours && !feedback.trouble) feedback.trouble = failure;
    }
    return feedback;
}

}  // namespace packetboat::delivery
