#include "trust/tlsa.h"

#include <optional>
#include <utility>

namespace packetboat::trust {

namespace {

constexpr std::size_t sha256_bytes = 32;
constexpr std::size_t sha512_bytes = 64;

TlsaLookup none(std::string why) { return {.outcome = TlsaLookup::Outcome::none, .why = std::move(why)}; }

TlsaLookup failed(const std::string& name, const dns::Answer& answer) {
    const std::string forged = answer.outcome == dns::Outcome::bogus ? " are forged or broken: " : " cannot be found: ";
    return {.outcome = TlsaLookup::Outcome::failed, .why = "the TLSA records of " + name + forged + answer.why};
}

bool is_failure(const dns::Answer& answer) { return answer.outcome == dns::Outcome::failed || answer.outcome == dns::Outcome::bogus; }

// RFC 7672 §2.2.3: _25._tcp.mx.example.com
Task<TlsaLookup> at_base(dns::Resolver& resolver, std::string base, std::uint16_t port) {
    dns::Answer answer = co_await resolver.query("_" + std::to_string(port) + "._tcp." + base, dns::Type::tlsa);
    if (is_failure(answer)) co_return failed(base, answer);
    if (answer.outcome != dns::Outcome::found) co_return none(base + " has no TLSA records");
    if (!answer.secure) co_return none("the TLSA records of " + base + " are not signed");
    TlsaLookup found{.outcome = TlsaLookup::Outcome::found, .base = base, .unusable = answer.broken};
    for (dns::Tlsa& record : answer.tlsa) {
        if (is_usable(record)) {
            found.records.push_back(std::move(record));
        } else {
            ++found.unusable;
        }
    }
    co_return found;
}

// An alias whose target is not signed may itself stand in a zone that is, beside TLSA records (RFC 7672 §2.2.2). nullopt: it does.
Task<std::optional<TlsaLookup>> why_not_alias(dns::Resolver& resolver, std::string host) {
    const dns::Answer alias = co_await resolver.query(host, dns::Type::cname);
    if (is_failure(alias)) co_return failed(host, alias);
    if (alias.secure) co_return std::nullopt;
    co_return none("the addresses of " + host + " are not signed");
}

}  // namespace

bool is_usable(const dns::Tlsa& record) {
    const bool usage = record.usage == 2 || record.usage == 3;
    if (!usage || record.selector > 1) return false;
    switch (record.matching) {
        case 0: return !record.data.empty();
        case 1: return record.data.size() == sha256_bytes;
        case 2: return record.data.size() == sha512_bytes;
        default: return false;
    }
}

Task<TlsaLookup> tlsa_for(dns::Resolver& resolver, TlsaQuestion question) {
    if (!question.mx_secure) co_return none("the MX records that led to " + question.host + " are not signed");
    const bool alias = !question.canonical_name.empty() && question.canonical_name != question.host;
    if (!question.addresses_secure) {
        if (!alias) co_return none("the addresses of " + question.host + " are not signed");
        if (std::optional<TlsaLookup> why = co_await why_not_alias(resolver, question.host)) co_return *std::move(why);
    } else if (alias) {
        TlsaLookup expanded = co_await at_base(resolver, question.canonical_name, question.port);
        if (expanded.outcome != TlsaLookup::Outcome::none) co_return expanded;
    }
    co_return co_await at_base(resolver, question.host, question.port);
}

}  // namespace packetboat::trust
