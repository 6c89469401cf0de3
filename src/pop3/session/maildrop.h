#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "mailbox/mailbox.h"
#include "mailbox/maildrop_lock.h"
#include "pop3/session/options.h"

namespace packetboat::pop3 {

// An account's inbox as one POP3 session sees it (RFC 1939 §4, §5): locked against other sessions, its messages numbered from 1 as they
// were when it was opened. No body is read. What is marked as deleted goes only with remove_marked().
class Maildrop {
public:
    // 24 bytes: a maildrop may have a hundred thousand of them.
    struct Message {
        mailbox::EmailId email{};
        std::uint64_t size_bytes = 0;
        std::uint32_t uid = 0;
    };

    // conflict: another session has it. `mail` and `limits` outlive the maildrop.
    static Task<Result<Maildrop>> open(mailbox::Mail& mail, store::Partition account, const Limits& limits);

    const store::Partition& account() const { return account_; }

    // Without those marked as deleted.
    std::uint64_t count() const { return messages_.size() - marked_count_; }
    std::uint64_t octets() const { return octets_; }

    // Numbers go from 1 to last().
    std::uint64_t last() const { return messages_.size(); }
    bool marked(std::uint64_t number) const { return !marks_.empty() && marks_[number - 1]; }
    // not_found: no such message, or it is marked as deleted; the text says which.
    Result<Message> find(std::uint64_t number) const;

    // Adds "number size" or "number unique-id" to `out`, as LIST's and UIDL's answers have them (RFC 1939 §5, §7).
    void append_scan_listing(std::uint64_t number, std::string& out) const;
    // The unique id is the mailbox's UIDVALIDITY and the message's UID in it, which no other message ever has.
    void append_unique_id_listing(std::uint64_t number, std::string& out) const;

    // `number` has been found.
    void mark(std::uint64_t number);
    void unmark_all();

    // UPDATE (RFC 1939 §6): on return what was marked is gone from disk; what somebody else had removed already counts as gone. Goes on
    // after an error, and answers the first.
    Task<Result<>> remove_marked();
    std::uint64_t removed() const { return removed_; }

private:
    Maildrop(mailbox::Mail& mail, const Limits& limits, store::Partition account, mailbox::MaildropLock lock);
    Task<Result<>> remove(std::vector<mailbox::Mail::EmailUpdate> updates);

    mailbox::Mail* mail_;
    const Limits* limits_;
    store::Partition account_;
    mailbox::MaildropLock lock_;
    mailbox::MailboxId inbox_{};
    std::uint32_t uidvalidity_ = 0;
    std::vector<Message> messages_;
    std::vector<bool> marks_;  // empty until the first
    std::uint64_t marked_count_ = 0;
    std::uint64_t octets_ = 0;
    std::uint64_t removed_ = 0;
};

}  // namespace packetboat::pop3
