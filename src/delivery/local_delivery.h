#pragma once

#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "base/task.h"
#include "base/time.h"
#include "directory/directory.h"
#include "mailbox/mailbox.h"

namespace packetboat::delivery {

// One message for one account.
struct LocalMessage {
    Id128 message;
    mailbox::Content content;
    Time received;
    directory::AccountId account{};
    std::uint64_t quota_bytes = 0;
    std::string_view address;     // for the log; outlives the delivery
    std::string_view session_id;  // the same
};

// Into the account's inbox; on disk when it returns. The same message for the same account is stored once, whoever tries it again.
// Errors: over_quota, too_many (the mailbox is full), not_found (the account was removed), unavailable.
Task<Result<>> deliver_locally(mailbox::Mail& mail, LocalMessage message);

// Whether trying again later may help.
bool may_pass(ErrorCode code);

// What a mailbox's failure is in RFC 3463.
std::string_view local_status(ErrorCode code);

}  // namespace packetboat::delivery
