#include "mailbox/records.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/record.h"

namespace packetboat::mailbox {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint64_t account_made = 1;
constexpr std::uint64_t account_removed = 2;
constexpr std::uint8_t form_inline = 1;
constexpr std::uint8_t form_blob = 2;

Writer begin(std::size_t expected_bytes) {
    std::string out;
    out.reserve(expected_bytes);
    return std::move(Writer(std::move(out)).u8(version));
}

// A value's reader after its version byte; failed when that is one we do not know.
class Value : public RecordReader {
public:
    explicit Value(std::string_view value) : RecordReader(value) {
        if (u8() != version) fail();
    }

    void fail() { bad_ = true; }
    bool whole() const { return !bad_ && ok_and_done(); }
    bool bad() const { return bad_ || failed(); }

    // A varint of at most `most`.
    std::uint64_t up_to(std::uint64_t most) {
        const std::uint64_t number = varint();
        if (number > most) fail();
        return bad() ? 0 : number;
    }
    std::uint32_t number32() { return static_cast<std::uint32_t>(up_to(std::numeric_limits<std::uint32_t>::max())); }
    bool flag() { return up_to(1) == 1; }
    MailboxId mailbox() { return MailboxId{number32()}; }
    Role role() { return Role{static_cast<std::uint8_t>(up_to(static_cast<std::uint64_t>(Role::all)))}; }

private:
    bool bad_ = false;
};

void write_keywords(Writer& out, const Keywords& keywords) {
    const KnownKeywords bits = known_bits(keywords);
    out.varint(bits);
    if ((bits & other_keywords) == 0) return;
    out.varint(static_cast<std::uint64_t>(std::ranges::count_if(keywords, [](const std::string& k) { return !has_bit(k); })));
    for (const std::string& keyword : keywords) {
        if (!has_bit(keyword)) out.text(keyword);
    }
}

Keywords read_keywords(Value& in) {
    const auto bits = static_cast<KnownKeywords>(in.up_to(known_keywords_all));
    Keywords keywords = keywords_of(bits);
    if ((bits & other_keywords) == 0) return keywords;
    const std::uint64_t others = in.varint();
    if (others == 0) in.fail();
    for (std::uint64_t i = 0; i < others && !in.bad(); ++i) {
        keywords.emplace_back(in.text());
        if (has_bit(keywords.back())) in.fail();
    }
    std::ranges::sort(keywords);
    if (std::ranges::adjacent_find(keywords) != keywords.end()) in.fail();
    return keywords;
}

std::vector<Placement> read_placements(Value& in) {
    std::vector<Placement> placements;
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && !in.bad(); ++i) {
        const MailboxId mailbox = in.mailbox();
        if (!placements.empty() && mailbox <= placements.back().mailbox) in.fail();
        placements.push_back({mailbox, in.number32()});
    }
    return placements;
}

constexpr std::size_t varint_size(std::uint64_t value) { return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7; }

}  // namespace

std::string_view to_string(Role role) {
    static constexpr std::array<std::string_view, 10> names = {"none",      "inbox", "archive", "drafts", "flagged",
                                                               "important", "junk",  "sent",    "trash",  "all"};
    return names[static_cast<std::size_t>(role)];
}

std::string encode(const AccountRecord& account) {
    Writer out = begin(64);
    out.varint((account.made ? account_made : 0) | (account.removed ? account_removed : 0))
        .varint(account.next_email)
        .varint(account.next_mailbox)
        .varint(account.last_uidvalidity);
    out.varint(account.mailboxes).varint(account.usage.bytes).varint(account.usage.emails);
    out.varint(account.log_changes).varint(account.log_floor);
    out.varint(static_cast<std::uint64_t>(std::ranges::count_if(account.by_role, [](MailboxId id) { return id != MailboxId{}; })));
    for (std::size_t role = 0; role < account.by_role.size(); ++role) {
        if (account.by_role[role] != MailboxId{}) out.varint(role).varint(std::to_underlying(account.by_role[role]));
    }
    return out.take();
}

std::optional<AccountRecord> decode_account(std::string_view value) {
    Value in(value);
    AccountRecord account;
    const std::uint64_t flags = in.up_to(account_made | account_removed);
    account.made = (flags & account_made) != 0;
    account.removed = (flags & account_removed) != 0;
    account.next_email = in.varint();
    account.next_mailbox = in.number32();
    account.last_uidvalidity = in.number32();
    account.mailboxes = in.varint();
    account.usage.bytes = in.varint();
    account.usage.emails = in.varint();
    account.log_changes = in.varint();
    account.log_floor = in.varint();
    const std::uint64_t roles = in.up_to(account.by_role.size());
    for (std::uint64_t i = 0; i < roles && !in.bad(); ++i) {
        const Role role = in.role();
        const MailboxId mailbox = in.mailbox();
        if (mailbox == MailboxId{} || std::exchange(account.with_role(role), mailbox) != MailboxId{}) in.fail();
    }
    if (!in.whole()) return std::nullopt;
    return account;
}

std::string encode(const Mailbox& mailbox) {
    Writer out = begin(64 + mailbox.name.size());
    out.varint(mailbox.parent ? std::to_underlying(*mailbox.parent) : 0);
    out.varint(static_cast<std::uint64_t>(mailbox.role)).varint(mailbox.subscribed ? 1 : 0).varint(mailbox.sort_order);
    out.varint(mailbox.uidvalidity).varint(mailbox.uidnext).varint(mailbox.highest_modseq);
    out.varint(mailbox.emails).varint(mailbox.unseen).varint(mailbox.bytes);
    out.text(mailbox.name);
    return out.take();
}

