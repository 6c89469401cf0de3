#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trust/policy_record.h"

using namespace packetboat;
using namespace packetboat::trust;

namespace {

void demand(bool claim) {
    if (!claim) std::abort();
}

}  // namespace

// Whatever a record says, it is read or refused; what was read is written and read again as the same thing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const std::optional<KeptPolicy> kept = decode_policy(input)) demand(decode_policy(encode_policy(*kept)) == kept);
    if (const std::optional<Expiry> expiry = decode_expiry_key(input)) demand(expiry_key(expiry->expires, expiry->domain) == input);
    if (const std::optional<std::uint64_t> count = decode_count(input)) demand(decode_count(encode_count(*count)) == count);
    return 0;
}
