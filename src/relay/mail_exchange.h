#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "delivery/transport.h"
#include "dns/resolver.h"

// From a domain to the hosts that take its mail (RFC 5321 §5.1, RFC 7505).
namespace packetboat::relay {

// Of one domain's MX records: the rest, with worse preferences, is left out.
inline constexpr std::size_t mail_hosts_max = 20;
// How long an answer of the DNS is believed, whatever its TTL says.
inline constexpr std::chrono::seconds answer_valid_min{30};
inline constexpr std::chrono::seconds answer_valid_max{24 * 3600};

struct MailHost {
    std::string name;  // lower case, without final dot
    std::uint16_t preference = 0;
    friend bool operator==(const MailHost&, const MailHost&) = default;
};

struct MailHosts {
    std::vector<MailHost> hosts;        // at least one; the best preference first, equal ones by name
    bool implicit = false;              // the domain has no MX: it is its own host
    bool secure = false;                // by DNSSEC: nobody has forged these names. The domain itself is no forged name either.
    std::vector<std::string> left_out;  // why records were, in plain words
    friend bool operator==(const MailHosts&, const MailHosts&) = default;
};

struct MailExchange {
    std::expected<MailHosts, delivery::Failure> hosts;
    std::chrono::seconds valid{answer_valid_min};
};

// `own_names` are this server's, in lower case: of a domain that it is itself an exchange for, only better ones are left (RFC 5321 §5.1).
//   permanent: 5.1.2 no such domain · 5.1.10 null MX · 5.4.4 no host that could take mail · 5.4.6 a loop
//   temporary: 4.4.3 the DNS does not answer, or lies
Task<MailExchange> find_mail_hosts(dns::Resolver& resolver, std::string domain, const std::vector<std::string>& own_names);

std::chrono::seconds bounded_ttl(std::chrono::seconds ttl);

using Random = std::function<std::uint64_t()>;
// Equal preferences in any order, so that hosts share the load; `hosts` come as MailHosts has them.
template <class Host>
std::vector<Host> in_order_of_trying(std::vector<Host> hosts, const Random& random) {
    for (std::size_t begin = 0, end = 0; begin < hosts.size(); begin = end) {
        while (end < hosts.size() && hosts[end].preference == hosts[begin].preference) ++end;
        for (std::size_t left = end - begin; left > 1; --left) std::swap(hosts[begin + left - 1], hosts[begin + random() % left]);
    }
    return hosts;
}

}  // namespace packetboat::relay
