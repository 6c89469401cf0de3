#include "delivery/retry_plan.h"

#include <algorithm>
#include <cassert>

namespace packetboat::delivery {

std::chrono::microseconds RetryPlan::wait(std::uint32_t failures, std::uint64_t random) const {
    assert(failures > 0 && !waits.empty());
    const std::chrono::microseconds step = waits[std::min<std::size_t>(failures - 1, waits.size() - 1)];
    const std::int64_t tenth = step.count() / 10;
    if (tenth == 0) return step;
    return step - std::chrono::microseconds(tenth) +
           std::chrono::microseconds(static_cast<std::int64_t>(random % static_cast<std::uint64_t>(2 * tenth + 1)));
}

}  // namespace packetboat::delivery
