#include "trust/policy_store.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace packetboat::trust {

namespace {

// Expired policies that one commit takes away: more than it brings, so that they become fewer.
constexpr std::size_t purged_per_commit_max = 8;

std::uint64_t count_of(const store::Reader& reader) {
    const std::optional<std::string> record = reader.get(policy_count_key);
    return record ? decode_count(*record).value_or(0) : 0;
}

// Takes the domain's policy away, and its place in the order. True: there was one.
bool erase_policy(store::Transaction& transaction, const std::string& domain) {
    const std::optional<std::string> record = transaction.get(policy_key(domain));
    if (!record) return false;
    if (const std::optional<KeptPolicy> old = decode_policy(*record)) transaction.erase(expiry_key(old->expires, domain));
    transaction.erase(policy_key(domain));
    return true;
}

// The first in the order of expiry.
std::vector<std::string> first_to_expire(const store::Reader& reader, std::size_t count) {
    std::vector<std::string> keys;
    reader.scan("x", "y", [&](std::string_view key, std::string_view) {
        if (keys.size() == count) return false;
        keys.emplace_back(key);
        return true;
    });
    return keys;
}

// What has expired goes, and what is too much.
std::uint64_t purge(store::Transaction& transaction, std::uint64_t count, std::size_t policies_max, Time now) {
    for (const std::string& key : first_to_expire(transaction, purged_per_commit_max)) {
        const std::optional<Expiry> first = decode_expiry_key(key);
        if (first && first->expires > now && count <= policies_max) break;
        transaction.erase(key);
        if (!first) continue;
        // The place of a record that was broken, and has been written anew since, may still be here: it says nothing of the new one.
        const std::optional<std::string> record = transaction.get(policy_key(first->domain));
        const std::optional<KeptPolicy> kept = record ? decode_policy(*record) : std::nullopt;
        if (!record || (kept && kept->expires != first->expires)) continue;
        transaction.erase(policy_key(first->domain));
        --count;
    }
    return count;
}

}  // namespace

Task<Result<std::optional<KeptPolicy>>> PolicyStore::load(std::string domain) {
    co_return co_await store_.read(trust_partition(), store::Weight::few,
                                   [domain](const store::Reader& reader) -> Result<std::optional<KeptPolicy>> {
                                       const std::optional<std::string> record = reader.get(policy_key(domain));
                                       if (!record) return std::optional<KeptPolicy>();
                                       std::optional<KeptPolicy> kept = decode_policy(*record);
                                       if (!kept) log_error("trust.broken_policy", "", {{"domain", domain}});
                                       return kept;
                                   });
}

Task<Result<>> PolicyStore::keep(std::string domain, KeptPolicy kept, Time now) {
    auto body = [domain, kept, now, max = policies_max_](store::Transaction& transaction) -> Result<std::string> {
        std::uint64_t count = count_of(transaction);
        if (!erase_policy(transaction, domain)) ++count;
        transaction.put(policy_key(domain), encode_policy(kept));
        transaction.put(expiry_key(kept.expires, domain), "");
        transaction.put(policy_count_key, encode_count(purge(transaction, count, max, now)));
        return std::string();
    };
    const Result<store::Committed> done = co_await store_.write(trust_partition(), std::nullopt, std::move(body));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

Task<Result<>> PolicyStore::forget(std::string domain) {
    auto body = [domain](store::Transaction& transaction) -> Result<std::string> {
        if (erase_policy(transaction, domain))
            transaction.put(policy_count_key, encode_count(std::max<std::uint64_t>(count_of(transaction), 1) - 1));
        return std::string();
    };
    const Result<store::Committed> done = co_await store_.write(trust_partition(), std::nullopt, std::move(body));
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

}  // namespace packetboat::trust
