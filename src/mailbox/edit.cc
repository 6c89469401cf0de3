#include "mailbox/edit.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "mailbox/keys.h"
#include "mailbox/view.h"

namespace packetboat::mailbox {

namespace {

// Records of the log that one commit drops at most, so that a commit stays small however much has piled up.
constexpr std::size_t trim_max_records = 512;

// How much further than needed the log is cut back, so that not every commit has to: a sixteenth, at most this many changes.
constexpr std::uint64_t trim_slack_max = 256;

}  // namespace

Edit::Edit(store::Transaction& transaction, const Limits& limits, AccountRecord account)
    : transaction_(&transaction), limits_(&limits), account_(account), modseq_(transaction.version()) {}

Result<Edit> Edit::open(store::Transaction& transaction, const store::Partition& partition, const Limits& limits) {
    Result<AccountRecord> account = read_account(transaction, partition);
    if (!account) return fail(std::move(account).error());
    if (account->removed) return removed_account();
    Edit edit(transaction, limits, *account);
    if (account->made) return edit;
    for (Mailbox& mailbox : standard_mailboxes(*account)) edit.insert(std::move(mailbox));
    edit.account_.made = true;
    return edit;
}

Result<Edit> Edit::open_to_erase(store::Transaction& transaction, const store::Partition& partition, const Limits& limits) {
    Result<AccountRecord> account = read_account(transaction, partition);
    if (!account) return fail(std::move(account).error());
    return Edit(transaction, limits, *account);
}

Result<> Edit::close() {
    if (logging_) {
        if (Result<> trimmed = trim_log(); !trimmed) return trimmed;
        write_log();
    } else {
        account_.log_floor = modseq_;
    }
    for (const auto& [id, entry] : mailboxes_) {
        if (entry.changed && !entry.removed) put(key::mailbox(id), encode(entry.mailbox));
    }
    put(key::account, encode(account_));
    return {};
}

void Edit::put(std::string_view key, std::string_view value) {
    bytes_ += key.size() + value.size();
    transaction_->put(key, value);
}

void Edit::erase(std::string_view key) {
    bytes_ += key.size();
    transaction_->erase(key);
}

// ---- mailboxes

Result<Edit::Entry*> Edit::entry(MailboxId id) {
    const auto known = mailboxes_.find(id);
    if (known != mailboxes_.end()) {
        if (known->second.removed) return fail(ErrorCode::not_found, "no such mailbox");
        return &known->second;
    }
    Result<Mailbox> mailbox = read_mailbox(*transaction_, account_, id);
    if (!mailbox) return fail(std::move(mailbox).error());
    return &mailboxes_.emplace(id, Entry{.mailbox = std::move(*mailbox)}).first->second;
}

Result<const Mailbox*> Edit::mailbox(MailboxId id) {
    Result<Entry*> found = entry(id);
    if (!found) return fail(std::move(found).error());
    return &(*found)->mailbox;
}

Result<Mailbox*> Edit::touch(MailboxId id) {
    Result<Entry*> found = entry(id);
    if (!found) return fail(std::move(found).error());
    (*found)->changed = true;
    (*found)->mailbox.highest_modseq = modseq_;
    return &(*found)->mailbox;
}

// A new mailbox, whose id and uidvalidity are the next ones.
void Edit::insert(Mailbox mailbox) {
    mailbox.highest_modseq = modseq_;
    account_.next_mailbox = std::to_underlying(mailbox.id) + 1;
    account_.last_uidvalidity = mailbox.uidvalidity;
    ++account_.mailboxes;
    if (mailbox.role != Role::none) account_.with_role(mailbox.role) = mailbox.id;
    put(key::name(mailbox.parent.value_or(MailboxId{}), mailbox.name), encode_name(mailbox.id));
    log({.kind = Change::Kind::mailbox_added, .mailbox = mailbox.id});
    const MailboxId id = mailbox.id;
    mailboxes_.emplace(id, Entry{.mailbox = std::move(mailbox), .changed = true});
}

Result<MailboxId> Edit::add_mailbox(std::string name, std::optional<MailboxId> parent, Role role, Time now) {
    if (account_.next_mailbox == std::numeric_limits<std::uint32_t>::max()) return fail(ErrorCode::too_many, "no mailbox ids are left");
    Mailbox mailbox;
    mailbox.id = MailboxId{account_.next_mailbox};
    mailbox.name = std::move(name);
    mailbox.parent = parent;
    mailbox.role = role;
    // RFC 9051 §2.3.1.1: larger than that of any mailbox that had this name before.
    mailbox.uidvalidity = std::max(static_cast<std::uint32_t>(std::max<std::int64_t>(now.seconds(), 0)), account_.last_uidvalidity + 1);
    insert(mailbox);
    return mailbox.id;
}

Result<> Edit::replace_mailbox(const Mailbox& mailbox) {
    Result<Entry*> found = entry(mailbox.id);
    if (!found) return fail(std::move(found).error());
    Mailbox& before = (*found)->mailbox;
    if (before.name != mailbox.name || before.parent != mailbox.parent) {
        erase(key::name(before.parent.value_or(MailboxId{}), before.name));
        put(key::name(mailbox.parent.value_or(MailboxId{}), mailbox.name), encode_name(mailbox.id));
    }
    if (before.role != mailbox.role) {
        if (before.role != Role::none) account_.with_role(before.role) = MailboxId{};
        if (mailbox.role != Role::none) account_.with_role(mailbox.role) = mailbox.id;
    }
    before = mailbox;
    (*found)->changed = true;
    log({.kind = Change::Kind::mailbox_changed, .mailbox = mailbox.id});
    return {};
}

Result<> Edit::remove_mailbox(MailboxId id) {
    Result<Entry*> found = entry(id);
    if (!found) return fail(std::move(found).error());
    const Mailbox& mailbox = (*found)->mailbox;
    assert(mailbox.emails == 0);
    erase(key::name(mailbox.parent.value_or(MailboxId{}), mailbox.name));
    erase(key::mailbox(id));
    if (mailbox.role != Role::none) account_.with_role(mailbox.role) = MailboxId{};
    --account_.mailboxes;
    log({.kind = Change::Kind::mailbox_removed, .mailbox = id});
    (*found)->removed = true;
    return {};
}

void Edit::unmake() {
    assert(account_.removed && account_.mailboxes == 0 && account_.usage.emails == 0);
    account_ = AccountRecord{.removed = true};
    logging_ = false;
}

// ---- the change log

void Edit::log(Change change) {
    if (!logging_) return;
    bytes_ += encoded_size(change);
    changes_.push_back(change);
}

void Edit::write_log() {
    account_.log_changes += changes_.size();
    std::uint32_t part = 0;
    constexpr std::size_t per_part = log_part_max_bytes / change_max_bytes;
    if (changes_.size() <= per_part) {
        if (!changes_.empty()) transaction_->put(key::change(modseq_, part), encode(changes_));
        return;
    }
    for (std::size_t at = 0; at < changes_.size(); at += per_part) {
        const auto first = changes_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto last = changes_.begin() + static_cast<std::ptrdiff_t>(std::min(at + per_part, changes_.size()));
        transaction_->put(key::change(modseq_, part++), encode(std::vector<Change>(first, last)));
    }
}

Result<> Edit::trim_log() {
    const std::uint64_t most = limits_->change_log_entries_max;
    if (account_.log_changes + changes_.size() <= most) return {};
    const std::uint64_t keep = most - std::min(most / 16, trim_slack_max);
    return drop_log(trim_max_records, keep - std::min<std::uint64_t>(keep, changes_.size()));
}

Result<> Edit::drop_log(std::size_t records, std::uint64_t keep) {
    std::uint64_t left = account_.log_changes;
    std::vector<std::string> old;
    std::optional<std::string> broken;
    // From the floor on, not from the beginning: there the engine may have to step over all that was dropped before.
    transaction_->scan(key::change(account_.log_floor, 0), store::prefix_end(key::log), [&](std::string_view key, std::string_view value) {
        if (left <= keep || old.size() == records) return false;
        const std::optional<std::uint64_t> count = count_changes(value);
        if (!count || *count > left || !key::change_of(key)) {
            broken = key;
            return false;
        }
        left -= *count;
        old.emplace_back(key);
        return true;
    });
    if (broken) return broken_record(*broken);
    for (const std::string& key : old) erase(key);
    if (!old.empty()) account_.log_floor = key::change_of(old.back())->modseq;
    account_.log_changes = left;
    return {};
}

}  // namespace packetboat::mailbox
