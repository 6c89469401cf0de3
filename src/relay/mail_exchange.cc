#include "relay/mail_exchange.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ip.h"
#include "base/text.h"
#include "relay/failure.h"
#include "relay/host_addresses.h"

namespace packetboat::relay {

namespace {

using std::unexpected;

bool is_one_of(const std::vector<std::string>& names, const std::string& name) { return std::ranges::find(names, name) != names.end(); }

// What cannot be a host is left out; why, is for the operator of the domain.
MailHosts usable_hosts(const std::string& domain, std::vector<dns::Mx> records) {
    MailHosts out;
    for (dns::Mx& record : records) {
        if (record.exchange.empty()) {
            // RFC 7505 §3: a null MX stands alone.
            out.left_out.push_back("an MX of " + domain + " says that it takes no mail, and others stand beside it");
        } else if (IpAddress::parse(record.exchange)) {
            out.left_out.push_back("an MX of " + domain + " is an address (" + record.exchange + ") where a name must be");
        } else {
            out.hosts.push_back({.name = std::move(record.exchange), .preference = record.preference});
        }
    }
    std::ranges::sort(out.hosts, {}, [](const MailHost& host) { return std::pair(host.preference, std::string_view(host.name)); });
    // A host that is named twice is tried once, at its best.
    std::vector<MailHost> once;
    for (MailHost& host : out.hosts) {
        if (once.size() == mail_hosts_max) {
            out.left_out.push_back(domain + " has more than " + std::to_string(mail_hosts_max) + " MX hosts");
            break;
        }
        if (std::ranges::find(once, host.name, &MailHost::name) == once.end()) once.push_back(std::move(host));
    }
    out.hosts = std::move(once);
    return out;
}

std::expected<MailHosts, delivery::Failure> hosts_of(const std::string& domain, dns::Answer answer,
                                                     const std::vector<std::string>& own_names) {
    if (answer.mx.empty()) return unexpected(temporary("4.4.3", "the MX records of " + domain + " are broken"));
    if (answer.mx.size() == 1 && answer.mx.front().exchange.empty()) return unexpected(permanent("5.1.10", domain + " does not take mail"));
    MailHosts out = usable_hosts(domain, std::move(answer.mx));
    out.secure = answer.secure;
    if (out.hosts.empty()) return unexpected(permanent("5.4.4", "no MX of " + domain + " names a host: " + out.left_out.front()));
    const auto ourselves = std::ranges::find_if(out.hosts, [&](const MailHost& host) { return is_one_of(own_names, host.name); });
    if (ourselves == out.hosts.end()) return out;
    const std::uint16_t ours = ourselves->preference;
    std::erase_if(out.hosts, [&](const MailHost& host) { return host.preference >= ours; });
    if (out.hosts.empty()) return unexpected(permanent("5.4.6", "mail for " + domain + " loops back to us"));
    return out;
}

// RFC 5321 §5.1: without MX the domain is its own host, where it has an address.
Task<MailExchange> implicit_host(dns::Resolver& resolver, std::string domain, std::chrono::seconds mx_ttl,
                                 const std::vector<std::string>& own_names) {
    const HostAddresses found = co_await find_addresses(resolver, domain, AddressOrder::ipv6_first);
    MailExchange out{.hosts = MailHosts{.hosts = {{.name = domain}}, .implicit = true, .secure = true, .left_out = {}},
                     .valid = bounded_ttl(std::min(mx_ttl, found.ttl))};
    if (found.addresses.empty()) {
        out.hosts = unexpected(found.temporary ? temporary("4.4.3", found.why)
                                               : permanent("5.4.4", domain + " has neither a mail server (MX) nor an address"));
    } else if (is_one_of(own_names, domain)) {
        out.hosts = unexpected(permanent("5.4.6", "mail for " + domain + " loops back to us"));
    }
    co_return out;
}

}  // namespace

std::chrono::seconds bounded_ttl(std::chrono::seconds ttl) { return std::clamp(ttl, answer_valid_min, answer_valid_max); }

Task<MailExchange> find_mail_hosts(dns::Resolver& resolver, std::string domain, const std::vector<std::string>& own_names) {
    dns::Answer answer = co_await resolver.query(domain, dns::Type::mx);
    const std::chrono::seconds valid = bounded_ttl(answer.ttl);
    switch (answer.outcome) {
        case dns::Outcome::found: co_return MailExchange{hosts_of(domain, std::move(answer), own_names), valid};
        case dns::Outcome::no_data: co_return co_await implicit_host(resolver, std::move(domain), answer.ttl, own_names);
        case dns::Outcome::no_such_name: co_return MailExchange{unexpected(permanent("5.1.2", "there is no domain " + domain)), valid};
        case dns::Outcome::failed:
        case dns::Outcome::bogus: break;
    }
    // Never taken for "no MX": mail would go to the wrong host, or come back, because a name server is down.
    const std::string why = answer.why.empty() ? "the DNS does not say where mail for " + domain + " goes" : answer.why;
    co_return MailExchange{unexpected(temporary("4.4.3", why)), valid};
}

}  // namespace packetboat::relay
