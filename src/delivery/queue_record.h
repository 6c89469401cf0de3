#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "delivery/queue.h"
#include "store/store.h"

// How the queue lies in the store.
//
//   e <arrived, 8> <id, 16>           the envelope, without recipients
//   r <id, 16> <number, 4>            a recipient
//   i <id, 16>                        when it arrived: the rest of its key
//   c <id, 16>                        the content, when it is not a blob
//   d <work, 1> <due, 8> <id, 16>     empty; one for each kind of work that the entry needs, at its earliest time
//   d <relay, 1> <due, 8> <id, 16> <domain>   one for each domain that the entry is to be relayed to: RelayDue
//   l <id, 16>                        for each domain the dialogue of the last attempt that failed
//   n                                 how many entries there are
namespace packetboat::delivery {

// An entry's envelope as its record has it. The next number a recipient will get stands in it too.
struct QueueEnvelope {
    QueueEntry entry;  // without recipients
    std::uint32_t next_number = 1;
    friend bool operator==(const QueueEnvelope&, const QueueEnvelope&) = default;
};

std::string encode_envelope(const QueueEnvelope& envelope);
// nullopt for a record that we did not write. Id and time come from the key.
std::optional<QueueEnvelope> decode_envelope(std::string_view key, std::string_view record);

std::string encode_recipient(const QueuedRecipient& recipient);
std::optional<QueuedRecipient> decode_recipient(std::string_view key, std::string_view record);

// A record that holds one number.
std::string encode_number(std::uint64_t number);
std::optional<std::uint64_t> decode_number(std::string_view record);

std::string entry_key(Time arrived, const Id128& id);
std::string recipient_prefix(const Id128& id);
std::string recipient_key(const Id128& id, std::uint32_t number);
std::string id_key(const Id128& id);
std::string content_key(const Id128& id);
std::string due_key(Work work, Time due, const Id128& id);
std::string relay_key(const RelayDue& due);
std::string dialogue_key(const Id128& id);
std::string encode_dialogues(const std::vector<QueueDialogue>& dialogues);
// Empty for a record that we did not write.
std::vector<QueueDialogue> decode_dialogues(std::string_view record);
inline constexpr std::string_view count_key = "n";

// Which entry a key of any kind but "n" belongs to; nullopt: not a key of ours.
std::optional<Id128> key_owner(std::string_view key);

// What of the entry is to be relayed: one for each domain.
std::vector<RelayDue> relay_dues(const QueueEntry& entry);
// nullopt for a record that we did not write.
std::optional<RelayDue> decode_relay_due(std::string_view key, std::string_view record);

// The due index's records that this entry has, by their keys.
std::map<std::string, std::string> due_records(const QueueEntry& entry);

}  // namespace packetboat::delivery
