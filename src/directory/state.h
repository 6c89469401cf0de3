#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "directory/credentials.h"
#include "directory/directory.h"
#include "directory/login_cache.h"
#include "directory/throttle.h"

namespace packetboat::directory {

// Whom a login's `user` means, as the store has it.
struct LoginSubject {
    std::string user;  // the address, or what was given instead of one: throttling counts by it
    std::optional<Account> account;
    std::optional<Credentials> credentials;

    // A password could fit.
    bool open() const { return account && account->enabled && credentials; }
    // Why not, for the log.
    std::string_view obstacle() const;
};

struct Directory::State {
    State(store::Store& store, WorkerPool& hashing, Limits limits, const Clock& clock);

    store::Store& store;
    WorkerPool& hashing;
    const Limits limits;
    Throttle throttle;
    LoginCache cache;
    const std::string dummy_hash;
    std::atomic<std::uint64_t> password_hashes{0};
    std::mutex secret_mutex;
    std::string secret;  // empty until it was needed

    Task<Result<LoginSubject>> find_login(std::string_view user);
    Task<Result<std::string>> installation_secret();
    // unknown is answered as unavailable.
    Task<Result<Verdict>> verify(const Client& client, const LoginSubject& subject, const std::string& cache_key,
                                 std::string_view password);
    Task<> rehash(const Client& client, const LoginSubject& subject, std::string_view password);
    Result<> conclude(const Client& client, const LoginSubject& subject, std::string_view password, Verdict verdict, bool cached);

    Task<Result<Credentials>> hash_password(std::string_view password);
    Task<Result<>> write(store::WriteBody body);
    Task<Result<>> change_account(const Address& address, std::function<void(Account&)> change);
};

// What a login over the limit is answered; says nothing about the user.
Unexpected refuse_throttled(const Client& client, std::string_view user);

}  // namespace packetboat::directory
