#pragma once

#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "store/store.h"

namespace packetboat::delivery {

// Reads the whole queue, some hundred records at a time, so that it may be used meanwhile, and stops at a thousand findings.
Task<Result<std::vector<store::Finding>>> verify_queue(store::Store& store);

}  // namespace packetboat::delivery
