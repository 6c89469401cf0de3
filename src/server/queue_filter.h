#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "delivery/queue.h"

namespace packetboat::server {

// Which of the queue's recipients an operator means. Every condition that is given must hold; texts are compared without regard to case,
// and `*` stands for anything.
struct QueueFilter {
    std::string sender;       // "alice@example.org", "*@example.org"; "<>" for notifications
    std::string recipient;    // the same
    std::string destination;  // a domain, "*.example.org"
    std::string reason;       // stands somewhere in the reason
    std::optional<std::chrono::seconds> older_than;
    std::optional<std::chrono::seconds> newer_than;
    std::string state;  // waiting, held, failed, delivered, relayed

    bool empty() const;
    bool matches(const delivery::QueueEntry& entry, Time now) const;
    bool matches(const delivery::QueuedRecipient& recipient, std::string_view why) const;
};

// The word for QueueFilter::state.
std::string_view queue_state(const delivery::QueuedRecipient& recipient);

// `pattern` with `*`, over the whole text, without regard to ASCII case. Linear in the text for each `*`.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace packetboat::server
