#include "delivery/queue_record.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/record.h"

namespace packetboat::delivery {
namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::size_t id_bytes = 16;

enum EnvelopeFlags : std::uint8_t { has_smtputf8 = 1, has_eight_bit = 2, has_blob = 4, has_binary = 8, envelope_flags_all = 15 };
enum RecipientFlags : std::uint8_t { is_local = 1, has_failed = 2, recipient_flags_all = 3 };

// Times in keys sort as unsigned numbers; nothing arrives before 1970.
std::uint64_t sortable(Time time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(time.micros, 0)); }

Time time_of(std::uint64_t number) { return {static_cast<std::int64_t>(number)}; }

std::optional<std::uint32_t> as_u32(std::uint64_t number) {
    if (number > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

std::uint8_t flags_of(std::initializer_list<std::pair<bool, std::uint8_t>> bits) {
    unsigned flags = 0;
    for (const auto& [set, flag] : bits) flags |= set ? flag : 0U;
    return static_cast<std::uint8_t>(flags);
}

}  // namespace

Work work_of(const QueuedRecipient& recipient) {
    if (recipient.failed) return Work::tell_sender;
    return recipient.local ? Work::deliver : Work::relay;
}

std::string encode_envelope(const QueueEnvelope& envelope) {
    const QueueEntry& entry = envelope.entry;
    Writer out;
    out.u8(record_version);
    out.u8(flags_of({{entry.smtputf8, has_smtputf8},
                     {entry.body == Body::eight_bit_mime, has_eight_bit},
                     {entry.blob.has_value(), has_blob},
                     {entry.body == Body::binary_mime, has_binary}}));
    out.text(entry.reverse_path).text(entry.envid).text(entry.ret);
    out.varint(entry.size_bytes).varint(entry.skip_bytes).varint(envelope.next_number);
    if (entry.blob) out.bytes(entry.blob->digest()).varint(entry.blob->size_bytes);
    return out.take();
}

std::optional<QueueEnvelope> decode_envelope(std::string_view key, std::string_view record) {
    RecordReader key_in(key);
    if (key_in.u8() != 'e') return std::nullopt;
    QueueEnvelope envelope;
    QueueEntry& entry = envelope.entry;
    entry.arrived = time_of(key_in.be64());
    const std::string_view id = key_in.bytes(id_bytes);
    if (!key_in.ok_and_done() || entry.arrived.micros < 0) return std::nullopt;
    entry.id = Id128::from_view(id);

    RecordReader in(record);
    if (in.u8() != record_version) return std::nullopt;
    const std::uint8_t flags = in.u8();
    entry.smtputf8 = (flags & has_smtputf8) != 0;
    if ((flags & has_eight_bit) != 0) entry.body = Body::eight_bit_mime;
    if ((flags & has_binary) != 0) entry.body = Body::binary_mime;
    entry.reverse_path = in.text();
    entry.envid = in.text();
    entry.ret = in.text();
    entry.size_bytes = in.varint();
    entry.skip_bytes = in.varint();
    const std::optional<std::uint32_t> next_number = as_u32(in.varint());
    if ((flags & has_blob) != 0) {
        store::BlobRef& blob = entry.blob.emplace();
        const std::string_view digest = in.bytes(blob.sha256.size());
        if (in.failed()) return std::nullopt;
        std::ranges::copy(digest, reinterpret_cast<char*>(blob.sha256.data()));
        blob.size_bytes = in.varint();
    }
    if (!in.ok_and_done() || flags > envelope_flags_all || !next_number || entry.skip_bytes > entry.size_bytes) return std::nullopt;
    envelope.next_number = *next_number;
    return envelope;
}

std::string encode_recipient(const QueuedRecipient& recipient) {
    Writer out;
    out.u8(record_version);
    out.u8(flags_of({{recipient.local, is_local}, {recipient.failed, has_failed}}));
    out.u8(recipient.notify);
    out.text(recipient.address).text(recipient.original).text(recipient.orcpt);
    out.varint(static_cast<std::uint64_t>(recipient.account));
    out.varint(recipient.attempts).varint(sortable(recipient.due)).text(recipient.last_error);
    return out.take();
}

std::optional<QueuedRecipient> decode_recipient(std::string_view key, std::string_view record) {
    RecordReader key_in(key);
    if (key_in.u8() != 'r') return std::nullopt;
    key_in.bytes(id_bytes);
    QueuedRecipient recipient;
    recipient.number = key_in.be32();
    if (!key_in.ok_and_done()) return std::nullopt;

    RecordReader in(record);
    if (in.u8() != record_version) return std::nullopt;
    const std::uint8_t flags = in.u8();
    recipient.local = (flags & is_local) != 0;
    recipient.failed = (flags & has_failed) != 0;
    recipient.notify = in.u8();
    recipient.address = in.text();
    recipient.original = in.text();
    recipient.orcpt = in.text();
    recipient.account = directory::AccountId{in.varint()};
    const std::optional<std::uint32_t> attempts = as_u32(in.varint());
    recipient.due = time_of(in.varint());
    recipient.last_error = in.text();
    if (!in.ok_and_done() || flags > recipient_flags_all || !attempts || recipient.due.micros < 0) return std::nullopt;
    recipient.attempts = *attempts;
    return recipient;
}

std::string encode_number(std::uint64_t number) { return Writer().u8(record_version).varint(number).take(); }

std::optional<std::uint64_t> decode_number(std::string_view record) {
    RecordReader in(record);
    const bool known = in.u8() == record_version;
    const std::uint64_t number = in.varint();
    if (!known || !in.ok_and_done()) return std::nullopt;
    return number;
}

std::string entry_key(Time arrived, const Id128& id) { return Writer("e").be64(sortable(arrived)).bytes(id.view()).take(); }

std::string recipient_prefix(const Id128& id) { return Writer("r").bytes(id.view()).take(); }

std::string recipient_key(const Id128& id, std::uint32_t number) { return Writer("r").bytes(id.view()).be32(number).take(); }

std::string id_key(const Id128& id) { return Writer("i").bytes(id.view()).take(); }

std::string content_key(const Id128& id) { return Writer("c").bytes(id.view()).take(); }

std::string due_key(Work work, Time due, const Id128& id) {
    return Writer("d").u8(static_cast<std::uint8_t>(work)).be64(sortable(due)).bytes(id.view()).take();
}

std::optional<Id128> key_owner(std::string_view key) {
    RecordReader in(key);
    switch (in.u8()) {
        case 'e': in.be64(); break;
        case 'd':
            if (in.u8() > static_cast<std::uint8_t>(Work::tell_sender)) return std::nullopt;
            in.be64();
            break;
        case 'i':
        case 'c':
        case 'r': break;
        default: return std::nullopt;
    }
    const std::string_view id = in.bytes(id_bytes);
    if (key.starts_with('r')) in.be32();
    if (!in.ok_and_done()) return std::nullopt;
    return Id128::from_view(id);
}

std::vector<std::string> due_keys(const QueueEntry& entry) {
    std::array<std::optional<Time>, 3> earliest;
    for (const QueuedRecipient& recipient : entry.recipients) {
        std::optional<Time>& time = earliest[static_cast<std::size_t>(work_of(recipient))];
        if (!time || recipient.due < *time) time = recipient.due;
    }
    std::vector<std::string> keys;
    for (std::size_t work = 0; work < earliest.size(); ++work) {
        if (earliest[work]) keys.push_back(due_key(static_cast<Work>(work), *earliest[work], entry.id));
    }
    return keys;
}

}  // namespace packetboat::delivery
