#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/mta_sts.h"
#include "trust/tlsa.h"

// How a connection to one mail host has to be secured: what is configured, what the recipient's domain publishes (DANE, MTA-STS) and what
// the message asks for (RFC 8689), made one. Pure.
namespace packetboat::trust {

// For a destination, by configuration. What its domain publishes can only raise it, but for `none`.
enum class TlsLevel : std::uint8_t {
    none,     // never: for a host whose TLS is broken; DANE and MTA-STS are not looked at
    may,      // where the server offers it (RFC 3207, 7435)
    encrypt,  // always, whoever the server is
    verify,   // always, and the certificate is trusted: by DANE where the host has it, else by an authority
};
std::string_view to_string(TlsLevel level);
std::optional<TlsLevel> parse_tls_level(std::string_view word);

// What the message asks for (RFC 8689). REQUIRETLS makes a "TLS-Required: No" void (§3).
enum class MessageTls : std::uint8_t { usual, required, not_required };

// How the name of the host became known.
enum class HostSource : std::uint8_t {
    insecure_mx,  // from MX records that nobody vouches for
    secure_mx,    // from MX records that DNSSEC vouches for
    itself,       // the domain's own name, as it has no MX, or the host that was configured
};

// One host that could take a message.
struct TlsSituation {
    TlsLevel level = TlsLevel::may;
    MessageTls message = MessageTls::usual;
    std::string domain;  // the next hop's: the recipient's, or the host that was configured
    std::string host;
    HostSource source = HostSource::insecure_mx;
    std::string domain_canonical;  // where CNAMEs led from the domain, securely; empty: nowhere
    TlsaLookup tlsa;
    std::optional<StsPolicy> sts;  // of the domain; none: it has none
};

struct HostTlsPlan {
    enum class Authentication : std::uint8_t { none, pkix, dane };

    std::string skip;                                      // why nothing may be sent to this host now; empty: something may
    bool use_tls = true;                                   // STARTTLS where it is offered; false: never
    bool must_encrypt = false;                             // without TLS nothing is sent
    Authentication authentication = Authentication::none;  // demanded of the certificate
    bool must_offer_requiretls = false;                    // after STARTTLS (RFC 8689 §4.2.1)
    std::string server_name;               // SNI, and the name that the certificate must be for (for DANE: the TLSA base domain)
    std::vector<std::string> other_names;  // DANE-TA: it may be for one of these instead (RFC 7672 §3.2.2)
    std::vector<dns::Tlsa> tlsa;
    // MTA-STS's "testing": the certificate is looked at, and when it is not trusted that is logged, and nothing else (RFC 8461 §5).
    bool note_untrusted = false;
    std::string note;  // what a policy would object to, but may not here; for the log. Empty: nothing
    std::string why;   // what decided, for the log: "DANE", "MTA-STS enforce", "configured: verify"

    bool plain_allowed() const { return !must_encrypt; }
};

HostTlsPlan plan_tls(const TlsSituation& situation);

}  // namespace packetboat::trust
