#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "delivery/queue.h"
#include "delivery/retry_plan.h"
#include "delivery/schedule.h"
#include "delivery/transport.h"

// What an attempt makes of a recipient's record: pure.
namespace packetboat::delivery {

struct RecipientAttempt {
    std::uint32_t number = 0;  // of the recipient in its entry
    Attempt attempt;
};

// Writes what came of the attempts into the entry: recipients that are done with, and that nobody is to be told of, go.
void apply_attempts(QueueEntry& entry, const std::vector<RecipientAttempt>& attempts, const RetryPlan& plan, Time now,
                    std::uint64_t random);

// Nothing could be tried for recipients at this domain, for this reason (without words: none that holds up all of them): gives up those
// whose time is over (all, for a reason that will not pass), and notes those whose sender is to be told of the delay. False: there was
// nothing of that to do.
bool apply_age(QueueEntry& entry, std::string_view domain, const Failure& why, const RetryPlan& plan, Time now);

// What the attempts say about the hosts. `reached`: one of them took part.
Schedule::Feedback feedback_of(const std::vector<RecipientAttempt>& attempts, bool reached);

}  // namespace packetboat::delivery
