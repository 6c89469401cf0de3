#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delivery/dsn.h"

// The three parts of a delivery status notification (RFC 6522 §3).
namespace packetboat::delivery {

struct DsnPart {
    std::string type;  // the value of Content-Type
    std::string body;  // CRLF lines
};

// How it may be written, which every part has to know.
struct DsnStyle {
    bool utf8 = false;   // RFC 6533
    bool whole = false;  // the message comes back whole
};

// What the report is called in its status field, and by the same rule what is not known of it.
std::string_view action_of(Report report);
// RFC 3463, of the class that goes with the report (RFC 3464 §2.3.4): an attempt before the last may have left another one behind.
std::string status_of(const QueuedRecipient& recipient);

// For people.
std::string dsn_subject(const DsnFacts& facts);
DsnPart dsn_text(const DsnFacts& facts, DsnStyle style);
// For machines: message/delivery-status (RFC 3464 §2), or message/global-delivery-status (RFC 6533 §4).
DsnPart dsn_status(const DsnFacts& facts, DsnStyle style);
// The message, or its header.
DsnPart dsn_returned(const DsnFacts& facts, DsnStyle style);

// The message can come back as it is: see write_dsn().
bool returned_whole(const DsnFacts& facts);
// The header as lines that any transport carries: CRLF, at most 998 bytes each, no NUL; at most dsn_header_max_bytes of it.
std::string returned_header(std::string_view content);

}  // namespace packetboat::delivery
