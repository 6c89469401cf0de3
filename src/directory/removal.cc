#include <algorithm>

#include "base/record.h"
#include "directory/listing.h"
#include "directory/records.h"
#include "directory/state.h"

// An account goes in two steps: it leaves the directory, which at once writes down that its mail is still to be erased; whoever has erased
// the mail says so. The README has the order and its reasons.
namespace packetboat::directory {

namespace {

// A key that cannot be read holds up nobody else; verify() tells of it.
std::vector<AccountId> list_erasures(const store::Reader& reader, AccountId after, std::size_t limit) {
    std::vector<AccountId> page;
    const std::size_t count = std::min(limit, list_max);
    if (count == 0) return page;
    reader.scan(erasure_key(after) + '\0', store::prefix_end(keys_of('e', "")), [&](std::string_view key, std::string_view) {
        if (const std::optional<AccountId> id = id_of_key(key)) page.push_back(*id);
        return page.size() < count;
    });
    return page;
}

}  // namespace

Task<Result<AccountId>> Directory::remove_account(const Address& address) {
    const Result<store::Committed> committed =
        co_await state_->store.write(directory_partition(), std::nullopt, [&](store::Transaction& t) -> Result<std::string> {
            const Result<Account> account = required_account(t, address);
            if (!account) return fail(account.error());
            t.frees_space();
            t.erase(account_key(address));
            t.erase(account_id_key(account->id));
            t.erase(age_key(address.domain(), account->id));
            t.erase(credentials_key(account->id));
            t.put(erasure_key(account->id), encode(address));
            return Writer().be64(static_cast<std::uint64_t>(account->id)).take();
        });
    if (!committed) co_return fail(committed.error());
    co_return AccountId{RecordReader(committed->result).be64()};
}

Task<Result<std::vector<AccountId>>> Directory::erasures(AccountId after, std::size_t limit) {
    co_return co_await state_->store.read(
        directory_partition(), store::Weight::few,
        [&](const store::Reader& reader) -> Result<std::vector<AccountId>> { return list_erasures(reader, after, limit); });
}

Task<Result<>> Directory::finish_erasure(AccountId id) {
    co_return co_await state_->write([id](store::Transaction& t) -> Result<std::string> {
        t.frees_space();
        t.erase(erasure_key(id));
        return std::string();
    });
}

Task<Result<Directory::Presence>> Directory::presence(AccountId id) {
    co_return co_await state_->store.read(directory_partition(), store::Weight::few, [id](const store::Reader& reader) -> Result<Presence> {
        if (reader.contains(account_id_key(id))) return Presence::here;
        return reader.contains(erasure_key(id)) ? Presence::to_be_erased : Presence::gone;
    });
}

}  // namespace packetboat::directory
