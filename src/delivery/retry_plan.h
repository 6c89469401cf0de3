#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace packetboat::delivery {

// When a message is tried again, and for how long (RFC 5321 §4.5.4.1).
struct RetryPlan {
    // After the first failure, the second …; the last one for all that follow.
    std::vector<std::chrono::seconds> waits{std::chrono::minutes(1),  std::chrono::minutes(5), std::chrono::minutes(15),
                                            std::chrono::minutes(30), std::chrono::hours(1),   std::chrono::hours(2),
                                            std::chrono::hours(4)};
    std::chrono::seconds give_up_after{5 * 24 * 3600};
    std::chrono::seconds warn_after{0};  // tell the sender that it takes long; 0: never

    // `failures` so far, at least 1. Up to a tenth more or less, by `random`, so that what failed together does not come back together.
    std::chrono::microseconds wait(std::uint32_t failures, std::uint64_t random) const;

    Time expires(Time arrived) const { return arrived + give_up_after; }
    bool is_warning_due(Time arrived, Time now) const { return warn_after.count() > 0 && arrived + warn_after <= now; }
};

}  // namespace packetboat::delivery
