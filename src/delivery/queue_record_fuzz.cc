#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "delivery/queue_record.h"

using namespace packetboat;
using namespace packetboat::delivery;

namespace {

void demand(bool claim) {
    if (!claim) std::abort();
}

}  // namespace

// Whatever a record says, it is read or refused; what was read is written and read again as the same thing. The input is the length of
// a key, the key, and a record.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t key_bytes = size == 0 ? 0 : std::min<std::size_t>(data[0], size - 1);
    const std::string_view key = input.substr(std::min<std::size_t>(size, 1), key_bytes);
    const std::string_view record = input.substr(std::min(size, 1 + key_bytes));

    if (const std::optional<QueueEnvelope> envelope = decode_envelope(key, record)) {
        demand(entry_key(envelope->entry.arrived, envelope->entry.id) == key);
        demand(key_owner(key) == envelope->entry.id);
        demand(decode_envelope(key, encode_envelope(*envelope)) == envelope);
    }
    if (const std::optional<QueuedRecipient> recipient = decode_recipient(key, record)) {
        demand(recipient_key(key_owner(key).value(), recipient->number) == key);
        demand(decode_recipient(key, encode_recipient(*recipient)) == recipient);
    }
    if (const std::optional<RelayDue> due = decode_relay_due(key, record)) {
        demand(relay_key(*due) == key);
        demand(key_owner(key) == due->id);
    }
    if (const std::optional<std::uint64_t> number = decode_number(record)) demand(decode_number(encode_number(*number)) == number);
    return 0;
}
