#include "delivery/queue_read.h"

#include <utility>

namespace packetboat::delivery {
namespace {

Unexpected broken(std::string_view what, const Id128& id) {
    return fail(ErrorCode::internal, "the queue's " + std::string(what) + " of " + id.text() + " cannot be read");
}

}  // namespace

store::Partition queue_partition() { return {"q"}; }

Result<QueueEnvelope> load_entry(const store::Reader& reader, std::string_view key, std::string_view record) {
    std::optional<QueueEnvelope> envelope = decode_envelope(key, record);
    if (!envelope) return broken("envelope", key_owner(key).value_or(Id128{}));
    const std::string prefix = recipient_prefix(envelope->entry.id);
    bool readable = true;
    reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view recipient_at, std::string_view value) {
        std::optional<QueuedRecipient> recipient = decode_recipient(recipient_at, value);
        readable = recipient.has_value();
        if (readable) envelope->entry.recipients.push_back(*std::move(recipient));
        return readable;
    });
    if (!readable) return broken("recipient", envelope->entry.id);
    return *std::move(envelope);
}

Result<std::string> find_entry_key(const store::Reader& reader, const Id128& id) {
    const std::optional<std::string> arrived = reader.get(id_key(id));
    if (!arrived) return fail(ErrorCode::not_found, "no message " + id.text() + " in the queue");
    const std::optional<std::uint64_t> micros = decode_number(*arrived);
    if (!micros || *micros > INT64_MAX) return broken("index", id);
    return entry_key({static_cast<std::int64_t>(*micros)}, id);
}

Result<QueueEnvelope> find_entry(const store::Reader& reader, const Id128& id) {
    const Result<std::string> key = find_entry_key(reader, id);
    if (!key) return fail(key.error());
    const std::optional<std::string> record = reader.get(*key);
    if (!record) return broken("envelope", id);
    return load_entry(reader, *key, *record);
}

Result<std::uint64_t> read_count(const store::Reader& reader) {
    const std::optional<std::string> record = reader.get(count_key);
    if (!record) return 0;
    const std::optional<std::uint64_t> count = decode_number(*record);
    if (!count) return fail(ErrorCode::internal, "the queue's count cannot be read");
    return *count;
}

}  // namespace packetboat::delivery
