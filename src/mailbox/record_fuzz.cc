#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/record.h"
#include "mailbox/keys.h"
#include "mailbox/records.h"

// Decoders take any bytes. What they take is written and read again as the same; what is written is read as it was.
namespace packetboat::mailbox {
namespace {

void demand(bool holds) {
    if (!holds) std::abort();
}

// One value of any kind from any bytes: if it can be read, writing and reading it again changes nothing more.
template <class Decode>
void check(std::string_view bytes, Decode decode) {
    const auto value = decode(bytes);
    if (!value) return;
    const std::string written = encode(*value);
    const auto again = decode(written);
    demand(again.has_value());
    demand(encode(*again) == written);
}

Email email_from(RecordReader& in) {
    Email email;
    email.id = EmailId{in.be64()};
    const std::string_view guid = in.bytes(16);
    if (guid.size() == 16) email.guid = Id128::from_view(guid);
    email.size_bytes = in.be64();
    email.received.micros = static_cast<std::int64_t>(in.be64());
    email.modseq = in.varint();
    const std::uint8_t shape = in.u8();
    if ((shape & 1) != 0) email.blob = store::BlobRef{.sha256 = {shape}, .size_bytes = email.size_bytes};
    Keywords keywords = keywords_of(in.u8());
    for (int i = 0; i < shape >> 5; ++i) keywords.emplace_back(in.text());
    if (const Result<Keywords> good = normalised(keywords, {})) email.keywords = *good;
    MailboxId mailbox{};
    for (int i = 0; i < (shape >> 1 & 15); ++i) {
        mailbox = MailboxId{std::to_underlying(mailbox) + 1 + in.u8()};
        email.placements.push_back({mailbox, in.be32()});
    }
    return email;
}

void check_written(std::string_view bytes) {
    RecordReader in(bytes);
    const Email email = email_from(in);
    const std::string written = encode(email);
    const std::optional<Email> read = decode_email(email.id, written);
    demand(read && read->guid == email.guid && read->size_bytes == email.size_bytes && read->received == email.received);
    demand(read->keywords == email.keywords && read->modseq == email.modseq && read->blob == email.blob);
    demand(read->placements.size() == email.placements.size() && encode(*read) == written);

    Mailbox mailbox;
    mailbox.uidnext = in.be32();
    mailbox.uidvalidity = in.be32();
    mailbox.emails = in.be64();
    mailbox.bytes = in.be64();
    if (const std::uint32_t parent = in.be32(); parent != 0) mailbox.parent = MailboxId{parent};
    mailbox.role = Role{static_cast<std::uint8_t>(in.u8() % 10)};
    mailbox.name = in.rest();
    const std::optional<Mailbox> same = decode_mailbox(mailbox.id, encode(mailbox));
    demand(same && same->name == mailbox.name && same->uidnext == mailbox.uidnext && same->uidvalidity == mailbox.uidvalidity);
    demand(same->emails == mailbox.emails && same->bytes == mailbox.bytes && same->parent == mailbox.parent && same->role == mailbox.role);
}

void check_keys(std::string_view bytes) {
    if (const auto id = key::mailbox_of(bytes)) demand(key::mailbox(*id) == bytes);
    if (const auto id = key::email_of(bytes)) demand(key::email(*id) == bytes || key::body(*id) == bytes);
    if (const auto placement = key::placement_of(bytes)) demand(key::placement(*placement) == bytes);
    if (const auto at = key::change_of(bytes)) demand(key::change(at->modseq, at->part) == bytes);
    if (const auto name = key::name_of(bytes)) demand(key::name(name->parent, name->name) == bytes);
}

}  // namespace
}  // namespace packetboat::mailbox

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat::mailbox;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check(bytes, decode_account);
    check(bytes, [](std::string_view value) { return decode_mailbox(MailboxId{1}, value); });
    check(bytes, [](std::string_view value) { return decode_email(EmailId{1}, value); });
    check(bytes, decode_placement);
    check(bytes, [](std::string_view value) { return decode_changes(1, value); });
    check(bytes, decode_added);
    if (const auto name = decode_name(bytes)) demand(decode_name(encode_name(*name)) == name);
    if (const auto body = decode_body(bytes)) demand(encode_body(*body) == bytes);
    if (const auto changes = decode_changes(1, bytes)) demand(count_changes(bytes) == changes->size());
    check_written(bytes);
    check_keys(bytes);
    return 0;
}
