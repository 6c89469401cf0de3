#include "relay/testing/fake_resolver.h"

#include <algorithm>

#include "base/text.h"

namespace packetboat::relay::testing {

namespace {

constexpr std::chrono::seconds usual_ttl{3600};

std::string_view name_of(dns::Type type) {
    switch (type) {
        case dns::Type::a: return "a";
        case dns::Type::aaaa: return "aaaa";
        case dns::Type::mx: return "mx";
        default: return "?";
    }
}

}  // namespace

Task<dns::Answer> FakeResolver::query(std::string name, dns::Type type) {
    asked.push_back(std::string(name_of(type)) + " " + name);
    const auto found = answers_.find({name, type});
    if (found != answers_.end()) co_return found->second;
    const bool known = std::ranges::any_of(answers_, [&](const auto& one) { return one.first.first == name; });
    co_return dns::Answer{.outcome = known ? dns::Outcome::no_data : dns::Outcome::no_such_name, .canonical_name = name, .ttl = usual_ttl};
}

dns::Answer& FakeResolver::answer(const std::string& name, dns::Type type, dns::Outcome outcome) {
    return answers_[{name, type}] = dns::Answer{.outcome = outcome, .canonical_name = name, .ttl = usual_ttl};
}

dns::Answer& FakeResolver::mx(const std::string& domain, const std::vector<std::string>& hosts) {
    dns::Answer& out = answer(domain, dns::Type::mx, dns::Outcome::found);
    for (const std::string& host : hosts) {
        const std::size_t space = host.find(' ');
        const auto preference = static_cast<std::uint16_t>(parse_u64(host.substr(0, space)).value());
        out.mx.push_back({.preference = preference, .exchange = host.substr(space + 1)});
    }
    return out;
}

void FakeResolver::addresses(const std::string& host, const std::vector<std::string>& addresses) {
    for (const std::string& text : addresses) {
        const IpAddress address = IpAddress::parse(text).value();
        const dns::Type type = address.is_v4() ? dns::Type::a : dns::Type::aaaa;
        if (!answers_.contains({host, type})) answer(host, type, dns::Outcome::found);
        answers_[{host, type}].addresses.push_back(address);
    }
}

void FakeResolver::all_secure() {
    for (auto& [key, answer] : answers_) answer.secure = true;
}

}  // namespace packetboat::relay::testing
