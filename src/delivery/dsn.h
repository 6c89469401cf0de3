#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "delivery/queue.h"

namespace packetboat::delivery {

// A delivery status notification that is to be written (RFC 3464, RFC 6522; RFC 6533 where addresses are not ASCII).
struct DsnFacts {
    std::string hostname;                            // Reporting-MTA
    const QueueEntry& entry;                         // its sender is whom it goes to
    std::vector<const QueuedRecipient*> recipients;  // with the report of each
    std::string_view content;         // of the message: all of it, or as much as was read; at least the header where there is one
    bool content_whole = false;       // `content` is the whole message
    std::optional<Time> retry_until;  // of delayed ones
    Time now;
    Id128 id;  // of the notification: makes Message-ID and boundary
};

struct DsnMessage {
    std::string text;       // CRLF lines, 7-bit unless `smtputf8`
    bool smtputf8 = false;  // there is UTF-8 in the header
    bool eight_bit = false;
};

DsnMessage write_dsn(const DsnFacts& facts);

}  // namespace packetboat::delivery
