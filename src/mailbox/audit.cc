#include "mailbox/audit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "mailbox/keys.h"
#include "mailbox/records.h"
#include "mailbox/view.h"

namespace packetboat::mailbox {

namespace {

constexpr std::size_t findings_max = 1000;

auto number(auto id) { return std::to_underlying(id); }

// What a mailbox's record should say, counted from its placements.
struct Count {
    std::uint64_t emails = 0;
    std::uint64_t unseen = 0;
    std::uint64_t bytes = 0;
    std::uint32_t last_uid = 0;
    std::uint64_t last_modseq = 0;
};

class Audit {
public:
    Audit(const store::Reader& reader, Findings& findings) : reader_(reader), findings_(findings) {}

    void run() {
        const std::optional<std::string> value = reader_.get(key::account);
        const std::optional<AccountRecord> account = value ? decode_account(*value) : std::nullopt;
        if (value && !account) return findings_.add("the account's record cannot be read");
        account_ = account.value_or(AccountRecord{});
        mailboxes();
        tree();
        names();
        emails();
        placements();
        counts();
        log();
        strangers();
    }

private:
    void mailboxes();
    void tree();
    void names();
    void emails();
    void check_email(const Email& email);
    void placements();
    void check_placement(const Placement& placement, const PlacementRecord& record);
    void counts();
    void log();
    void strangers();

    // Visits all records of one kind.
    void each(std::string_view letter, const std::function<void(std::string_view, std::string_view)>& visit) {
        reader_.scan(letter, store::prefix_end(letter), [&](std::string_view key, std::string_view value) {
            visit(key, value);
            return true;
        });
    }
    void unreadable(std::string_view key) { findings_.add(fmt::format("record {} cannot be read", hex(key))); }

