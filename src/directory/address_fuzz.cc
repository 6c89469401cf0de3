#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "directory/address.h"

// Whatever is taken is valid, written out it is the same again, and its domain is in its one form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace packetboat;
    using directory::Address;
    const auto demand = [](bool holds) {
        if (!holds) std::abort();
    };
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const Result<std::string> domain = directory::normalize_domain(text)) {
        demand(is_ascii(*domain) && lower(*domain) == *domain && domain->size() <= 255);
        demand(directory::normalize_domain(*domain).value() == *domain);
    }
    const Result<Address> address = Address::parse(text);
    const Result<Address> any = Address::parse_any(text);
    if (any) {
        demand(any->local_part().size() <= directory::any_local_part_max_bytes && is_ascii(any->domain()));
        demand(Address::parse_any(any->text()).value() == *any);
        demand(Address::any_from_parts(any->local_part(), any->domain()).value() == *any);
    }
    if (!address) return 0;
    demand(any && *any == *address);
    demand(!address->local_part().empty() && address->local_part().size() <= 64 && is_utf8(address->local_part()));
    demand(Address::parse(address->text()).value() == *address);
    demand(Address::from_parts(address->local_part(), address->domain()).value() == *address);
    demand(address->text().find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
    return 0;
}
