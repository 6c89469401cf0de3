#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "delivery/queue.h"

namespace packetboat::delivery {

inline constexpr std::size_t dsn_whole_max_bytes = 256 * 1024;  // a larger message is not returned whole, its header is
inline constexpr std::size_t dsn_header_max_bytes = 64 * 1024;  // of a returned header; what is over it is cut off

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
    std::string text;        // CRLF lines of at most 998 bytes, without NUL
    bool smtputf8 = false;   // there is UTF-8 in the header, or in the part that machines read
    bool eight_bit = false;  // somewhere: it goes as 8BITMIME
};

// A multipart/report of three parts, whatever the facts are. Recipients of which the same is to be said are named once.
//
// The message comes back whole when it has failed, its sender did not want its header only, and it can: not over dsn_whole_max_bytes, no
// NUL, no bare CR or LF, no line over 998 bytes. Else its header does.
//
// UTF-8 goes to who has sent a message with SMTPUTF8, or from an address that needs it. Other senders' systems may not understand it, and
// get addresses that are not ASCII in the form that RFC 6533 §3 has for that: "\x{E9}".
DsnMessage write_dsn(const DsnFacts& facts);

}  // namespace packetboat::delivery
