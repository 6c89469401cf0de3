#include "delivery/local_delivery.h"

#include <utility>

#include "base/log.h"

namespace packetboat::delivery {

Task<Result<>> deliver_locally(mailbox::Mail& mail, LocalMessage message) {
    store::Partition partition = directory::account_partition(message.account);
    const store::CommitId commit = Id128::derived({"delivery", message.message.view(), partition.name});
    mailbox::NewEmail email;
    email.content = message.content;
    email.received = message.received;
    email.quota_bytes = message.quota_bytes;
    const Result<mailbox::Added> added = co_await mail.add(std::move(partition), commit, std::move(email));
    if (!added) co_return fail(added.error());
    log_info("delivery.stored", message.session_id,
             {{"message", message.message.text()},
              {"account", message.address},
              {"mailbox", static_cast<std::uint32_t>(added->mailbox)},
              {"uid", added->uid},
              {"size", message.content.size_bytes},
              {"replayed", added->replayed}});
    co_return Result<>();
}

bool may_pass(ErrorCode code) {
    switch (code) {
        case ErrorCode::conflict:
        case ErrorCode::unavailable:
        case ErrorCode::timed_out:
        case ErrorCode::closed:
        case ErrorCode::internal: return true;  // a broken record may be mended
        case ErrorCode::invalid:
        case ErrorCode::not_found:
        case ErrorCode::exists:
        case ErrorCode::denied:
        case ErrorCode::over_quota:
        case ErrorCode::too_large:
        case ErrorCode::too_many: return false;
    }
    return false;
}

std::string_view local_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::not_found: return "5.1.1";
        case ErrorCode::over_quota:
        case ErrorCode::too_many: return "5.2.2";
        case ErrorCode::too_large: return "5.2.3";
        case ErrorCode::denied: return "5.7.1";
        default: return may_pass(code) ? "4.3.0" : "5.3.0";
    }
}

}  // namespace packetboat::delivery
