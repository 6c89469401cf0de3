#include "relay/security.h"

#include <utility>

namespace packetboat::relay {

std::string_view to_string(TlsLevel level) {
    switch (level) {
        case TlsLevel::none: return "none";
        case TlsLevel::may: return "may";
        case TlsLevel::encrypt: return "encrypt";
        case TlsLevel::verify: return "verify";
    }
    return "?";
}

HostPlan HostPlan::skipped(std::string status, std::string why) {
    HostPlan out;
    out.skip = true;
    out.skip_status = std::move(status);
    out.why = std::move(why);
    return out;
}

HostPlan plan_by_level(const PlanQuestion& question) {
    HostPlan out;
    if (question.demands.require_tls) {
        // RFC 8689 §4.2.1: a certificate proves little about a name that anybody could have put into the answer.
        if (!question.name_secure)
            return HostPlan::skipped(
                "4.7.5", "the message must only go to hosts that are known for certain, and the DNS does not prove that " + question.host +
                             " serves " + question.domain);
        out.tls = HostPlan::Tls::required;
        out.certificate = HostPlan::Certificate::pkix;
        out.names = {question.host};
        out.why = "the message must not go without TLS";
        return out;
    }
    switch (question.level) {
        case TlsLevel::none: out.tls = HostPlan::Tls::never; break;
        case TlsLevel::may: out.tls = HostPlan::Tls::wanted; break;
        case TlsLevel::encrypt: out.tls = HostPlan::Tls::required; break;
        case TlsLevel::verify:
            out.tls = HostPlan::Tls::required;
            out.certificate = HostPlan::Certificate::pkix;
            out.names = {question.host};
            break;
    }
    out.why = "TLS level " + std::string(to_string(question.level));
    return out;
}

Task<HostPlan> LevelSecurity::plan(PlanQuestion question) { co_return plan_by_level(question); }

}  // namespace packetboat::relay
