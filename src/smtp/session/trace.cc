#include "smtp/session/trace.h"

namespace packetboat::smtp {

std::string with_protocol(const Arrival& arrival) {
    if (!arrival.extended) return "SMTP";
    std::string out;
    if (arrival.smtputf8) {
        out = arrival.role == Role::lmtp ? "UTF8LMTP" : "UTF8SMTP";
    } else {
        out = arrival.role == Role::lmtp ? "LMTP" : "ESMTP";
    }
    if (arrival.tls) out += 'S';
    if (arrival.authenticated) out += 'A';
    return out;
}

// Time-stamp-line = "Received:" FWS Stamp CRLF
// Stamp = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
// From-domain = "FROM" FWS Extended-Domain, Extended-Domain = Domain FWS "(" TCP-info ")" / …                RFC 5321 §4.4
std::string received_field(const Arrival& arrival, const PeerInfo& peer, Time now) {
    std::string out = "Received: from " + arrival.client_name + " (" + peer.remote.address.literal() + ")\r\n\tby " + arrival.hostname +
                      " with " + with_protocol(arrival);
    if (peer.tls()) out += " (" + peer.tls_version + " " + peer.tls_cipher + ")";
    out += "\r\n\tid " + arrival.id;
    if (!arrival.only_recipient.empty()) out += "\r\n\tfor <" + arrival.only_recipient + ">";
    out += ";\r\n\t" + now.rfc5322() + "\r\n";
    return out;
}

}  // namespace packetboat::smtp
