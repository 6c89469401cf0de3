#include "base/testing/shared_pool.h"

#include "base/id.h"

namespace packetboat::testing {

WorkerPool& shared_pool() {
    // OpenSSL's own cleaning up is to come after the pool's threads have ended, so it has to be in use before they begin.
    [[maybe_unused]] static const Id128 openssl_in_use = Id128::derived({"openssl"});
    static WorkerPool pool({.threads = 1, .name = "hash"});
    return pool;
}

}  // namespace packetboat::testing
