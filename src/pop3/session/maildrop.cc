#include "pop3/session/maildrop.h"

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

namespace packetboat::pop3 {

namespace {

std::uint64_t sum_of_sizes(const std::vector<Maildrop::Message>& messages) {
    std::uint64_t sum = 0;
    for (const Maildrop::Message& message : messages) sum += message.size_bytes;
    return sum;
}

}  // namespace

Maildrop::Maildrop(mailbox::Mail& mail, const Limits& limits, store::Partition account, mailbox::MaildropLock lock)
    : mail_(&mail), limits_(&limits), account_(std::move(account)), lock_(std::move(lock)) {}

Task<Result<Maildrop>> Maildrop::open(mailbox::Mail& mail, store::Partition account, const Limits& limits) {
    std::optional<mailbox::MaildropLock> lock = mailbox::lock_maildrop(account);
    if (!lock) co_return fail(ErrorCode::conflict, "another session has this maildrop");
    Maildrop maildrop(mail, limits, std::move(account), std::move(*lock));

    // An account that never got mail has no mailboxes yet: its maildrop is empty.
    const Result<mailbox::Mailbox> inbox = co_await mail.mailbox(maildrop.account_, mailbox::Role::inbox);
    if (!inbox && inbox.error().code == ErrorCode::not_found) co_return maildrop;
    if (!inbox) co_return fail(inbox.error());

    const Result<std::vector<mailbox::Row>> rows = co_await mail.rows(maildrop.account_, inbox->id);
    if (!rows) co_return fail(rows.error());
    maildrop.inbox_ = inbox->id;
    maildrop.uidvalidity_ = inbox->uidvalidity;
    const std::size_t shown = std::min<std::uint64_t>(rows->size(), limits.messages_max);
    maildrop.messages_.reserve(shown);
    for (const mailbox::Row& row : std::span(*rows).first(shown)) maildrop.messages_.push_back({row.email, row.size_bytes, row.uid});
    maildrop.octets_ = sum_of_sizes(maildrop.messages_);
    co_return maildrop;
}

Result<Maildrop::Message> Maildrop::find(std::uint64_t number) const {
    if (number == 0 || number > messages_.size()) return fail(ErrorCode::not_found, "no such message");
    if (marked(number)) return fail(ErrorCode::not_found, "message " + std::to_string(number) + " is deleted");
    return messages_[number - 1];
}

void Maildrop::append_scan_listing(std::uint64_t number, std::string& out) const {
    out.append(std::to_string(number)).append(" ").append(std::to_string(messages_[number - 1].size_bytes));
}

void Maildrop::append_unique_id_listing(std::uint64_t number, std::string& out) const {
    out.append(std::to_string(number)).append(" ").append(std::to_string(uidvalidity_));
    out.append(".").append(std::to_string(messages_[number - 1].uid));
}

void Maildrop::mark(std::uint64_t number) {
    assert(number > 0 && number <= messages_.size() && !marked(number));
    if (marks_.empty()) marks_.resize(messages_.size());
    marks_[number - 1] = true;
    ++marked_count_;
    octets_ -= messages_[number - 1].size_bytes;
}

void Maildrop::unmark_all() {
    marks_.clear();
    marked_count_ = 0;
    octets_ = sum_of_sizes(messages_);
}

Task<Result<>> Maildrop::remove_marked() {
    Result<> result;
    std::vector<mailbox::Mail::EmailUpdate> updates;
    for (std::uint64_t number = 1; number <= messages_.size() && marked_count_ > 0; ++number) {
        if (marked(number)) updates.push_back({.id = messages_[number - 1].email, .remove_from = {inbox_}});
        const bool last = number == messages_.size();
        if (updates.empty() || (!last && updates.size() < limits_->removals_per_commit_max)) continue;
        Result<> removed = co_await remove(std::exchange(updates, {}));
        if (!removed && result) result = std::move(removed);
    }
    co_return result;
}

// Removals that are too many for one commit are made in halves.
Task<Result<>> Maildrop::remove(std::vector<mailbox::Mail::EmailUpdate> updates) {
    const Result<mailbox::Mail::Updated> updated = co_await mail_->update(account_, updates);
    if (!updated && updated.error().code == ErrorCode::too_many && updates.size() > 1) {
        const auto middle = updates.begin() + static_cast<std::ptrdiff_t>(updates.size() / 2);
        Result<> first = co_await remove({updates.begin(), middle});
        Result<> second = co_await remove({middle, updates.end()});
        co_return first ? second : first;
    }
    if (!updated) co_return fail(updated.error());
    Result<> result;
    for (const mailbox::Mail::UpdateOutcome& outcome : updated->outcomes) {
        const bool gone = outcome.result || outcome.result.error().code == ErrorCode::not_found;
        removed_ += gone ? 1 : 0;
        if (!gone && result) result = outcome.result;
    }
    co_return result;
}

}  // namespace packetboat::pop3
