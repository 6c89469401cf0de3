#include "directory/directory.h"

#include <sodium.h>

#include <algorithm>
#include <cstdlib>

#include "directory/lookup.h"
#include "directory/records.h"
#include "directory/state.h"

namespace packetboat::directory {

namespace {

Result<Account> required(Result<std::optional<Account>> found) {
    if (!found) return fail(std::move(found).error());
    if (!*found) return fail(ErrorCode::not_found, "no such account");
    return **std::move(found);
}

}  // namespace

Directory::State::State(store::Store& records, WorkerPool& pool, Limits numbers, const Clock& clock)
    : store(records),
      hashing(pool),
      limits(numbers),
      throttle(numbers, clock),
      cache(numbers, clock),
      dummy_hash(make_dummy_hash(numbers)) {}

Directory::Directory(store::Store& store, WorkerPool& hashing, Limits limits, Clock clock) {
    if (sodium_init() < 0) std::abort();  // no random numbers on this machine: nothing here could be trusted
    state_ = std::make_unique<State>(store, hashing, limits, clock);
}

Directory::~Directory() = default;

const Limits& Directory::limits() const { return state_->limits; }

Task<Result<Resolution>> Directory::resolve(const Address& address) {
    Result<std::optional<Resolution>> brief =
        co_await state_->store.read(directory_partition(), store::Weight::few,
                                    [&](const store::Reader& reader) { return resolve_briefly(reader, state_->limits, address); });
    if (!brief) co_return fail(std::move(brief).error());
    if (*brief) co_return **std::move(brief);
    co_return co_await state_->store.read(directory_partition(), store::Weight::many,
                                          [&](const store::Reader& reader) { return resolve_in(reader, state_->limits, address); });
}

Task<Result<bool>> Directory::is_local_domain(std::string_view domain) {
    const Result<std::string> name = normalize_domain(domain);
    if (!name) co_return false;
    co_return co_await state_->store.read(directory_partition(), store::Weight::few,
                                          [&](const store::Reader& reader) -> Result<bool> { return reader.contains(domain_key(*name)); });
}

Task<Result<Account>> Directory::account(const Address& address) {
    co_return co_await state_->store.read(directory_partition(), store::Weight::few,
                                          [&](const store::Reader& reader) { return required(get_account(reader, address)); });
}

Task<Result<Account>> Directory::account(AccountId id) {
    co_return co_await state_->store.read(directory_partition(), store::Weight::few,
                                          [&](const store::Reader& reader) { return required(get_account(reader, id)); });
}

Task<Result<bool>> Directory::may_send_as(AccountId id, const Address& address) {
    const Result<Resolution> resolution = co_await resolve(address);
    if (!resolution) co_return fail(resolution.error());
    const Resolved* resolved = std::get_if<Resolved>(&*resolution);
    co_return resolved !=
        nullptr&& std::any_of(resolved->accounts.begin(), resolved->accounts.end(), [&](const Local& local) { return local.id == id; });
}

Task<Result<>> Directory::State::write(store::WriteBody body) {
    const Result<store::Committed> committed = co_await store.write(directory_partition(), std::nullopt, std::move(body));
    if (!committed) co_return fail(committed.error());
    co_return Result<>{};
}

}  // namespace packetboat::directory
