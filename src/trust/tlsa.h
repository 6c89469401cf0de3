#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/task.h"
#include "dns/resolver.h"

namespace packetboat::trust {

// About one host that mail for a domain could go to.
struct TlsaQuestion {
    std::string host;  // as the MX record, or a person, has it
    std::uint16_t port = 25;
    bool mx_secure = false;         // the MX answer was (also: that there is none), or no MX was asked for
    bool addresses_secure = false;  // both the A and the AAAA answer were
    std::string canonical_name;     // where CNAMEs led from `host` to the addresses; empty or the same: nowhere
};

struct TlsaLookup {
    enum class Outcome : std::uint8_t {
        none,    // the host has no DANE, or nothing that DNSSEC vouches for: as though there were no such thing
        found,   // TLS is a must; with `records`, authenticated by them, and without, not (RFC 7672 §2.2)
        failed,  // what the host has cannot be found out: nothing may be sent to it now (RFC 7672 §2.1.2)
    };
    Outcome outcome = Outcome::none;
    std::string base;                // the TLSA base domain: SNI, and the first name of the certificate
    std::vector<dns::Tlsa> records;  // the usable ones
    std::size_t unusable = 0;        // left out
    std::string why;                 // of none and failed, in plain words
};

// Looks for the TLSA records of an SMTP server (RFC 7672 §2.2): at the name that CNAMEs led to, and then at the host's own. Asks nothing
// where DNSSEC does not vouch for the way to the host, so that broken name servers of unsigned zones hold up no mail.
Task<TlsaLookup> tlsa_for(dns::Resolver& resolver, TlsaQuestion question);

// Whether mail can use the record (RFC 7672 §3.1): DANE-TA or DANE-EE, a selector and a digest that are known, of the right length.
bool is_usable(const dns::Tlsa& record);

}  // namespace packetboat::trust