    const store::Reader& reader_;
    Findings& findings_;
    AccountRecord account_;
    std::map<MailboxId, Mailbox> mailboxes_;
    std::map<MailboxId, Count> counts_;
};

void Audit::mailboxes() {
    std::set<std::uint32_t> uidvalidities;
    AccountRecord expected;
    each(key::mailboxes, [&](std::string_view key, std::string_view value) {
        const std::optional<MailboxId> id = key::mailbox_of(key);
        const std::optional<Mailbox> mailbox = id ? decode_mailbox(*id, value) : std::nullopt;
        if (!mailbox) return unreadable(key);
        const std::uint32_t name = number(*id);
        if (name == 0 || name >= account_.next_mailbox) findings_.add(fmt::format("mailbox {} has an id not given yet", name));
        if (!uidvalidities.insert(mailbox->uidvalidity).second || mailbox->uidvalidity > account_.last_uidvalidity) {
            findings_.add(fmt::format("mailbox {} has a uidvalidity that is another's or not given yet", name));
        }
        if (mailbox->highest_modseq > reader_.version()) findings_.add(fmt::format("mailbox {} has a modseq of the future", name));
        if (mailbox->role != Role::none && std::exchange(expected.with_role(mailbox->role), *id) != MailboxId{}) {
            findings_.add(fmt::format("mailbox {} has a role that another has too", name));
        }
        mailboxes_.emplace(*id, *mailbox);
    });
    if (mailboxes_.size() != account_.mailboxes) {
        findings_.add(fmt::format("the account counts {} mailboxes, there are {}", account_.mailboxes, mailboxes_.size()));
    }
    if (expected.by_role != account_.by_role) findings_.add("the account's roles are not its mailboxes'");
    if (account_.made != (expected.with_role(Role::inbox) != MailboxId{})) findings_.add("the account has no inbox");
}

void Audit::tree() {
    for (const auto& [id, mailbox] : mailboxes_) {
        std::optional<MailboxId> parent = mailbox.parent;
        for (std::size_t levels = 0; parent; ++levels) {
            const auto above = mailboxes_.find(*parent);
            if (above == mailboxes_.end() || levels > mailboxes_.size()) {
                findings_.add(fmt::format("mailbox {} lies below a mailbox that is not there or below itself", number(id)));
                break;
            }
            parent = above->second.parent;
        }
    }
}

void Audit::names() {
    std::size_t good = 0;
    each(key::names, [&](std::string_view key, std::string_view value) {
        const std::optional<key::NameKey> name = key::name_of(key);
        const std::optional<MailboxId> id = decode_name(value);
        if (!name || !id) return unreadable(key);
        const auto mailbox = mailboxes_.find(*id);
        if (mailbox == mailboxes_.end() || mailbox->second.name != name->name ||
            mailbox->second.parent.value_or(MailboxId{}) != name->parent) {
            return findings_.add(fmt::format("name {} leads to mailbox {}, which has another", escape_control(name->name), number(*id)));
        }
        ++good;
    });
    if (good != mailboxes_.size()) findings_.add(fmt::format("{} names lead to {} mailboxes", good, mailboxes_.size()));
}

void Audit::emails() {
    Usage usage;
    each(key::emails, [&](std::string_view key, std::string_view value) {
        const std::optional<EmailId> id = key::email_of(key);
        const std::optional<Email> email = id ? decode_email(*id, value) : std::nullopt;
        if (!email) return unreadable(key);
        ++usage.emails;
        usage.bytes += email->size_bytes;
        check_email(*email);
    });
    if (usage.emails != account_.usage.emails || usage.bytes != account_.usage.bytes) {
        findings_.add(fmt::format("the account counts {} emails of {} bytes, there are {} of {}", account_.usage.emails,
                                  account_.usage.bytes, usage.emails, usage.bytes));
    }
}

void Audit::check_email(const Email& email) {
    const std::uint64_t id = number(email.id);
    if (id == 0 || id >= account_.next_email) findings_.add(fmt::format("email {} has an id not given yet", id));
    if (email.placements.empty()) findings_.add(fmt::format("email {} is in no mailbox", id));
    if (email.modseq > reader_.version()) findings_.add(fmt::format("email {} has a modseq of the future", id));
    for (const Placement& placement : email.placements) {
        const std::optional<std::string> value = reader_.get(key::placement(placement));
        const std::optional<PlacementRecord> record = value ? decode_placement(*value) : std::nullopt;
        if (!record || record->email != email.id) {
            findings_.add(fmt::format("email {} is not shown as UID {} of mailbox {}", id, placement.uid, number(placement.mailbox)));
        }
    }
}

void Audit::placements() {
    each(key::placements, [&](std::string_view key, std::string_view value) {
        const std::optional<Placement> placement = key::placement_of(key);
        const std::optional<PlacementRecord> record = placement ? decode_placement(value) : std::nullopt;
        if (!record) return unreadable(key);
        Count& count = counts_[placement->mailbox];
        ++count.emails;
        count.bytes += record->size_bytes;
        if ((record->keywords & known_seen) == 0) ++count.unseen;
        count.last_uid = std::max(count.last_uid, placement->uid);
        count.last_modseq = std::max(count.last_modseq, record->modseq);
        check_placement(*placement, *record);
    });
}

void Audit::check_placement(const Placement& placement, const PlacementRecord& record) {
    const auto complain = [&](std::string_view what) {
        findings_.add(fmt::format("UID {} of mailbox {}: {}", placement.uid, number(placement.mailbox), what));
    };
    if (placement.uid == 0) complain("is no UID");
    const std::string key = key::email(record.email);
    const std::optional<std::string> value = reader_.get(key);
    const std::optional<Email> email = value ? decode_email(record.email, *value) : std::nullopt;
    if (!email) return complain("its email is not there");
    if (email->size_bytes != record.size_bytes || email->modseq != record.modseq || known_bits(email->keywords) != record.keywords) {
        complain("its size, modseq or keywords are not its email's");
    }
    const bool known = std::ranges::any_of(email->placements,
                                           [&](const Placement& p) { return p.mailbox == placement.mailbox && p.uid == placement.uid; });
    if (!known) complain("its email does not know it");
}

void Audit::counts() {
    for (const auto& [id, mailbox] : mailboxes_) {
        const Count count = counts_[id];
        if (mailbox.emails != count.emails || mailbox.unseen != count.unseen || mailbox.bytes != count.bytes) {
            findings_.add(fmt::format("mailbox {} counts {} emails, {} unseen, {} bytes; there are {}, {}, {}", number(id), mailbox.emails,
                                      mailbox.unseen, mailbox.bytes, count.emails, count.unseen, count.bytes));
        }
        if (mailbox.uidnext <= count.last_uid) findings_.add(fmt::format("mailbox {} has a UID that is to be given yet", number(id)));
        if (mailbox.highest_modseq < count.last_modseq) findings_.add(fmt::format("mailbox {} has an email newer than it", number(id)));
        counts_.erase(id);
    }
    for (const auto& [id, count] : counts_) findings_.add(fmt::format("mailbox {} is not there but has emails", number(id)));
}

void Audit::log() {
    std::uint64_t changes = 0;
    key::LogPart before;
    each(key::log, [&](std::string_view key, std::string_view value) {
        const std::optional<key::LogPart> at = key::change_of(key);
        const std::optional<std::vector<Change>> read = at ? decode_changes(at->modseq, value) : std::nullopt;
        if (!read) return unreadable(key);
        if (count_changes(value) != read->size() || read->empty()) unreadable(key);
        changes += read->size();
        const bool goes_on = at->modseq == before.modseq ? at->part == before.part + 1 : at->part == 0;
        // The first may be the rest of a commit whose beginning was dropped.
        const bool rest = before.modseq == 0 && at->modseq == account_.log_floor;
        if ((!goes_on && !rest) || at->modseq < account_.log_floor || at->modseq > reader_.version()) {
            findings_.add(fmt::format("the change log is out of order at modseq {}", at->modseq));
        }
        before = *at;
    });
    if (changes != account_.log_changes) {
        findings_.add(fmt::format("the account counts {} changes in its log, there are {}", account_.log_changes, changes));
    }
    if (account_.log_floor > reader_.version()) findings_.add("the change log begins in the future");
}

void Audit::strangers() {
    std::string kinds;
    for (const std::string_view letter : {key::account, key::bodies, key::emails, key::log, key::mailboxes, key::names, key::placements}) {
        kinds += letter;
    }
    // Between the ranges of the kinds that we know, so that these are not read again.
    std::string from;
    const auto look = [&](std::string_view to) {
        reader_.scan(from, to, [&](std::string_view key, std::string_view) {
            findings_.add(fmt::format("record {} is of no known kind", hex(key)));
            return true;
        });
    };
    for (const char letter : kinds) {
        const std::string prefix(1, letter);
        look(prefix);
        from = prefix == key::account ? prefix + '\0' : store::prefix_end(prefix);
    }
    look(std::string(store::key_max_bytes + 1, '\xff'));
}

}  // namespace

Findings::Findings(const store::Partition& account) : partition_(escape_control(account.name)) {}

void Findings::add(std::string what) {
    if (found_.size() > findings_max) return;
    if (found_.size() == findings_max) what = "there is more; these are the first";
    found_.push_back({partition_, std::move(what)});
}

void Findings::add_all(std::vector<store::Finding> findings) {
    for (store::Finding& finding : findings) add(std::move(finding.what));
}

void audit_records(const store::Reader& reader, Findings& findings) { Audit(reader, findings).run(); }

}  // namespace packetboat::mailbox
