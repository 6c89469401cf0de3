#pragma once

#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "delivery/queue_record.h"
#include "store/store.h"

namespace packetboat::delivery {

store::Partition queue_partition();

// The entry of which this is the envelope's record, with its recipients in the order of their numbers. Errors: internal (broken).
Result<QueueEnvelope> load_entry(const store::Reader& reader, std::string_view key, std::string_view record);

// Errors: not_found, internal.
Result<QueueEnvelope> find_entry(const store::Reader& reader, const Id128& id);

// Where the entry stands in the order of arrival. Errors: not_found, internal.
Result<std::string> find_entry_key(const store::Reader& reader, const Id128& id);

Result<std::uint64_t> read_count(const store::Reader& reader);

}  // namespace packetboat::delivery
