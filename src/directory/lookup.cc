#include "directory/lookup.h"

#include <algorithm>
#include <set>
#include <utility>

#include "directory/records.h"

namespace packetboat::directory {

namespace {

constexpr std::uint64_t brief_targets_max = 16;

// What one address is, before aliases are followed.
struct Found {
    bool ours = true;
    std::optional<Account> account;
    std::vector<Address> targets;  // of the alias or the catch-all
    std::string subaddress;
};

struct Stripped {
    Address address;
    std::string subaddress;
};

// user+tag → user, tag. The first separator counts; one at the very beginning is part of the name.
std::optional<Stripped> strip(const Address& address, char separator) {
    if (separator == '\0') return std::nullopt;
    const std::string& local_part = address.local_part();
    const std::size_t at = local_part.find(separator);
    if (at == std::string::npos || at == 0) return std::nullopt;
    Result<Address> stripped = Address::from_parts(std::string_view(local_part).substr(0, at), address.domain());
    if (!stripped) return std::nullopt;
    return Stripped{*std::move(stripped), local_part.substr(at + 1)};
}

Result<std::optional<Account>> oldest_account(const store::Reader& reader, const std::string& domain) {
    const std::string prefix = keys_of('o', domain);
    std::optional<std::string> local_part;
    reader.scan(prefix, store::prefix_end(prefix), [&](std::string_view, std::string_view record) {
        local_part = decode_bytes(record);
        return false;
    });
    if (!local_part) return std::nullopt;
    const Result<Address> address = Address::from_parts(*local_part, domain);
    if (!address) return broken_record(prefix);
    return get_account(reader, *address);
}

class Lookup {
public:
    Lookup(const store::Reader& reader, const Limits& limits, std::uint64_t targets_max)
        : reader_(reader), limits_(limits), targets_max_(targets_max) {}

    Result<Found> find(const Address& address) {
        // First what is asked most: an account needs one record read and no other.
        Found found;
        if (const Result<> ok = find_account(address, found); !ok || found.account) return done(ok, found);
        const Result<std::optional<Domain>> domain = get_domain(reader_, address.domain());
        if (!domain) return fail(domain.error());
        if (!*domain) {
            found.ours = false;
            return found;
        }
        if (const Result<> ok = find_alias(address, found); !ok || !found.targets.empty()) return done(ok, found);
        if (std::optional<Stripped> stripped = strip(address, limits_.subaddress_separator)) {
            if (const Result<> ok = find_stripped(*stripped, found); !ok || found.account || !found.targets.empty()) return done(ok, found);
        }
        if ((*domain)->catch_all) {
            found.targets.push_back(*(*domain)->catch_all);
        } else if (address.local_part() == "postmaster") {
            Result<std::optional<Account>> oldest = oldest_account(reader_, address.domain());
            if (!oldest) return fail(std::move(oldest).error());
            found.account = *std::move(oldest);
        }
        return found;
    }

    // Adds whom `found` leads to. `depth`: aliases gone through so far; `tag`: the last one's.
    Result<> add(const Address& address, Found found, const std::string& tag, std::uint64_t depth) {
        if (!found.ours) {
            resolved_.elsewhere.push_back(address);
        } else if (found.account) {
            Account& account = *found.account;
            if (accounts_.insert(account.id).second) {
                resolved_.accounts.push_back(
                    {account.id, std::move(account.address), found.subaddress.empty() ? tag : found.subaddress, account.quota_bytes});
            }
        } else if (!found.targets.empty()) {
            return add_targets(address, found, found.subaddress.empty() ? tag : found.subaddress, depth + 1);
        }
        return {};
    }

    // Addresses looked at so far, without the first.
    std::uint64_t targets() const { return seen_.empty() ? 0 : seen_.size() - 1; }
    Resolved take() { return std::move(resolved_); }

private:
    static Result<Found> done(const Result<>& ok, Found& found) {
        if (!ok) return fail(ok.error());
        return std::move(found);
    }

    Result<> find_account(const Address& address, Found& found) {
        Result<std::optional<Account>> account = get_account(reader_, address);
        if (!account) return fail(std::move(account).error());
        found.account = *std::move(account);
        return {};
    }

    Result<> find_alias(const Address& address, Found& found) {
        Result<std::optional<Alias>> alias = get_alias(reader_, address);
        if (!alias) return fail(std::move(alias).error());
        if (*alias) found.targets = std::move((*alias)->targets);
        return {};
    }

    Result<> find_stripped(Stripped& stripped, Found& found) {
        if (Result<> ok = find_account(stripped.address, found); !ok) return ok;
        if (!found.account) {
            if (Result<> ok = find_alias(stripped.address, found); !ok) return ok;
        }
        if (found.account || !found.targets.empty()) found.subaddress = std::move(stripped.subaddress);
        return {};
    }

    // A target that leads back is passed over silently; a target that does not exist leads nowhere.
    Result<> add_targets(const Address& from, const Found& found, const std::string& tag, std::uint64_t depth) {
        if (depth > limits_.alias_depth_max) return fail(ErrorCode::too_many, "aliases of aliases go too deep");
        seen_.insert(from);
        for (const Address& target : found.targets) {
            if (!seen_.insert(target).second) continue;
            if (targets() > targets_max_) return fail(ErrorCode::too_many, "the alias has too many targets");
            Result<Found> next = find(target);
            if (!next) return fail(std::move(next).error());
            if (Result<> ok = add(target, *std::move(next), tag, depth); !ok) return ok;
        }
        return {};
    }

    const store::Reader& reader_;
    const Limits& limits_;
    const std::uint64_t targets_max_;
    Resolved resolved_;
    std::set<AccountId> accounts_;
    std::set<Address> seen_;
};

Result<Resolution> run(Lookup& lookup, const Address& address) {
    Result<Found> found = lookup.find(address);
    if (!found) return fail(std::move(found).error());
    if (!found->ours) return NotOurs{};
    if (Result<> ok = lookup.add(address, *std::move(found), {}, 0); !ok) return fail(std::move(ok).error());
    Resolved resolved = lookup.take();
    // Aliases that lead nowhere: mail for them would be lost, so they do not exist.
    if (resolved.accounts.empty() && resolved.elsewhere.empty()) return NoSuchUser{};
    return resolved;
}

}  // namespace

Result<Resolution> resolve_in(const store::Reader& reader, const Limits& limits, const Address& address) {
    Lookup lookup(reader, limits, limits.alias_targets_max);
    return run(lookup, address);
}

Result<std::optional<Resolution>> resolve_briefly(const store::Reader& reader, const Limits& limits, const Address& address) {
    Lookup lookup(reader, limits, std::min(brief_targets_max, limits.alias_targets_max));
    Result<Resolution> resolution = run(lookup, address);
    if (resolution) return *std::move(resolution);
    if (lookup.targets() > brief_targets_max) return std::nullopt;
    return fail(std::move(resolution).error());
}

std::optional<Address> address_of_user(const store::Reader& reader, std::string_view user) {
    const auto parsed = [](std::string_view text) -> std::optional<Address> {
        Result<Address> address = Address::parse(text);
        if (!address) return std::nullopt;
        return *std::move(address);
    };
    if (user.find('@') != std::string_view::npos) return parsed(user);
    std::vector<std::string> domains;
    reader.scan("d", store::prefix_end("d"), [&](std::string_view key, std::string_view) {
        domains.emplace_back(key.substr(1));
        return domains.size() < 2;
    });
    if (domains.size() != 1) return std::nullopt;
    return parsed(std::string(user) + "@" + domains.front());
}

}  // namespace packetboat::directory
