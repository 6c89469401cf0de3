#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "trust/mta_sts.h"

using namespace packetboat;
using namespace packetboat::trust;

namespace {

void demand(bool claim) {
    if (!claim) std::abort();
}

// Whatever is read as a policy is written and read again as the same, keeps its limits, and means one host by a name.
void read_policy(std::string_view file) {
    const Result<StsPolicy> policy = parse_sts_policy(file);
    if (!policy) return;
    demand(policy->max_age <= sts_max_age_max && policy->mx.size() <= sts_mx_max);
    demand(policy->mode == StsMode::none || !policy->mx.empty());
    const Result<StsPolicy> again = parse_sts_policy(encode_sts_policy(*policy));
    // What came in with short field names may be larger in our spelling.
    demand(again ? *again == *policy : again.error().code == ErrorCode::too_large);
    for (const std::string& mx : policy->mx) {
        const bool wildcard = mx.starts_with("*.");
        demand(is_host_name(wildcard ? mx.substr(2) : mx));
        demand(matches(*policy, wildcard ? "a" + mx.substr(1) : mx));
    }
}

}  // namespace

// The input is a policy file, and TXT records with a zero byte between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    read_policy(input);
    std::vector<std::string> texts;
    for (;;) {
        const std::size_t end = input.find('\0');
        texts.emplace_back(input.substr(0, end));
        if (end == std::string_view::npos) break;
        input.remove_prefix(end + 1);
    }
    if (const Result<std::string> id = parse_sts_records(texts)) {
        demand(!id->empty() && id->size() <= sts_id_max_bytes);
        demand(parse_sts_records(std::vector{"v=STSv1; id=" + *id + ";"}).value_or("") == *id);
    }
    return 0;
}
