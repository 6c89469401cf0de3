#include <algorithm>

#include "base/record.h"
#include "base/text.h"
#include "directory/listing.h"
#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t import_group = 100;  // accounts of one transaction
constexpr std::size_t import_lanes = 8;    // hashes asked for at once: the hashing queue is for logins too

// An account on its way into the store, its password hashed.
struct Prepared {
    Directory::NewAccount account;
    std::optional<Credentials> credentials;
};

Result<> check(const Directory::NewAccount& account) {
    const std::string_view name = account.name;
    if (name.size() > account_name_max_bytes) return fail(ErrorCode::invalid, "the name has more than 255 bytes");
    if (!is_utf8(name) || std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        return fail(ErrorCode::invalid, "the name has characters that a name may not have");
    if (account.password && !is_acceptable_password(*account.password))
        return fail(ErrorCode::invalid, "a password has 1 to 1024 bytes, and no NUL");
    return {};
}

Result<AccountId> take_id(store::Transaction& t) {
    std::optional<std::uint64_t> next = 1;
    if (const std::optional<std::string> record = t.get(next_id_key)) next = decode_number(*record);
    if (!next) return broken_record(next_id_key);
    t.put(next_id_key, encode_number(*next + 1));
    return AccountId{*next};
}

Result<AccountId> insert(store::Transaction& t, const Prepared& prepared, Time now) {
    const Directory::NewAccount& account = prepared.account;
    const Address& address = account.address;
    if (!t.contains(domain_key(address.domain()))) return fail(ErrorCode::not_found, "the domain " + address.domain() + " is not here");
    if (t.contains(account_key(address))) return fail(ErrorCode::exists, "the account " + address.text() + " exists already");
    if (t.contains(alias_key(address))) return fail(ErrorCode::exists, address.text() + " is an alias");
    const Result<AccountId> id = take_id(t);
    if (!id) return id;
    t.put(account_key(address), encode(Account{*id, address, account.name, account.quota_bytes, true, now}));
    t.put(account_id_key(*id), encode(address));
    t.put(age_key(address.domain(), *id), encode_bytes(address.local_part()));
    if (prepared.credentials) t.put(credentials_key(*id), encode(*prepared.credentials));
    return id;
}

}  // namespace

Task<Result<AccountId>> Directory::add_account(NewAccount account) {
    if (const Result<> ok = check(account); !ok) co_return fail(ok.error());
    Prepared prepared{std::move(account), std::nullopt};
    if (prepared.account.password) {
        Result<Credentials> made = co_await state_->hash_password(*prepared.account.password);
        if (!made) co_return fail(made.error());
        prepared.credentials = *std::move(made);
        prepared.credentials->version = 1;
    }
    const Time now = Time::now();
    const Result<store::Committed> committed =
        co_await state_->store.write(directory_partition(), std::nullopt, [&](store::Transaction& t) -> Result<std::string> {
            const Result<AccountId> id = insert(t, prepared, now);
            if (!id) return fail(id.error());
            return Writer().be64(static_cast<std::uint64_t>(*id)).take();
        });
    if (!committed) co_return fail(committed.error());
    co_return AccountId{RecordReader(committed->result).be64()};
}

Task<Result<>> Directory::import_accounts(std::vector<NewAccount> accounts) {
    // Nothing is written of an import that has a mistake that can be seen at once.
    for (const NewAccount& account : accounts) {
        if (const Result<> ok = check(account); !ok) co_return fail(ok.error().code, account.address.text() + ": " + ok.error().text);
    }
    for (std::size_t begin = 0; begin < accounts.size(); begin += import_group) {
        std::vector<Prepared> group;
        for (std::size_t i = begin; i < std::min(begin + import_group, accounts.size()); ++i) group.push_back({std::move(accounts[i]), {}});

        // Lanes side by side, each hashing the next account that nobody has taken. They run on this thread, so `next` needs no lock.
        std::size_t next = 0;
        const auto lane = [](State& state, std::vector<Prepared>& all, std::size_t& taken) -> Task<Result<>> {
            while (taken < all.size()) {
                Prepared& prepared = all[taken++];
                if (!prepared.account.password) continue;
                Result<Credentials> made = co_await state.hash_password(*prepared.account.password);
                if (!made) co_return fail(made.error().code, prepared.account.address.text() + ": " + made.error().text);
                prepared.credentials = *std::move(made);
                prepared.credentials->version = 1;
            }
            co_return Result<>{};
        };
        std::vector<Task<Result<>>> lanes;
        lanes.reserve(import_lanes);
        for (std::size_t i = 0; i < import_lanes; ++i) lanes.push_back(lane(*state_, group, next));
        const std::vector<Result<>> hashed = co_await when_all(std::move(lanes));
        for (const Result<>& ok : hashed) {
            if (!ok) co_return ok;
        }

        const Time now = Time::now();
        const Result<> written = co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
            for (const Prepared& prepared : group) {
                if (const Result<AccountId> id = insert(t, prepared, now); !id) return fail(id.error());
            }
            return std::string();
        });
        if (!written) co_return written;
    }
    co_return Result<>{};
}

Task<Result<>> Directory::set_password(const Address& address, std::string password) {
    if (!is_acceptable_password(password)) co_return fail(ErrorCode::invalid, "a password has 1 to 1024 bytes, and no NUL");
    Result<Credentials> made = co_await state_->hash_password(password);
    if (!made) co_return fail(made.error());
    co_return co_await state_->write([&](store::Transaction& t) -> Result<std::string> {
        const Result<Account> account = required_account(t, address);
        if (!account) return fail(account.error());
        const Result<std::optional<Credentials>> before = get_credentials(t, account->id);
        if (!before) return fail(before.error());
        made->version = *before ? (*before)->version + 1 : 1;
        t.put(credentials_key(account->id), encode(*made));
        return std::string();
    });
}

Task<Result<>> Directory::State::change_account(const Address& address, std::function<void(Account&)> change) {
    co_return co_await write([&](store::Transaction& t) -> Result<std::string> {
        Result<Account> account = required_account(t, address);
        if (!account) return fail(account.error());
        change(*account);
        t.put(account_key(address), encode(*account));
        return std::string();
    });
}

Task<Result<>> Directory::set_quota(const Address& address, std::uint64_t quota_bytes) {
    co_return co_await state_->change_account(address, [quota_bytes](Account& account) { account.quota_bytes = quota_bytes; });
}

Task<Result<>> Directory::set_enabled(const Address& address, bool enabled) {
    co_return co_await state_->change_account(address, [enabled](Account& account) { account.enabled = enabled; });
}

Task<Result<std::vector<Account>>> Directory::accounts(std::string domain, std::string after, std::size_t limit) {
    const Result<KeyRange> range = listing_range('a', domain, after);
    if (!range) co_return fail(range.error());
    co_return co_await state_->store.read(directory_partition(), store::Weight::many,
                                          [&](const store::Reader& reader) { return list(reader, *range, limit, decode_account); });
}

}  // namespace packetboat::directory
