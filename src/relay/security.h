#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "delivery/transport.h"
#include "dns/resolver.h"
#include "net/tls_client.h"
#include "trust/policy_cache.h"
#include "trust/tls_policy.h"

// How safe the way to a host must be: what decides that is behind an interface, what is decided is a value.
namespace packetboat::relay {

using trust::TlsLevel;
using trust::to_string;

// What is to be done about one host.
struct HostPlan {
    // Not this host: `why` says the reason, and `skip_status` what a sender is told of it when all hosts are skipped ("4.7.5", "5.7.1").
    bool skip = false;
    std::string skip_status;

    enum class Tls : std::uint8_t { never, wanted, required } tls = Tls::wanted;
    enum class Certificate : std::uint8_t {
        any,
        pkix,  // valid for one of `names`, issued by who is trusted here
        tlsa,  // matched by one of `tlsa` (RFC 7672)
    } certificate = Certificate::any;
    std::vector<std::string> names;  // the first is what SNI says; the others it may be for instead
    std::vector<net::TlsaRecord> tlsa;
    std::string why;  // who wants it so, for people: "the MTA-STS policy of example.org"

    static HostPlan skipped(std::string status, std::string why);
    friend bool operator==(const HostPlan&, const HostPlan&) = default;
};

// Whom the plan is for.
struct PlanQuestion {
    std::string domain;          // the next hop's: the recipients', or what is configured in its place
    bool by_mx = false;          // the host was found as an MX of it: MTA-STS is about nothing else (RFC 8461 §3.4)
    std::string host;            // a name, or an address as text
    std::string canonical_host;  // where CNAMEs led from there; empty: nowhere
    std::uint16_t port = 25;
    bool name_secure = false;       // the host's name is not the DNS's word alone: DNSSEC, the configuration, or the domain itself
    bool addresses_secure = false;  // by DNSSEC
    delivery::Demands demands;
    TlsLevel level = TlsLevel::may;  // as configured for the route
};

// On the transport's reactor; outlives the transport.
class HostSecurity {
public:
    virtual ~HostSecurity() = default;
    virtual Task<HostPlan> plan(PlanQuestion question) = 0;
    // Domains with the same hosts whose answers here are equal have the same plans too: a connection for one may serve the other.
    // Empty: no policy of its own.
    virtual Task<std::string> policy_of(std::string domain) = 0;
};

// By the configured level, what the message demands (RFC 8689), and what the domain publishes: DANE (RFC 7672) and MTA-STS (RFC 8461).
class PolicySecurity final : public HostSecurity {
public:
    // Without one of them it is not asked; they outlive this.
    explicit PolicySecurity(dns::Resolver* tlsa = nullptr, trust::MtaSts* sts = nullptr) : tlsa_(tlsa), sts_(sts) {}
    Task<HostPlan> plan(PlanQuestion question) override;
    Task<std::string> policy_of(std::string domain) override;

private:
    dns::Resolver* tlsa_;
    trust::MtaSts* sts_;
};

}  // namespace packetboat::relay
