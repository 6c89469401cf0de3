#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/keywords.h"
#include "mailbox/mailbox.h"

// Values of an account's records: what the README's table says, as bytes. Decoders take any bytes and answer nullopt for what is no such
// record.
namespace packetboat::mailbox {

struct AccountRecord {
    bool made = false;     // the standard mailboxes are there
    bool removed = false;  // for good; while `made` there is something left to erase
    std::uint64_t next_email = 1;
    std::uint32_t next_mailbox = 1;
    std::uint32_t last_uidvalidity = 0;
    std::uint64_t mailboxes = 0;
    Usage usage;
    std::uint64_t log_changes = 0;        // how many the log holds
    std::uint64_t log_floor = 0;          // the log is whole after this modseq
    std::array<MailboxId, 10> by_role{};  // 0: no mailbox has the role

    MailboxId& with_role(Role role) { return by_role[static_cast<std::size_t>(role)]; }
    MailboxId with_role(Role role) const { return by_role[static_cast<std::size_t>(role)]; }
};

struct PlacementRecord {
    EmailId email{};
    std::uint64_t size_bytes = 0;
    std::uint64_t modseq = 0;
    KnownKeywords keywords = 0;
};

std::string encode(const AccountRecord& account);
std::string encode(const Mailbox& mailbox);  // without its id: that is the key
std::string encode(const Email& email);      // without its id
std::string encode(const PlacementRecord& placement);
std::string encode(const std::vector<Change>& changes);  // without their modseq
std::size_t encoded_size(const Change& change);          // in it
std::string encode(const Added& added);                  // a commit's result; `replayed` is not part of it
std::string encode_name(MailboxId id);
std::string encode_body(std::string_view bytes);

std::optional<AccountRecord> decode_account(std::string_view value);
std::optional<Mailbox> decode_mailbox(MailboxId id, std::string_view value);
std::optional<Email> decode_email(EmailId id, std::string_view value);
std::optional<PlacementRecord> decode_placement(std::string_view value);
std::optional<std::vector<Change>> decode_changes(std::uint64_t modseq, std::string_view value);
// How many there are, without reading them.
std::optional<std::uint64_t> count_changes(std::string_view value);
std::optional<Added> decode_added(std::string_view value);
std::optional<MailboxId> decode_name(std::string_view value);
std::optional<std::string_view> decode_body(std::string_view value);

// A log record is closed before it grows over this.
inline constexpr std::size_t log_part_max_bytes = 60 << 10;
// The most that one change takes in it.
inline constexpr std::size_t change_max_bytes = 1 + 10 + 5 + 5;

}  // namespace packetboat::mailbox
