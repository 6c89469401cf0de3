#include "relay/security.h"

#include <optional>
#include <utility>

#include "base/ip.h"
#include "base/log.h"
#include "trust/tlsa.h"

namespace packetboat::relay {
namespace {

using Authentication = trust::HostTlsPlan::Authentication;

trust::MessageTls message_tls(const delivery::Demands& demands) {
    if (demands.require_tls) return trust::MessageTls::required;
    return demands.tls_optional ? trust::MessageTls::not_required : trust::MessageTls::usual;
}

HostPlan host_plan(trust::HostTlsPlan plan, const delivery::Demands& demands) {
    // RFC 8689 §6; RFC 3463 §3.8, 7.5: what is there does not suffice, for now.
    if (!plan.skip.empty()) return HostPlan::skipped(demands.require_tls && !plan.use_tls ? "5.7.30" : "4.7.5", std::move(plan.skip));
    HostPlan out;
    out.tls = !plan.use_tls ? HostPlan::Tls::never : plan.must_encrypt ? HostPlan::Tls::required : HostPlan::Tls::wanted;
    out.why = std::move(plan.why);
    if (plan.authentication == Authentication::none) return out;
    out.certificate = plan.authentication == Authentication::dane ? HostPlan::Certificate::tlsa : HostPlan::Certificate::pkix;
    out.names.push_back(std::move(plan.server_name));
    for (std::string& name : plan.other_names) out.names.push_back(std::move(name));
    for (dns::Tlsa& record : plan.tlsa) out.tlsa.push_back({record.usage, record.selector, record.matching, std::move(record.data)});
    return out;
}

}  // namespace

HostPlan HostPlan::skipped(std::string status, std::string why) {
    HostPlan out;
    out.skip = true;
    out.skip_status = std::move(status);
    out.why = std::move(why);
    return out;
}

Task<HostPlan> PolicySecurity::plan(PlanQuestion question) {
    trust::TlsSituation situation{.level = question.level,
                                  .message = message_tls(question.demands),
                                  .domain = question.domain,
                                  .host = question.host,
                                  .source = question.name_secure ? trust::HostSource::secure_mx : trust::HostSource::insecure_mx,
                                  .domain_canonical = {},
                                  .tlsa = {},
                                  .sts = std::nullopt};
    // An address has no TLSA records (RFC 7672 §2.2).
    const bool is_name = !IpAddress::parse(question.host);
    if (tlsa_ && is_name && question.level != TlsLevel::none) {
        situation.tlsa = co_await trust::tlsa_for(*tlsa_, {.host = question.host,
                                                           .port = question.port,
                                                           .mx_secure = question.name_secure,
                                                           .addresses_secure = question.addresses_secure,
                                                           .canonical_name = question.canonical_host});
    }
    if (sts_ && question.by_mx && question.level != TlsLevel::none) situation.sts = (co_await sts_->policy_for(question.domain)).policy;
    trust::HostTlsPlan plan = trust::plan_tls(situation);
    if (!plan.note.empty())
        log_warning("relay.policy_noted", "", {{"domain", question.domain}, {"host", question.host}, {"why", plan.note}});
    co_return host_plan(std::move(plan), question.demands);
}

Task<std::string> PolicySecurity::policy_of(std::string domain) {
    if (!sts_) co_return std::string();
    const trust::StsAnswer answer = co_await sts_->policy_for(std::move(domain));
    if (!answer.policy) co_return std::string();
    std::string text = answer.policy->mode == trust::StsMode::enforce ? "enforce" : "testing";
    for (const std::string& pattern : answer.policy->mx) text += " " + pattern;
    co_return text;
}

}  // namespace packetboat::relay
