#include "delivery/queue_record.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <unordered_map>
#include <utility>

#include "base/record.h"

namespace packetboat::delivery {
namespace {

constexpr std::uint8_t record_version = 2;
constexpr std::size_t id_bytes = 16;

enum EnvelopeFlags : std::uint8_t {
    has_smtputf8 = 1,
    has_eight_bit = 2,
    has_blob = 4,
    has_binary = 8,
    has_require_tls = 16,
    envelope_flags_all = 31
};
enum RecipientFlags : std::uint8_t { is_local = 1, is_held = 2, is_warned = 4, recipient_flags_all = 7 };

// Times in keys sort as unsigned numbers; nothing arrives before 1970.
std::uint64_t sortable(Time time) { return static_cast<std::uint64_t>(std::max<std::int64_t>(time.micros, 0)); }

Time time_of(std::uint64_t number) { return {static_cast<std::int64_t>(number)}; }

std::optional<std::uint32_t> as_u32(std::uint64_t number) {
    if (number > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

// Tells senders apart; that two share a number only makes them share a turn. FNV-1a: it stands in records, so it must never change.
std::uint64_t sender_number(std::string_view reverse_path) {
    std::uint64_t number = 0xcbf29ce484222325;
    for (const char c : reverse_path) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return number;
}

std::uint8_t flags_of(std::initializer_list<std::pair<bool, std::uint8_t>> bits) {
    unsigned flags = 0;
    for (const auto& [set, flag] : bits) flags |= set ? flag : 0U;
    return static_cast<std::uint8_t>(flags);
}

}  // namespace

Work work_of(const QueuedRecipient& recipient) {
    if (recipient.done()) return Work::tell_sender;
    return recipient.local ? Work::deliver : Work::relay;
}

std::string encode_envelope(const QueueEnvelope& envelope) {
    const QueueEntry& entry = envelope.entry;
    Writer out;
    out.u8(record_version);
    out.u8(flags_of({{entry.smtputf8, has_smtputf8},
                     {entry.body == Body::eight_bit_mime, has_eight_bit},
                     {entry.blob.has_value(), has_blob},
                     {entry.body == Body::binary_mime, has_binary},
                     {entry.require_tls, has_require_tls}}));
    out.text(entry.reverse_path).text(entry.envid).text(entry.ret);
    out.varint(sortable(entry.held_until));
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
    entry.require_tls = (flags & has_require_tls) != 0;
    entry.reverse_path = in.text();
    entry.envid = in.text();
    entry.ret = in.text();
    entry.held_until = time_of(in.varint());
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
    if (!in.ok_and_done() || flags > envelope_flags_all || !next_number || entry.skip_bytes > entry.size_bytes ||
        entry.held_until.micros < 0)
        return std::nullopt;
    envelope.next_number = *next_number;
    return envelope;
}

std::string encode_recipient(const QueuedRecipient& recipient) {
    Writer out;
    out.u8(record_version);
    out.u8(flags_of({{recipient.local, is_local}, {recipient.held, is_held}, {recipient.warned, is_warned}}));
    out.u8(recipient.notify).u8(static_cast<std::uint8_t>(recipient.report));
    out.text(recipient.address).text(recipient.original).text(recipient.orcpt);
    out.varint(static_cast<std::uint64_t>(recipient.account));
    out.varint(recipient.attempts).varint(sortable(recipient.due)).text(recipient.last_error);
    out.text(recipient.status).text(recipient.diagnostic).text(recipient.remote);
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
    recipient.held = (flags & is_held) != 0;
    recipient.warned = (flags & is_warned) != 0;
    recipient.notify = in.u8();
    const std::uint8_t report = in.u8();
    recipient.address = in.text();
    recipient.original = in.text();
    recipient.orcpt = in.text();
    recipient.account = directory::AccountId{in.varint()};
    const std::optional<std::uint32_t> attempts = as_u32(in.varint());
    recipient.due = time_of(in.varint());
    recipient.last_error = in.text();
    recipient.status = in.text();
    recipient.diagnostic = in.text();
    recipient.remote = in.text();
    const bool known = flags <= recipient_flags_all && report <= static_cast<std::uint8_t>(Report::delayed);
    if (!in.ok_and_done() || !known || !attempts || recipient.due.micros < 0) return std::nullopt;
    recipient.report = static_cast<Report>(report);
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

std::string relay_key(const RelayDue& due) {
    return Writer("d").u8(static_cast<std::uint8_t>(Work::relay)).be64(sortable(due.due)).bytes(due.id.view()).bytes(due.domain).take();
}

std::string dialogue_key(const Id128& id) { return Writer("l").bytes(id.view()).take(); }

std::string encode_dialogues(const std::vector<QueueDialogue>& dialogues) {
    Writer out;
    out.u8(record_version);
    for (const QueueDialogue& one : dialogues) out.text(one.domain).text(one.text);
    return out.take();
}

std::vector<QueueDialogue> decode_dialogues(std::string_view record) {
    std::vector<QueueDialogue> dialogues;
    RecordReader in(record);
    if (in.u8() != record_version) return {};
    while (!in.failed() && !in.ok_and_done()) {
        QueueDialogue& one = dialogues.emplace_back();
        one.domain = in.text();
        one.text = in.text();
    }
    if (!in.ok_and_done()) return {};
    return dialogues;
}

std::optional<Id128> key_owner(std::string_view key) {
    RecordReader in(key);
    bool with_domain = false;
    switch (in.u8()) {
        case 'e': in.be64(); break;
        case 'd': {
            const std::uint8_t work = in.u8();
            if (work > static_cast<std::uint8_t>(Work::tell_sender)) return std::nullopt;
            with_domain = work == static_cast<std::uint8_t>(Work::relay);
            in.be64();
            break;
        }
        case 'i':
        case 'c':
        case 'l':
        case 'r': break;
        default: return std::nullopt;
    }
    const std::string_view id = in.bytes(id_bytes);
    if (key.starts_with('r')) in.be32();
    if (with_domain) in.rest();
    if (!in.ok_and_done()) return std::nullopt;
    return Id128::from_view(id);
}

std::vector<RelayDue> relay_dues(const QueueEntry& entry) {
    std::vector<RelayDue> dues;
    std::unordered_map<std::string_view, std::size_t> places;
    for (const QueuedRecipient& recipient : entry.recipients) {
        if (recipient.held || work_of(recipient) != Work::relay) continue;
        const auto [place, is_new] = places.try_emplace(recipient.domain(), dues.size());
        if (is_new) {
            dues.push_back({.due = recipient.due,
                            .id = entry.id,
                            .domain = std::string(recipient.domain()),
                            .begins = entry.begins(),
                            .sender = sender_number(entry.reverse_path),
                            .warned = true});
        }
        RelayDue& due = dues[place->second];
        due.due = std::min(due.due, recipient.due);
        due.warned = due.warned && recipient.warned;
    }
    return dues;
}

std::optional<RelayDue> decode_relay_due(std::string_view key, std::string_view record) {
    RecordReader key_in(key);
    if (key_in.u8() != 'd' || key_in.u8() != static_cast<std::uint8_t>(Work::relay)) return std::nullopt;
    RelayDue due;
    due.due = time_of(key_in.be64());
    const std::string_view id = key_in.bytes(id_bytes);
    due.domain = key_in.rest();
    if (key_in.failed() || due.due.micros < 0) return std::nullopt;
    due.id = Id128::from_view(id);

    RecordReader in(record);
    if (in.u8() != record_version) return std::nullopt;
    due.begins = time_of(in.varint());
    due.sender = in.be64();
    const std::uint8_t warned = in.u8();
    if (!in.ok_and_done() || warned > 1 || due.begins.micros < 0) return std::nullopt;
    due.warned = warned == 1;
    return due;
}

std::map<std::string, std::string> due_records(const QueueEntry& entry) {
    std::array<std::optional<Time>, 3> earliest;
    const auto note = [&](Work work, Time due) {
        std::optional<Time>& time = earliest[static_cast<std::size_t>(work)];
        if (!time || due < *time) time = due;
    };
    for (const QueuedRecipient& recipient : entry.recipients) {
        if (recipient.held) continue;
        if (recipient.report != Report::none) note(Work::tell_sender, recipient.done() ? recipient.due : entry.arrived);
        if (work_of(recipient) == Work::deliver) note(Work::deliver, recipient.due);
    }
    std::map<std::string, std::string> records;
    for (const Work work : {Work::deliver, Work::tell_sender}) {
        if (const std::optional<Time>& time = earliest[static_cast<std::size_t>(work)]) records[due_key(work, *time, entry.id)];
    }
    for (const RelayDue& due : relay_dues(entry)) {
        records[relay_key(due)] = Writer().u8(record_version).varint(sortable(due.begins)).be64(due.sender).u8(due.warned).take();
    }
    return records;
}

}  // namespace packetboat::delivery
