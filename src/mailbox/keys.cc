#include "mailbox/keys.h"

#include <utility>

#include "base/record.h"

namespace packetboat::mailbox::key {

namespace {

Writer begin(std::string_view letter) { return Writer(std::string(letter)); }

// Positioned after the letter; failed where the letter is another.
RecordReader after(std::string_view letter, std::string_view key) {
    return key.starts_with(letter) ? RecordReader(key.substr(letter.size())) : RecordReader("");
}

}  // namespace

std::string mailbox(MailboxId id) { return begin(mailboxes).be32(std::to_underlying(id)).take(); }
std::string name(MailboxId parent, std::string_view name) { return begin(names).be32(std::to_underlying(parent)).bytes(name).take(); }
std::string children(MailboxId parent) { return name(parent, ""); }
std::string email(EmailId id) { return begin(emails).be64(std::to_underlying(id)).take(); }
std::string body(EmailId id) { return begin(bodies).be64(std::to_underlying(id)).take(); }
std::string placement(const Placement& placement) {
    return begin(placements).be32(std::to_underlying(placement.mailbox)).be32(placement.uid).take();
}
std::string placements_in(MailboxId mailbox) { return begin(placements).be32(std::to_underlying(mailbox)).take(); }
std::string change(std::uint64_t modseq, std::uint32_t part) { return begin(log).be64(modseq).be32(part).take(); }

std::optional<MailboxId> mailbox_of(std::string_view key) {
    RecordReader in = after(mailboxes, key);
    const MailboxId id{in.be32()};
    if (!in.ok_and_done()) return std::nullopt;
    return id;
}

std::optional<EmailId> email_of(std::string_view key) {
    RecordReader in = after(key.starts_with(bodies) ? bodies : emails, key);
    const EmailId id{in.be64()};
    if (!in.ok_and_done()) return std::nullopt;
    return id;
}

std::optional<Placement> placement_of(std::string_view key) {
    RecordReader in = after(placements, key);
    Placement placement;
    placement.mailbox = MailboxId{in.be32()};
    placement.uid = in.be32();
    if (!in.ok_and_done()) return std::nullopt;
    return placement;
}

std::optional<LogPart> change_of(std::string_view key) {
    RecordReader in = after(log, key);
    LogPart part;
    part.modseq = in.be64();
    part.part = in.be32();
    if (!in.ok_and_done()) return std::nullopt;
    return part;
}

std::optional<NameKey> name_of(std::string_view key) {
    RecordReader in = after(names, key);
    NameKey out;
    out.parent = MailboxId{in.be32()};
    out.name = in.rest();
    if (in.failed()) return std::nullopt;
    return out;
}

}  // namespace packetboat::mailbox::key
