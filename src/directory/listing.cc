#include "directory/listing.h"

namespace packetboat::directory {

Result<Account> required_account(const store::Reader& reader, const Address& address) {
    Result<std::optional<Account>> found = get_account(reader, address);
    if (!found) return fail(std::move(found).error());
    if (!*found) return fail(ErrorCode::not_found, "no such account");
    return **std::move(found);
}

Result<KeyRange> listing_range(char kind, std::string_view domain, std::string_view after) {
    KeyRange range;
    if (!domain.empty()) {
        Result<std::string> name = normalize_domain(domain);
        if (!name) return fail(std::move(name).error());
        range.domain = *std::move(name);
    }
    range.from = keys_of(kind, range.domain);
    range.to = store::prefix_end(range.from);
    if (!after.empty()) {
        const Result<Address> last = Address::parse(after);
        if (!last) return fail(last.error());
        const std::string key = kind == 'a' ? account_key(*last) : alias_key(*last);
        range.from = std::max(range.from, key + '\0');
        if (range.from > range.to) range.from = range.to;
    }
    return range;
}

}  // namespace packetboat::directory
