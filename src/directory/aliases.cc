#include <algorithm>
#include <set>

#include "directory/listing.h"
#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t record_max_bytes = 64 << 10;  // what every engine carries

}  // namespace

Task<Result<>> Directory::add_alias(Alias alias) {
    if (alias.targets.empty()) co_return fail(ErrorCode::invalid, "an alias needs a target");
    if (alias.targets.size() > state_->limits.alias_targets_max) co_return fail(ErrorCode::too_many, "the alias has too many targets");
    std::set<Address> seen;
    std::erase_if(alias.targets, [&](const Address& target) { return !seen.insert(target).second; });
    if (alias.created == Time{}) alias.created = Time::now();
    const std::string record = encode(alias);
    if (record.size() > record_max_bytes) co_return fail(ErrorCode::too_large, "the alias's targets are too long together");
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        const Address& address = alias.address;
        if (!t.contains(domain_key(address.domain()))) return fail(ErrorCode::not_found, "the domain " + address.domain() + " is not here");
        if (t.contains(account_key(address))) return fail(ErrorCode::exists, address.text() + " is an account");
        if (t.contains(alias_key(address))) return fail(ErrorCode::exists, "the alias " + address.text() + " exists already");
        t.put(alias_key(address), record);
        return std::string();
    });
}

Task<Result<>> Directory::remove_alias(const Address& address) {
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        if (!t.contains(alias_key(address))) return fail(ErrorCode::not_found, "no such alias");
        t.frees_space();
        t.erase(alias_key(address));
        return std::string();
    });
}

Task<Result<std::vector<Alias>>> Directory::aliases(std::string domain, std::string after, std::size_t limit) {
    const Result<KeyRange> range = listing_range('l', domain, after);
    if (!range) co_return fail(range.error());
    co_return co_await state_->store.read(directory_partition(), store::Weight::many,
                                          [&](const store::Reader& reader) { return list(reader, *range, limit, decode_alias); });
}

}  // namespace packetboat::directory
