#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/task.h"
#include "delivery/transport.h"
#include "mailbox/mailbox.h"
#include "store/store.h"

namespace packetboat::delivery {

// A queued message's bytes without the first `skip_bytes`, from memory or from its blob, a piece at a time. Errors: what the store says.
Task<Result<std::unique_ptr<ContentSource>>> open_content(store::Store& store, mailbox::Content content, std::uint64_t skip_bytes);

// Whether the header says "TLS-Required: No" (RFC 8689 §5). `beginning`: of the message, with its header or the first part of it.
bool says_tls_optional(std::string_view beginning);

}  // namespace packetboat::delivery
