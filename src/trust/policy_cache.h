#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "base/time.h"
#include "dns/resolver.h"
#include "store/store.h"
#include "trust/mta_sts.h"
#include "trust/policy_fetch.h"

namespace packetboat::trust {

// What is known of a domain's MTA-STS policy.
struct StsAnswer {
    enum class Source : std::uint8_t { nowhere, fetched, kept };

    std::optional<StsPolicy> policy;  // in force now; none: deliver as though the domain had none. Its mode is not "none"
    Source source = Source::nowhere;  // fetched for this answer; kept: from before, in memory or on disk
    std::string id;                   // of the policy
    std::string why;                  // why there is none, or why one is kept that could not be renewed; for the log
};

struct StsLimits {
    std::size_t kept_max = 10'000;            // policies on disk; over it those that expire first go
    std::size_t cached_max = 10'000;          // domains in memory, with a policy or without; over it the one asked for least lately goes
    std::size_t cached_max_bytes = 16 << 20;  // the same
    std::size_t fetches_max = 32;             // under way; a domain over it is answered without its new policy, and asked again next time
    std::chrono::seconds look_min{300};       // the TXT record is asked for again after its TTL, but not sooner than this,
    std::chrono::seconds look_max{3'600};     // and not later
    std::chrono::seconds dns_retry{60};       // after DNS has failed
    std::chrono::seconds fetch_retry{300};    // after a fetch has failed
    std::chrono::seconds age_min{300};        // a policy of a shorter max_age would be fetched for every message: it holds this long
};

// The MTA-STS policies of the domains that mail is sent to (RFC 8461 §3, §5.1). One that was fetched stays in force until it expires,
// whatever becomes of DNS and HTTPS meanwhile, and over restarts; it is fetched anew when the TXT record has a new id, and when half of its
// time is over. Any thread; waits on the executor that awaits it.
class MtaSts {
public:
    using Clock = std::function<Time()>;

    // Resolver and store outlive this, and this outlives its tasks; so does what `fetch` refers to.
    MtaSts(dns::Resolver& resolver, store::Store& store, FetchPolicy fetch, StsLimits limits = {}, Clock clock = &Time::now);
    ~MtaSts();

    // `domain` in ASCII (A-labels), as it stands in the address; a name that can be none (an address literal) has no policy. One that is
    // being asked about waits for the answer, unless it has a policy in force. Never fails, never throws but for want of memory.
    Task<StsAnswer> policy_for(std::string domain);

    std::size_t cached() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::trust
