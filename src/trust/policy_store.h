#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "store/store.h"
#include "trust/policy_record.h"

namespace packetboat::trust {

// MTA-STS policies on disk, so that a restart forgets none: whoever keeps us from DNS or HTTPS then gains nothing until a policy expires.
// Any thread. Errors are the store's.
class PolicyStore {
public:
    // Of more than `policies_max`, those that expire first go. The store outlives this.
    PolicyStore(store::Store& store, std::size_t policies_max) : store_(store), policies_max_(policies_max) {}

    // nullopt: there is none. One that has expired may be answered. A broken record is logged and is none.
    Task<Result<std::optional<KeptPolicy>>> load(std::string domain);
    // On return it is on disk. Some of those that have expired at `now` go with it.
    Task<Result<>> keep(std::string domain, KeptPolicy kept, Time now);
    Task<Result<>> forget(std::string domain);

private:
    store::Store& store_;
    const std::size_t policies_max_;
};

}  // namespace packetboat::trust
