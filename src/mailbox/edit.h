#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "mailbox/mailbox.h"
#include "mailbox/records.h"
#include "store/store.h"

namespace packetboat::mailbox {

// A commit writes less than this beside bodies (store's limit is 1 MiB; the log's trimming and the counters need a little of it).
inline constexpr std::uint64_t edit_max_bytes = 960 << 10;

// What an email shall become. Everything normalised: keywords in lower case and sorted, mailboxes sorted, each once.
struct EmailChange {
    Keywords keywords;
    std::vector<MailboxId> add_to;       // without those it is in and stays in
    std::vector<MailboxId> remove_from;  // only those it is in
};

// One commit's changes to an account: keeps the counters, the mailboxes' counts and the change log right while emails and mailboxes come,
// change and go, and writes those once, at close().
class Edit {
public:
    // An account that has no mailboxes yet gets the standard ones. not_found: it was removed.
    static Result<Edit> open(store::Transaction& transaction, const store::Partition& partition, const Limits& limits);
    // To erase the account: one that was removed is opened too, and nothing is made.
    static Result<Edit> open_to_erase(store::Transaction& transaction, const store::Partition& partition, const Limits& limits);
    // The last call.
    Result<> close();

    const AccountRecord& account() const { return account_; }
    const store::Reader& reader() const { return *transaction_; }
    std::uint64_t modseq() const { return modseq_; }
    // Of records, written and still to be written.
    std::uint64_t bytes() const { return bytes_; }

    // See store::Transaction.
    void frees_space() { transaction_->frees_space(); }

    // ---- emails
    // The id, UID and body's place of a new email. `email` is valid: keywords normalised, content settled.
    Result<Added> add(const NewEmail& email, const Id128& guid);
    Result<Email> email(EmailId id) const { return read_email_of(id); }
    // not_found, too_many: nothing is changed then.
    Result<> may_change(const Email& email, const EmailChange& change);
    // Answers the new placements.
    Result<std::vector<Placement>> change(Email email, const EmailChange& change);

    // ---- mailboxes
    Result<const Mailbox*> mailbox(MailboxId id);
    Result<MailboxId> add_mailbox(std::string name, std::optional<MailboxId> parent, Role role, Time now);
    // Its counts stay; the name, parent and role have been checked.
    Result<> replace_mailbox(const Mailbox& mailbox);
    // Has no emails and no children.
    Result<> remove_mailbox(MailboxId id);

    // ---- the change log
    // Drops the oldest records, at most `records`, until no more than `keep` changes are left.
    Result<> drop_log(std::size_t records, std::uint64_t keep);

    // ---- erasing an account
    // No other edit is opened any more.
    void mark_removed() { account_.removed = true; }
    // This commit's changes are not logged: whoever asks for them has to start over.
    void leave_no_log() { logging_ = false; }
    // Everything has gone: only the mark stays.
    void unmake();

private:
    struct Entry {
        Mailbox mailbox;
        bool changed = false;
        bool removed = false;
    };

    Edit(store::Transaction& transaction, const Limits& limits, AccountRecord account);
    Result<Email> read_email_of(EmailId id) const;
    Result<Entry*> entry(MailboxId id);
    void insert(Mailbox mailbox);
    Result<> room_for_one(const Mailbox& mailbox, std::uint64_t leaving) const;
    // The mailbox changes with its emails in this commit.
    Result<Mailbox*> touch(MailboxId id);
    Result<> displace(const Email& email, const Placement& placement);
    Result<Placement> place(const Email& email, MailboxId id);
    Result<> remove(const Email& email);
    void put(std::string_view key, std::string_view value);
    void erase(std::string_view key);
    void log(Change change);
    Result<> trim_log();
    void write_log();

    store::Transaction* transaction_;
    const Limits* limits_;
    AccountRecord account_;
    std::uint64_t modseq_;
    std::map<MailboxId, Entry> mailboxes_;  // those that this commit looked at
    std::vector<Change> changes_;
    std::uint64_t bytes_ = 0;
    bool logging_ = true;
};

}  // namespace packetboat::mailbox
