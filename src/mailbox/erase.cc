#include <algorithm>
#include <cassert>
#include <map>
#include <utility>

#include "mailbox/keys.h"
#include "mailbox/state.h"

// What takes many commits: removing a mailbox or a whole account. Each commit is whole in itself, so a stop between two leaves fewer
// emails and nothing broken.
namespace packetboat::mailbox {

namespace {

constexpr std::size_t batch_max = 500;
constexpr std::uint64_t batch_max_bytes = edit_max_bytes / 2;

// How far one commit came.
struct Progress {
    std::string next;  // the key to go on from
    bool done = false;
};

struct Batch {
    std::vector<std::string> keys;
    bool last = true;  // there are no more after these
};

Batch keys_from(const store::Reader& reader, std::string_view from, std::string_view to) {
    Batch batch;
    reader.scan(from, to, [&](std::string_view key, std::string_view) {
        batch.last = batch.keys.size() < batch_max;
        if (batch.last) batch.keys.emplace_back(key);
        return batch.last;
    });
    return batch;
}

// ---- a mailbox

Result<> check_removable(Edit& edit, MailboxId id) {
    const Result<const Mailbox*> mailbox = edit.mailbox(id);
    if (!mailbox) return fail(mailbox.error());
    if ((*mailbox)->role == Role::inbox) return fail(ErrorCode::invalid, "the inbox stays");
    bool children = false;
    const std::string prefix = key::children(id);
    edit.reader().scan(prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view) {
        children = true;
        return false;
    });
    if (children) return fail(ErrorCode::conflict, "the mailbox has mailboxes below it");
    return {};
}

// Takes the email of this placement out of the mailbox.
Result<> take_out(Edit& edit, const Placement& placement) {
    const std::optional<std::string> value = edit.reader().get(key::placement(placement));
    const std::optional<PlacementRecord> record = value ? decode_placement(*value) : std::nullopt;
    if (!record) return broken_record(key::placement(placement));
    Result<Email> email = edit.email(record->email);
    if (!email) return broken_record(key::placement(placement));
    const EmailChange change{.keywords = email->keywords, .remove_from = {placement.mailbox}};
    Result<std::vector<Placement>> done = edit.change(std::move(*email), change);
    if (!done) return fail(std::move(done).error());
    return {};
}

Result<Progress> remove_some(Edit& edit, MailboxId id, const std::string& from) {
    if (Result<> may = check_removable(edit, id); !may) return fail(std::move(may).error());
    const Batch batch = keys_from(edit.reader(), from, store::prefix_end(key::placements_in(id)));
    for (const std::string& key : batch.keys) {
        const std::optional<Placement> placement = key::placement_of(key);
        if (!placement) return broken_record(key);
        if (Result<> taken = take_out(edit, *placement); !taken) return fail(std::move(taken).error());
        if (edit.bytes() > batch_max_bytes) return Progress{.next = key + '\0'};
    }
    if (!batch.last) return Progress{.next = batch.keys.back() + '\0'};
    const Result<const Mailbox*> mailbox = edit.mailbox(id);
    if (!mailbox || (*mailbox)->emails != 0) return broken_record(key::mailbox(id));
    if (Result<> removed = edit.remove_mailbox(id); !removed) return fail(std::move(removed).error());
    return Progress{.done = true};
}

// ---- an account

Result<> remove_email(Edit& edit, EmailId id) {
    Result<Email> email = edit.email(id);
    if (!email) return fail(std::move(email).error());
    EmailChange change;
    for (const Placement& placement : email->placements) change.remove_from.push_back(placement.mailbox);
    Result<std::vector<Placement>> done = edit.change(std::move(*email), change);
    if (!done) return fail(std::move(done).error());
    return {};
}

// Those without children first, so that none is ever without its parent.
Result<bool> remove_mailboxes(Edit& edit) {
    const Result<std::vector<Mailbox>> all = read_mailboxes(edit.reader(), edit.account());
    if (!all) return fail(all.error());
    std::map<MailboxId, std::size_t> children;
    for (const Mailbox& mailbox : *all) {
        if (mailbox.parent) ++children[*mailbox.parent];
    }
    std::map<MailboxId, std::optional<MailboxId>> parents;
    std::vector<MailboxId> leaves;
    for (const Mailbox& mailbox : *all) {
        parents[mailbox.id] = mailbox.parent;
        if (!children.contains(mailbox.id) && mailbox.role != Role::inbox) leaves.push_back(mailbox.id);
    }
    std::size_t removed = 0;
    while (!leaves.empty() && removed < batch_max) {
        const MailboxId id = leaves.back();
        leaves.pop_back();
        if (Result<> done = edit.remove_mailbox(id); !done) return fail(std::move(done).error());
        ++removed;
        const std::optional<MailboxId> parent = parents[id];
        if (parent && --children[*parent] == 0 && *parent != edit.account().with_role(Role::inbox)) leaves.push_back(*parent);
    }
    if (!leaves.empty()) return false;
    const MailboxId inbox = edit.account().with_role(Role::inbox);
    if (inbox == MailboxId{} || all->size() != removed + 1) return broken_record(key::account);
    if (Result<> done = edit.remove_mailbox(inbox); !done) return fail(std::move(done).error());
    return true;
}

Result<Progress> erase_some(Edit& edit, const std::string& from) {
    // First of all the mark, in a commit that nothing else can make fail.
    if (!edit.account().removed) {
        edit.mark_removed();
        return Progress{.next = from, .done = !edit.account().made};
    }
    // Somebody else who erases it too was faster.
    if (!edit.account().made) return Progress{.done = true};
    if (Result<> dropped = edit.drop_log(batch_max, 0); !dropped) return fail(std::move(dropped).error());
    if (edit.account().log_changes > 0) return Progress{.next = from};
    edit.leave_no_log();
    const Batch batch = keys_from(edit.reader(), from, store::prefix_end(key::emails));
    for (const std::string& key : batch.keys) {
        const std::optional<EmailId> id = key::email_of(key);
        if (!id) return broken_record(key);
        if (Result<> removed = remove_email(edit, *id); !removed) return fail(std::move(removed).error());
        if (edit.bytes() > batch_max_bytes) return Progress{.next = key + '\0'};
    }
    if (!batch.last) return Progress{.next = batch.keys.back() + '\0'};
    if (edit.account().usage.emails != 0) return broken_record(key::account);
    const Result<bool> all = remove_mailboxes(edit);
    if (!all) return fail(all.error());
    if (*all) edit.unmake();
    return Progress{.next = from, .done = *all};
}

}  // namespace

