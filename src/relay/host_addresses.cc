#include "relay/host_addresses.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace packetboat::relay {

namespace {

bool is_failure(const dns::Answer& answer) { return answer.outcome == dns::Outcome::failed || answer.outcome == dns::Outcome::bogus; }

std::string why_none(const std::string& host, const std::vector<dns::Answer>& answers) {
    for (const dns::Answer& answer : answers) {
        if (is_failure(answer)) return answer.why.empty() ? "the DNS does not say where " + host + " is" : answer.why;
    }
    const bool unknown = std::ranges::any_of(answers, [](const dns::Answer& one) { return one.outcome == dns::Outcome::no_such_name; });
    return unknown ? "there is no host " + host : host + " has no address";
}

}  // namespace

std::vector<IpAddress> in_turn(const std::vector<IpAddress>& six, const std::vector<IpAddress>& four, AddressOrder order) {
    const bool six_begin = order == AddressOrder::ipv6_first;
    const std::vector<IpAddress>& first = six_begin ? six : four;
    const std::vector<IpAddress>& second = six_begin ? four : six;
    std::vector<IpAddress> out;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()) && out.size() < host_addresses_max; ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size() && out.size() < host_addresses_max) out.push_back(second[i]);
    }
    return out;
}

Task<HostAddresses> find_addresses(dns::Resolver& resolver, std::string host, AddressOrder order) {
    std::vector<Task<dns::Answer>> queries;
    if (order != AddressOrder::ipv4_only) queries.push_back(resolver.query(host, dns::Type::aaaa));
    if (order != AddressOrder::ipv6_only) queries.push_back(resolver.query(host, dns::Type::a));
    const std::vector<dns::Answer> answers = co_await when_all(std::move(queries));

    HostAddresses out{.secure = true, .ttl = answers.front().ttl};
    std::vector<IpAddress> six;
    std::vector<IpAddress> four;
    for (const dns::Answer& answer : answers) {
        out.ttl = std::min(out.ttl, answer.ttl);
        if (answer.outcome != dns::Outcome::found) {
            out.temporary |= is_failure(answer);
            continue;
        }
        out.secure &= answer.secure;
        out.canonical_name = answer.canonical_name;
        for (const IpAddress& address : answer.addresses) (address.is_v4() ? four : six).push_back(address);
    }
    out.addresses = in_turn(six, four, order);
    if (out.addresses.empty()) {
        out.secure = false;
        out.why = why_none(host, answers);
    } else {
        out.temporary = false;
    }
    co_return out;
}

std::optional<IpAddress> address_literal(std::string_view text) {
    return text.starts_with('[') ? IpAddress::parse_literal(text) : IpAddress::parse(text);
}

}  // namespace packetboat::relay
