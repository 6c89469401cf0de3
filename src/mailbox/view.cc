#include "mailbox/view.h"

#include <array>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "mailbox/keys.h"

namespace packetboat::mailbox {

namespace {

struct Standard {
    Role role;
    std::string_view name;
};
constexpr std::array<Standard, 6> standard = {{{Role::inbox, "Inbox"},
                                               {Role::drafts, "Drafts"},
                                               {Role::sent, "Sent"},
                                               {Role::junk, "Junk"},
                                               {Role::trash, "Trash"},
                                               {Role::archive, "Archive"}}};

Unexpected no_mailbox() { return fail(ErrorCode::not_found, "no such mailbox"); }

// Where the uidvalidities of a partition's first mailboxes begin. It has to be known to readers before anything is written, so it is made
// from the name: between 2001 and 2023 if it were a time, which leaves the clock's for all later ones. FNV-1a.
std::uint32_t first_uidvalidity(std::string_view partition) {
    std::uint64_t hash = 14'695'981'039'346'656'037U;
    for (const char c : partition) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    return static_cast<std::uint32_t>(1'000'000'000 + hash % 700'000'000);
}

}  // namespace

Unexpected broken_record(std::string_view key) {
    log_error("mailbox.broken_record", "", {{"key", hex(key)}});
    return fail(ErrorCode::internal, "a record of the mailbox is broken");
}

Unexpected removed_account() { return fail(ErrorCode::not_found, "the account has been removed"); }

Result<AccountRecord> read_account(const store::Reader& reader, const store::Partition& partition) {
    const std::optional<std::string> value = reader.get(key::account);
    if (!value) {
        AccountRecord fresh;
        fresh.last_uidvalidity = first_uidvalidity(partition.name);
        return fresh;
    }
    const std::optional<AccountRecord> account = decode_account(*value);
    if (!account) return broken_record(key::account);
    return *account;
}

std::vector<Mailbox> standard_mailboxes(const AccountRecord& account) {
    std::vector<Mailbox> mailboxes;
    mailboxes.reserve(standard.size());
    for (std::uint32_t i = 0; i < standard.size(); ++i) {
        Mailbox& mailbox = mailboxes.emplace_back();
        mailbox.id = MailboxId{account.next_mailbox + i};
        mailbox.name = standard[i].name;
        mailbox.role = standard[i].role;
        mailbox.uidvalidity = account.last_uidvalidity + 1 + i;
        mailbox.sort_order = i + 1;
    }
    return mailboxes;
}

Result<MailboxId> mailbox_id(const AccountRecord& account, const std::variant<Role, MailboxId>& which) {
    if (const MailboxId* id = std::get_if<MailboxId>(&which)) return *id;
    const Role role = std::get<Role>(which);
    if (account.made) {
        const MailboxId id = account.with_role(role);
        if (role == Role::none || id == MailboxId{}) return fail(ErrorCode::not_found, "no mailbox has this role");
        return id;
    }
    for (std::uint32_t i = 0; i < standard.size(); ++i) {
        if (standard[i].role == role) return MailboxId{account.next_mailbox + i};
    }
    return fail(ErrorCode::not_found, "no mailbox has this role");
}

Result<Mailbox> read_mailbox(const store::Reader& reader, const AccountRecord& account, MailboxId id) {
    if (!account.made) {
        for (Mailbox& mailbox : standard_mailboxes(account)) {
            if (mailbox.id == id) return std::move(mailbox);
        }
        return no_mailbox();
    }
    const std::string key = key::mailbox(id);
    const std::optional<std::string> value = reader.get(key);
    if (!value) return no_mailbox();
    std::optional<Mailbox> mailbox = decode_mailbox(id, *value);
    if (!mailbox) return broken_record(key);
    return std::move(*mailbox);
}

Result<std::vector<Mailbox>> read_mailboxes(const store::Reader& reader, const AccountRecord& account) {
    if (!account.made) return standard_mailboxes(account);
    std::vector<Mailbox> mailboxes;
    std::optional<std::string> broken;
    reader.scan(key::mailboxes, store::prefix_end(key::mailboxes), [&](std::string_view key, std::string_view value) {
        const std::optional<MailboxId> id = key::mailbox_of(key);
        std::optional<Mailbox> mailbox = id ? decode_mailbox(*id, value) : std::nullopt;
        if (!mailbox) {
            broken = key;
            return false;
        }
        mailboxes.push_back(std::move(*mailbox));
        return true;
    });
    if (broken) return broken_record(*broken);
    return mailboxes;
}

Result<Email> read_email(const store::Reader& reader, EmailId id) {
    const std::string key = key::email(id);
    const std::optional<std::string> value = reader.get(key);
    if (!value) return fail(ErrorCode::not_found, "no such email");
    std::optional<Email> email = decode_email(id, *value);
    if (!email) return broken_record(key);
    return std::move(*email);
}

}  // namespace packetboat::mailbox
