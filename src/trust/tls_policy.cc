#include "trust/tls_policy.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace packetboat::trust {

namespace {

using Authentication = HostTlsPlan::Authentication;

constexpr std::array levels = {TlsLevel::none, TlsLevel::may, TlsLevel::encrypt, TlsLevel::verify};

// "MX.Example.test." and "mx.example.test" are one name.
std::string plain_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return lower(name);
}

void demand_pkix(HostTlsPlan& plan, std::string why) {
    plan.must_encrypt = true;
    plan.authentication = Authentication::pkix;
    plan.why = std::move(why);
}

// RFC 7672 §3.2.2: the base domain, and beside it every name that DNSSEC has led to it from.
void demand_dane(HostTlsPlan& plan, const TlsSituation& situation) {
    plan.must_encrypt = true;
    plan.authentication = Authentication::dane;
    plan.server_name = situation.tlsa.base;
    plan.tlsa = situation.tlsa.records;
    for (const std::string& name : {situation.host, situation.domain, situation.domain_canonical}) {
        const std::string plain = plain_name(name);
        if (!plain.empty() && plain != plan.server_name && std::ranges::find(plan.other_names, plain) == plan.other_names.end())
            plan.other_names.push_back(plain);
    }
    plan.why = "DANE";
}

bool has_dane(const TlsSituation& situation) {
    return situation.tlsa.outcome == TlsaLookup::Outcome::found && !situation.tlsa.records.empty();
}

// RFC 8461 §5: what the policy's mode makes of a host that it names, or does not.
void apply_sts(HostTlsPlan& plan, const TlsSituation& situation) {
    if (!situation.sts || situation.sts->mode == StsMode::none) return;
    const bool named = matches(*situation.sts, situation.host);
    const std::string unnamed = "the MTA-STS policy of " + situation.domain + " does not name " + situation.host;
    if (situation.sts->mode == StsMode::testing) {
        plan.note_untrusted = true;
        if (!named) plan.note = unnamed;
        return;
    }
    demand_pkix(plan, "MTA-STS enforce");
    if (!named && plan.skip.empty()) plan.skip = unnamed;
}

// RFC 8689 §4.2.1: the host's name is known by DNSSEC or by MTA-STS, and its certificate is trusted.
void apply_requiretls(HostTlsPlan& plan, const TlsSituation& situation) {
    plan.must_offer_requiretls = true;
    const bool named_by_sts = situation.sts && situation.sts->mode != StsMode::none && matches(*situation.sts, situation.host);
    if (situation.source == HostSource::insecure_mx && !named_by_sts && plan.skip.empty())
        plan.skip =
            "the message requires TLS, and neither DNSSEC nor MTA-STS vouches for " + situation.host + " as a host of " + situation.domain;
    if (plan.authentication == Authentication::none) demand_pkix(plan, "REQUIRETLS");
}

// RFC 8689 §4.2.2: TLS is tried, and nothing that the domain publishes may stand in the way. What is configured here still may.
void apply_not_required(HostTlsPlan& plan, const TlsSituation& situation) {
    if (situation.level == TlsLevel::verify && has_dane(situation)) demand_dane(plan, situation);
    if (situation.tlsa.outcome == TlsaLookup::Outcome::failed) plan.note = situation.tlsa.why;
    plan.why += ", TLS-Required: No";
}

// RFC 8461 §2: MTA-STS never makes good what DANE has found wrong, so where there is DANE it is not asked.
void apply_published(HostTlsPlan& plan, const TlsSituation& situation) {
    if (situation.tlsa.outcome == TlsaLookup::Outcome::failed) plan.skip = situation.tlsa.why;
    if (has_dane(situation)) return demand_dane(plan, situation);
    if (situation.tlsa.outcome == TlsaLookup::Outcome::found && !plan.must_encrypt) {
        plan.must_encrypt = true;  // RFC 7672 §2.2
        plan.why = "DANE without a usable TLSA record";
    }
    apply_sts(plan, situation);
}

}  // namespace

std::string_view to_string(TlsLevel level) {
    switch (level) {
        case TlsLevel::none: return "none";
        case TlsLevel::may: return "may";
        case TlsLevel::encrypt: return "encrypt";
        case TlsLevel::verify: return "verify";
    }
    return "may";
}

std::optional<TlsLevel> parse_tls_level(std::string_view word) {
    const auto at = std::ranges::find(levels, word, [](TlsLevel level) { return to_string(level); });
    if (at == levels.end()) return std::nullopt;
    return *at;
}

HostTlsPlan plan_tls(const TlsSituation& situation) {
    HostTlsPlan plan;
    plan.server_name = plain_name(situation.host);
    plan.why = "configured: " + std::string(to_string(situation.level));
    if (situation.level == TlsLevel::none) {
        plan.use_tls = false;
        if (situation.message == MessageTls::required)
            plan.skip = "the message requires TLS, and TLS is switched off for " + situation.domain;
        return plan;
    }
    if (situation.level == TlsLevel::encrypt) plan.must_encrypt = true;
    if (situation.level == TlsLevel::verify) demand_pkix(plan, plan.why);

    if (situation.message == MessageTls::not_required) {
        apply_not_required(plan, situation);
        return plan;
    }
    apply_published(plan, situation);
    if (situation.message == MessageTls::required) apply_requiretls(plan, situation);
    return plan;
}

}  // namespace packetboat::trust
