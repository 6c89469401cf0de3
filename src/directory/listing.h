#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory/records.h"

// Pages of records that are keyed by an address. Internal to the room.
namespace packetboat::directory {

// not_found when there is no such account.
Result<Account> required_account(const store::Reader& reader, const Address& address);

struct KeyRange {
    std::string from;
    std::string to;
    std::string domain;  // empty: all
};

// The keys of `kind` in `domain` (empty: everywhere) after the address `after` (empty: from the start). Errors: invalid.
Result<KeyRange> listing_range(char kind, std::string_view domain, std::string_view after);

// The first `limit` records of the range. Errors: not_found for a domain that is not here, internal.
template <class Value>
Result<std::vector<Value>> list(const store::Reader& reader, const KeyRange& range, std::size_t limit,
                                std::optional<Value> (*decode)(const Address&, std::string_view)) {
    if (!range.domain.empty() && !reader.contains(domain_key(range.domain))) return fail(ErrorCode::not_found, "no such domain");
    std::vector<Value> page;
    std::optional<Unexpected> broken;
    const std::size_t count = std::min(limit, list_max);
    if (count == 0) return page;
    reader.scan(range.from, range.to, [&](std::string_view key, std::string_view record) {
        const std::optional<Address> address = address_of_key(key);
        std::optional<Value> value = address ? decode(*address, record) : std::nullopt;
        if (!value) {
            broken = broken_record(key);
            return false;
        }
        page.push_back(*std::move(value));
        return page.size() < count;
    });
    if (broken) return *std::move(broken);
    return page;
}

}  // namespace packetboat::directory
