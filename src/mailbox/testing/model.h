#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mailbox/mailbox.h"

// What an account's mail should be, in the simplest words, for tests that do random things to both.
namespace packetboat::mailbox {

struct ModelEmail {
    std::string body;
    std::set<std::string> keywords;
    std::map<MailboxId, std::uint32_t> placements;
    std::uint64_t modseq = 0;

    bool seen() const { return keywords.contains("$seen"); }
};

struct ModelMailbox {
    std::string name;
    std::optional<MailboxId> parent;
    Role role = Role::none;
    std::uint32_t uidnext = 1;
    std::uint64_t highest_modseq = 0;
};

struct Model {
    std::map<EmailId, ModelEmail> emails;
    std::map<MailboxId, ModelMailbox> mailboxes;

    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& [id, email] : emails) sum += email.body.size();
        return sum;
    }
    std::uint32_t place(ModelEmail& email, MailboxId mailbox, std::uint64_t modseq) {
        ModelMailbox& box = mailboxes.at(mailbox);
        box.highest_modseq = modseq;
        return email.placements[mailbox] = box.uidnext++;
    }
    // Takes the email out of the mailbox; true when it is gone.
    bool displace(EmailId id, MailboxId mailbox, std::uint64_t modseq) {
        ModelEmail& email = emails.at(id);
        if (email.placements.erase(mailbox) > 0) mailboxes.at(mailbox).highest_modseq = modseq;
        return email.placements.empty();
    }
    // All of its mailboxes and the email itself have changed.
    void touch(EmailId id, std::uint64_t modseq) {
        emails.at(id).modseq = modseq;
        for (const auto& [mailbox, uid] : emails.at(id).placements) mailboxes.at(mailbox).highest_modseq = modseq;
    }
    bool has_children(MailboxId id) const {
        return std::ranges::any_of(mailboxes, [&](const auto& box) { return box.second.parent == id; });
    }
    bool name_taken(std::optional<MailboxId> parent, const std::string& name, std::optional<MailboxId> but = {}) const {
        return std::ranges::any_of(
            mailboxes, [&](const auto& box) { return box.second.parent == parent && box.second.name == name && box.first != but; });
    }
    bool is_below(std::optional<MailboxId> one, MailboxId other) const {
        while (one && *one != other) one = mailboxes.at(*one).parent;
        return one.has_value();
    }
};

// What somebody knows of an account who only reads its change log.
struct Replica {
    std::uint64_t modseq = 0;
    std::set<EmailId> emails;
    std::map<std::pair<MailboxId, std::uint32_t>, EmailId> placements;
    std::set<MailboxId> mailboxes;

    // False: the log contradicts what we know.
    bool apply(const Mail::Changes& changes) {
        bool good = true;
        for (const Change& change : changes.changes) good = apply(change) && good;
        modseq = changes.modseq;
        return good;
    }

private:
    bool apply(const Change& change) {
        const std::pair<MailboxId, std::uint32_t> place{change.mailbox, change.uid};
        switch (change.kind) {
            case Change::Kind::email_added: return emails.insert(change.email).second;
            case Change::Kind::email_changed: return emails.contains(change.email);
            case Change::Kind::email_removed: return emails.erase(change.email) == 1;
            case Change::Kind::placed: return placements.emplace(place, change.email).second;
            case Change::Kind::displaced: return placements.erase(place) == 1;
            case Change::Kind::mailbox_added: return mailboxes.insert(change.mailbox).second;
            case Change::Kind::mailbox_changed: return mailboxes.contains(change.mailbox);
            case Change::Kind::mailbox_removed: return mailboxes.erase(change.mailbox) == 1;
        }
        return false;
    }
};

}  // namespace packetboat::mailbox
