#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

namespace packetboat::delivery {

// Bytes that may become a blob: on return it is on disk, though nothing refers to it yet. Errors: unavailable.
Task<Result<store::BlobRef>> write_blob(store::Store& store, std::string bytes);

// The content as a commit may carry it: what is in memory and larger than `inline_max_bytes` becomes a blob.
Task<Result<mailbox::Content>> settle(store::Store& store, mailbox::Content content, std::uint64_t inline_max_bytes);

}  // namespace packetboat::delivery
