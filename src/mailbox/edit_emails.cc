#include <algorithm>
#include <limits>
#include <utility>

#include "mailbox/edit.h"
#include "mailbox/keys.h"
#include "mailbox/view.h"

// The half of Edit that knows emails.
namespace packetboat::mailbox {

namespace {

PlacementRecord record_of(const Email& email) {
    return {.email = email.id, .size_bytes = email.size_bytes, .modseq = email.modseq, .keywords = known_bits(email.keywords)};
}

bool holds(const std::vector<MailboxId>& mailboxes, MailboxId id) { return std::ranges::binary_search(mailboxes, id); }

}  // namespace

Result<Email> Edit::read_email_of(EmailId id) const { return read_email(*transaction_, id); }

Result<> Edit::room_for_one(const Mailbox& mailbox, std::uint64_t leaving) const {
    if (mailbox.emails - leaving >= limits_->emails_per_mailbox_max) return fail(ErrorCode::too_many, "the mailbox holds too many emails");
    if (mailbox.uidnext == std::numeric_limits<std::uint32_t>::max()) return fail(ErrorCode::too_many, "the mailbox has no UIDs left");
    return {};
}

Result<Added> Edit::add(const NewEmail& email, const Id128& guid) {
    const std::uint64_t size = email.content.size_bytes;
    const Result<MailboxId> where = mailbox_id(account_, email.where);
    if (!where) return fail(where.error());
    const Result<const Mailbox*> target = mailbox(*where);
    if (!target) return fail(target.error());
    if (email.quota_bytes != 0 && account_.usage.bytes + size > email.quota_bytes)
        return fail(ErrorCode::over_quota, "the account is full");
    if (Result<> room = room_for_one(**target, 0); !room) return fail(std::move(room).error());

    Email stored;
    stored.id = EmailId{account_.next_email++};
    stored.guid = guid;
    stored.size_bytes = size;
    stored.received = email.received;
    stored.keywords = email.keywords;
    stored.modseq = modseq_;
    stored.blob = email.content.blob;
    account_.usage.bytes += size;
    ++account_.usage.emails;
    log({.kind = Change::Kind::email_added, .email = stored.id});
    const Result<Placement> placement = place(stored, *where);
    if (!placement) return fail(placement.error());
    stored.placements.push_back(*placement);
    put(key::email(stored.id), encode(stored));
    if (stored.blob) {
        transaction_->refer(*stored.blob);
    } else {
        transaction_->put(key::body(stored.id), encode_body(*email.content.bytes));
    }
    return Added{.id = stored.id, .mailbox = *where, .uid = placement->uid, .uidvalidity = (*target)->uidvalidity, .modseq = modseq_};
}

// Shows the email, with its new keywords and modseq, in one more mailbox.
Result<Placement> Edit::place(const Email& email, MailboxId id) {
    const Result<Mailbox*> found = touch(id);
    if (!found) return fail(found.error());
    Mailbox& mailbox = **found;
    const Placement placement{id, mailbox.uidnext++};
    ++mailbox.emails;
    mailbox.bytes += email.size_bytes;
    if (!seen(email.keywords)) ++mailbox.unseen;
    put(key::placement(placement), encode(record_of(email)));
    log({.kind = Change::Kind::placed, .email = email.id, .mailbox = id, .uid = placement.uid});
    return placement;
}

// `email` as it was before.
Result<> Edit::displace(const Email& email, const Placement& placement) {
    const Result<Mailbox*> found = touch(placement.mailbox);
    if (!found) return broken_record(key::placement(placement));
    Mailbox& mailbox = **found;
    const std::uint64_t unseen = seen(email.keywords) ? 0 : 1;
    if (mailbox.emails == 0 || mailbox.bytes < email.size_bytes || mailbox.unseen < unseen) return broken_record(key::mailbox(mailbox.id));
    --mailbox.emails;
    mailbox.bytes -= email.size_bytes;
    mailbox.unseen -= unseen;
    erase(key::placement(placement));
    log({.kind = Change::Kind::displaced, .email = email.id, .mailbox = placement.mailbox, .uid = placement.uid});
    return {};
}

Result<> Edit::remove(const Email& email) {
    if (account_.usage.emails == 0 || account_.usage.bytes < email.size_bytes) return broken_record(key::account);
    --account_.usage.emails;
    account_.usage.bytes -= email.size_bytes;
    erase(key::email(email.id));
    if (email.blob) {
        transaction_->release(*email.blob);
    } else {
        erase(key::body(email.id));
    }
    log({.kind = Change::Kind::email_removed, .email = email.id});
    return {};
}

Result<> Edit::may_change(const Email& email, const EmailChange& change) {
    // What was there before a limit was lowered may stay.
    if (change.keywords.size() > std::max<std::uint64_t>(limits_->keywords_max, email.keywords.size())) {
        return fail(ErrorCode::too_many, "too many keywords");
    }
    const std::size_t mailboxes = email.placements.size() - change.remove_from.size() + change.add_to.size();
    if (mailboxes > std::max<std::uint64_t>(limits_->mailboxes_per_email_max, email.placements.size())) {
        return fail(ErrorCode::too_many, "the email would be in too many mailboxes");
    }
    for (const MailboxId id : change.add_to) {
        const Result<const Mailbox*> found = mailbox(id);
        if (!found) return fail(found.error());
        if (Result<> room = room_for_one(**found, holds(change.remove_from, id) ? 1 : 0); !room) return room;
    }
    return {};
}

Result<std::vector<Placement>> Edit::change(Email email, const EmailChange& change) {
    const bool was_seen = seen(email.keywords);
    std::vector<Placement> stay;
    for (const Placement& placement : email.placements) {
        if (!holds(change.remove_from, placement.mailbox)) {
            stay.push_back(placement);
        } else if (Result<> gone = displace(email, placement); !gone) {
            return fail(std::move(gone).error());
        }
    }
    if (stay.empty() && change.add_to.empty()) {
        if (Result<> removed = remove(email); !removed) return fail(std::move(removed).error());
        return std::vector<Placement>();
    }

    email.keywords = change.keywords;
    email.modseq = modseq_;
    const std::string record = encode(record_of(email));
    const bool is_seen = seen(email.keywords);
    for (const Placement& placement : stay) {
        const Result<Mailbox*> found = touch(placement.mailbox);
        if (!found || (is_seen && !was_seen && (*found)->unseen == 0)) return broken_record(key::placement(placement));
        if (is_seen && !was_seen) --(*found)->unseen;
        if (was_seen && !is_seen) ++(*found)->unseen;
        put(key::placement(placement), record);
    }
    std::vector<Placement> placed;
    for (const MailboxId id : change.add_to) {
        const Result<Placement> placement = place(email, id);
        if (!placement) return fail(placement.error());
        placed.push_back(*placement);
    }
    email.placements = std::move(stay);
    email.placements.insert(email.placements.end(), placed.begin(), placed.end());
    std::ranges::sort(email.placements, {}, &Placement::mailbox);
    put(key::email(email.id), encode(email));
    log({.kind = Change::Kind::email_changed, .email = email.id});
    return placed;
}

}  // namespace packetboat::mailbox
