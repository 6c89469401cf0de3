#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

// MTA-STS (RFC 8461), the pure part: what a domain publishes about the security of its mail hosts, in its two grammars.
namespace packetboat::trust {

enum class StsMode : std::uint8_t { none, testing, enforce };
std::string_view to_string(StsMode mode);

// RFC 8461 §3.2.
struct StsPolicy {
    StsMode mode = StsMode::none;
    std::chrono::seconds max_age{};
    std::vector<std::string> mx;  // host names in lower case, "*." in front of some
    friend bool operator==(const StsPolicy&, const StsPolicy&) = default;
};

inline constexpr std::size_t sts_policy_max_bytes = 64 * 1024;      // RFC 8461 §3.3
inline constexpr std::size_t sts_mx_max = 128;                      // patterns of one policy; big providers have ten
inline constexpr std::chrono::seconds sts_max_age_max{31'557'600};  // a year (RFC 8461 §3.2); more counts as that
inline constexpr std::size_t sts_id_max_bytes = 32;

// The id in the TXT records of _mta-sts.<domain>, each a record's strings joined (RFC 8461 §3.1). Records that do not begin with "v=STSv1;"
// are none of ours. Errors: not_found (no record of ours: the domain has no policy), invalid (two of them, or a broken one; it counts as
// none, and the text says why).
Result<std::string> parse_sts_records(std::span<const std::string> texts);

// The policy file (RFC 8461 §3.2). Lines end with CRLF or LF. Errors: too_large, invalid; the text names the line.
Result<StsPolicy> parse_sts_policy(std::string_view file);

// Such that parse_sts_policy() reads the same again.
std::string encode_sts_policy(const StsPolicy& policy);

// Whether the policy names the host (RFC 8461 §4.1): the same name, or one label more in place of "*". In any case, with or without a final
// dot.
bool matches(const StsPolicy& policy, std::string_view mx_host);

// A host or domain name in ASCII, as a key and a pattern have it: labels of letters, digits, "-" and "_", in any case, without final dot.
bool is_host_name(std::string_view name);

}  // namespace packetboat::trust
