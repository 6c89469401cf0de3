#pragma once

#include <string>
#include <string_view>

#include "base/peer.h"
#include "base/time.h"
#include "smtp/session/options.h"

namespace packetboat::smtp {

// How a message came, for its Received field.
struct Arrival {
    Role role = Role::mx;
    bool extended = true;  // EHLO or LHLO, not HELO
    bool tls = false;
    bool authenticated = false;
    bool smtputf8 = false;
    std::string client_name;     // as HELO, EHLO or LHLO gave it
    std::string hostname;        // ours
    std::string id;              // the message's
    std::string only_recipient;  // empty when there are several, so that none learns of another
};

// "ESMTPSA", "UTF8LMTP" …: RFC 3848, RFC 6531 §4.3.
std::string with_protocol(const Arrival& arrival);

// The whole field with its CRLF (RFC 5321 §4.4).
std::string received_field(const Arrival& arrival, const PeerInfo& peer, Time now);

}  // namespace packetboat::smtp