std::optional<Mailbox> decode_mailbox(MailboxId id, std::string_view value) {
    Value in(value);
    Mailbox mailbox;
    mailbox.id = id;
    const MailboxId parent = in.mailbox();
    if (parent != MailboxId{}) mailbox.parent = parent;
    mailbox.role = in.role();
    mailbox.subscribed = in.flag();
    mailbox.sort_order = in.number32();
    mailbox.uidvalidity = in.number32();
    mailbox.uidnext = in.number32();
    mailbox.highest_modseq = in.varint();
    mailbox.emails = in.varint();
    mailbox.unseen = in.varint();
    mailbox.bytes = in.varint();
    mailbox.name = in.text();
    if (!in.whole()) return std::nullopt;
    return mailbox;
}

std::string encode(const Email& email) {
    Writer out = begin(96 + 12 * email.placements.size());
    out.bytes(email.guid.view()).varint(email.size_bytes).be64(static_cast<std::uint64_t>(email.received.micros)).varint(email.modseq);
    out.u8(email.blob ? form_blob : form_inline);
    if (email.blob) out.bytes(email.blob->digest());
    write_keywords(out, email.keywords);
    out.varint(email.placements.size());
    for (const Placement& placement : email.placements) out.varint(std::to_underlying(placement.mailbox)).varint(placement.uid);
    return out.take();
}

std::optional<Email> decode_email(EmailId id, std::string_view value) {
    Value in(value);
    Email email;
    email.id = id;
    const std::string_view guid = in.bytes(email.guid.bytes.size());
    if (!in.bad()) email.guid = Id128::from_view(guid);
    email.size_bytes = in.varint();
    email.received.micros = static_cast<std::int64_t>(in.be64());
    email.modseq = in.varint();
    const std::uint8_t form = in.u8();
    if (form == form_blob) {
        store::BlobRef& blob = email.blob.emplace();
        blob.size_bytes = email.size_bytes;
        std::ranges::copy(in.bytes(blob.sha256.size()), blob.sha256.begin());
    } else if (form != form_inline) {
        in.fail();
    }
    email.keywords = read_keywords(in);
    email.placements = read_placements(in);
    if (!in.whole()) return std::nullopt;
    return email;
}

std::string encode(const PlacementRecord& placement) {
    Writer out = begin(24);
    out.varint(std::to_underlying(placement.email)).varint(placement.size_bytes).varint(placement.modseq).varint(placement.keywords);
    return out.take();
}

std::optional<PlacementRecord> decode_placement(std::string_view value) {
    Value in(value);
    PlacementRecord placement;
    placement.email = EmailId{in.varint()};
    placement.size_bytes = in.varint();
    placement.modseq = in.varint();
    placement.keywords = static_cast<KnownKeywords>(in.up_to(known_keywords_all));
    if (!in.whole()) return std::nullopt;
    return placement;
}

std::string encode(const std::vector<Change>& changes) {
    Writer out = begin(8 + 8 * changes.size());
    out.varint(changes.size());
    for (const Change& change : changes) {
        out.u8(std::to_underlying(change.kind)).varint(std::to_underlying(change.email));
        out.varint(std::to_underlying(change.mailbox)).varint(change.uid);
    }
    return out.take();
}

std::size_t encoded_size(const Change& change) {
    return 1 + varint_size(std::to_underlying(change.email)) + varint_size(std::to_underlying(change.mailbox)) + varint_size(change.uid);
}

std::optional<std::vector<Change>> decode_changes(std::uint64_t modseq, std::string_view value) {
    Value in(value);
    std::vector<Change> changes;
    const std::uint64_t count = in.varint();
    for (std::uint64_t i = 0; i < count && !in.bad(); ++i) {
        Change change{.modseq = modseq};
        const std::uint8_t kind = in.u8();
        if (kind > std::to_underlying(Change::Kind::mailbox_removed)) in.fail();
        change.kind = Change::Kind{kind};
        change.email = EmailId{in.varint()};
        change.mailbox = in.mailbox();
        change.uid = in.number32();
        changes.push_back(change);
    }
    if (!in.whole()) return std::nullopt;
    return changes;
}

std::optional<std::uint64_t> count_changes(std::string_view value) {
    Value in(value);
    const std::uint64_t count = in.varint();
    if (in.bad()) return std::nullopt;
    return count;
}

std::string encode(const Added& added) {
    Writer out = begin(32);
    out.varint(std::to_underlying(added.id)).varint(std::to_underlying(added.mailbox));
    out.varint(added.uid).varint(added.uidvalidity).varint(added.modseq);
    return out.take();
}

std::optional<Added> decode_added(std::string_view value) {
    Value in(value);
    Added added;
    added.id = EmailId{in.varint()};
    added.mailbox = in.mailbox();
    added.uid = in.number32();
    added.uidvalidity = in.number32();
    added.modseq = in.varint();
    if (!in.whole()) return std::nullopt;
    return added;
}

std::string encode_name(MailboxId id) { return begin(8).varint(std::to_underlying(id)).take(); }

std::optional<MailboxId> decode_name(std::string_view value) {
    Value in(value);
    const MailboxId id = in.mailbox();
    if (!in.whole()) return std::nullopt;
    return id;
}

std::string encode_body(std::string_view bytes) { return begin(1 + bytes.size()).bytes(bytes).take(); }

std::optional<std::string_view> decode_body(std::string_view value) {
    if (value.empty() || static_cast<std::uint8_t>(value.front()) != version) return std::nullopt;
    return value.substr(1);
}

}  // namespace packetboat::mailbox
