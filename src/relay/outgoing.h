#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "delivery/transport.h"
#include "relay/content_scan.h"
#include "smtp/client/message.h"

// What the queue has, as the client says it. Pure.
namespace packetboat::relay {

// `which`: indexes into shipment.recipients.
smtp::Outgoing outgoing(const delivery::Shipment& shipment, std::span<const std::size_t> which, const Declared& declared);

// Recipients in transactions: the server's limits (RFC 9422 §4) and our own, in their order.
class Groups {
public:
    struct Limits {
        std::size_t recipients_max = 1;
        std::size_t domains_max = 1;
    };
    Groups(const delivery::Shipment& shipment, Limits limits);

    bool empty() const { return waiting_.empty(); }
    std::vector<std::size_t> next();
    // They were too many for one transaction, which took `accepted`: they come first next time, and no more at a time than that.
    void again(std::span<const std::size_t> which, std::size_t accepted);

private:
    const delivery::Shipment& shipment_;
    Limits limits_;
    std::vector<std::size_t> waiting_;  // the next one last
};

}  // namespace packetboat::relay
