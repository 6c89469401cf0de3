#pragma once

#include "base/worker_pool.h"

namespace packetboat::testing {

// One thread for the password hashes of all a test's worlds: threads are dear, and a replay makes thousands of worlds.
WorkerPool& shared_pool();

}  // namespace packetboat::testing
