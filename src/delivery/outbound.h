#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/time.h"
#include "delivery/queue.h"
#include "delivery/retry_plan.h"
#include "delivery/schedule.h"
#include "delivery/transport.h"
#include "store/store.h"

namespace packetboat::delivery {

// Time, as the outbound queue needs it; tests have one of their own.
class Pacer {
public:
    virtual ~Pacer() = default;
    virtual Time now() = 0;
    // Until then, or wake(). False: we are stopping.
    virtual Task<bool> wait_until(Time time) = 0;
    // From any thread.
    virtual void wake() = 0;
};

struct OutboundOptions {
    ScheduleLimits schedule;
    RetryPlan plan;
    std::chrono::seconds look_ahead{300};     // what is due later is not in memory
    std::chrono::seconds connection_kept{2};  // open, with nothing to send
    std::uint64_t connections_kept_max = 100;
    std::uint64_t messages_per_connection_max = 1000;
    std::uint64_t load_at_once = 2000;  // records of the queue
};

// The sending side: takes what is due from the queue, hands it to the transport, and writes down what came of it. All of it runs on the
// executor that runs run(); the queue's watcher and the methods below may be called from any thread.
class Outbound {
public:
    // All of them outlive it. Becomes the queue's watcher.
    Outbound(store::Store& store, Queue& queue, Transport& transport, Pacer& pacer, OutboundOptions options);
    ~Outbound();

    // Until stop(), and until all that was under way has ended.
    Task<> run();
    // Nothing new is begun. Whoever calls it makes the transport's connections end too.
    void stop();

    // Messages for these domains are tried now, whatever is known of their hosts.
    void hurry(std::vector<std::string> domains);
    // Every route is asked for anew: they were configured otherwise.
    void forget_routes();
    // What is known of destinations that have messages in memory; as of a moment ago.
    Task<std::vector<Schedule::State>> states();
    // Of one; nullopt: nothing waits for it.
    Task<std::optional<Schedule::State>> state(std::string domain);
    // Where mail for a domain would go now.
    Task<Routing> route(std::string domain);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace packetboat::delivery