Task<Result<>> Mail::remove_mailbox(store::Partition account, MailboxId id) {
    Progress progress{.next = key::placements_in(id)};
    while (!progress.done) {
        Progress after;
        const Result<store::Committed> done = co_await state_->commit(account, std::nullopt, [&](Edit& edit) -> Result<std::string> {
            edit.frees_space();
            Result<Progress> some = remove_some(edit, id, progress.next);
            if (!some) return fail(std::move(some).error());
            after = std::move(*some);
            return std::string();
        });
        if (!done) co_return fail(done.error());
        progress = std::move(after);
    }
    co_return Result<>();
}

Task<Result<>> Mail::erase_account(store::Partition account, std::stop_token stop) {
    const Result<AccountState> before = co_await account_state(account);
    if (!before) co_return fail(before.error());
    Progress progress{.next = std::string(key::emails), .done = *before == AccountState::erased};
    while (!progress.done) {
        if (stop.stop_requested()) co_return fail(ErrorCode::unavailable, "stopped before the account was erased");
        Progress after;
        const auto erase = [&](Edit& edit) -> Result<std::string> {
            edit.frees_space();
            Result<Progress> some = erase_some(edit, progress.next);
            if (!some) return fail(std::move(some).error());
            after = std::move(*some);
            return std::string();
        };
        const Result<store::Committed> done = co_await state_->commit(account, std::nullopt, erase, &Edit::open_to_erase);
        if (!done) co_return fail(done.error());
        progress = std::move(after);
    }
    co_return Result<>();
}

Task<Result<AccountState>> Mail::account_state(store::Partition account) {
    co_return co_await state_->store.read(account, store::Weight::few, [&](const store::Reader& reader) -> Result<AccountState> {
        const Result<AccountRecord> record = read_account(reader, account);
        if (!record) return fail(record.error());
        if (!record->removed) return AccountState::open;
        return record->made ? AccountState::removed : AccountState::erased;
    });
}

}  // namespace packetboat::mailbox
