#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailbox/mailbox.h"

// Keys of an account's records. The README has the table.
namespace packetboat::mailbox::key {

inline constexpr std::string_view account = "A";
inline constexpr std::string_view bodies = "B";
inline constexpr std::string_view emails = "E";
inline constexpr std::string_view log = "L";
inline constexpr std::string_view mailboxes = "M";
inline constexpr std::string_view names = "N";
inline constexpr std::string_view placements = "P";

std::string mailbox(MailboxId id);
// `parent` 0: a mailbox of the top level.
std::string name(MailboxId parent, std::string_view name);
std::string children(MailboxId parent);  // the prefix of the names below it
std::string email(EmailId id);
std::string body(EmailId id);
std::string placement(const Placement& placement);
std::string placements_in(MailboxId mailbox);  // the prefix
std::string change(std::uint64_t modseq, std::uint32_t part);

// nullopt: not such a key.
std::optional<MailboxId> mailbox_of(std::string_view key);
std::optional<EmailId> email_of(std::string_view key);  // of an email's or a body's key
std::optional<Placement> placement_of(std::string_view key);
struct LogPart {
    std::uint64_t modseq = 0;
    std::uint32_t part = 0;
};
std::optional<LogPart> change_of(std::string_view key);
struct NameKey {
    MailboxId parent{};
    std::string name;
};
std::optional<NameKey> name_of(std::string_view key);

}  // namespace packetboat::mailbox::key
