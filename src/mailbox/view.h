#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "mailbox/mailbox.h"
#include "mailbox/records.h"
#include "store/store.h"

// An account's records as a snapshot or a transaction shows them.
namespace packetboat::mailbox {

// A stored record cannot be read, or two of them contradict each other. Logged here, answered as internal.
Unexpected broken_record(std::string_view key);

// What is answered of an account that was removed.
Unexpected removed_account();

// The counters of an account that has no record yet begin with the partition.
Result<AccountRecord> read_account(const store::Reader& reader, const store::Partition& partition);

// The mailboxes that the account's first change makes (or will make), as they are then.
std::vector<Mailbox> standard_mailboxes(const AccountRecord& account);

Result<Mailbox> read_mailbox(const store::Reader& reader, const AccountRecord& account, MailboxId id);
// In the order of their ids.
Result<std::vector<Mailbox>> read_mailboxes(const store::Reader& reader, const AccountRecord& account);
// not_found where no mailbox has the role.
Result<MailboxId> mailbox_id(const AccountRecord& account, const std::variant<Role, MailboxId>& which);

Result<Email> read_email(const store::Reader& reader, EmailId id);

}  // namespace packetboat::mailbox
