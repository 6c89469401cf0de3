#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "base/task.h"
#include "base/time.h"
#include "base/worker_pool.h"
#include "directory/address.h"
#include "store/store.h"

namespace packetboat::directory {

// Never reused, not even when an account is deleted and one of the same name is made.
enum class AccountId : std::uint64_t {};

// "a" and the id's eight bytes: where everything of one account lies.
store::Partition account_partition(AccountId id);
std::optional<AccountId> account_of(const store::Partition& partition);  // nullopt: it is no account's

struct Domain {
    std::string name;
    std::optional<Address> catch_all;  // who gets mail for local parts that do not exist
    Time created;
};

struct Account {
    AccountId id{};
    Address address;
    std::string name;               // for people
    std::uint64_t quota_bytes = 0;  // 0: unlimited
    bool enabled = true;            // false: mail is still taken, nobody can log in
    Time created;
};

// Mail for `address` goes to `targets` (addresses here or elsewhere) instead; at most Limits::alias_targets_max.
struct Alias {
    Address address;
    std::vector<Address> targets;
    Time created;
};

struct Limits {
    std::uint64_t alias_depth_max = 10;                 // alias to alias to alias …
    std::uint64_t alias_targets_max = 1000;             // of one alias, and addresses looked at to resolve one
    char subaddress_separator = '+';                    // user+tag; 0: none
    std::uint64_t credentials_cache_max = 10'000;       // logins that were right lately
    std::chrono::seconds credentials_cache_time{3600};  // 0: every login pays for the password hash
    std::uint64_t hash_memory_kib = 19'456;             // Argon2id, with hash_passes
    std::uint64_t hash_passes = 2;
    std::uint64_t scram_iterations = 65'536;      // of the SCRAM-SHA-256 keys kept beside the hash
    std::uint64_t failures_per_address_max = 20;  // failed logins before an address has to wait; per /64 for IPv6
    std::uint64_t failures_per_account_max = 50;  // and before an account has to. Neither holds for an address that the account has logged
                                                  // in from lately: it has failures_per_address_max on this account alone
    std::uint64_t repeats_per_address_max = 200;  // tries of a wrong password that was counted already, before they count again
    std::chrono::seconds failure_window{600};     // in which they are counted
    std::uint64_t failure_entries_max = 100'000;  // of each table of counts; the oldest go
    std::uint64_t wrong_passwords_max = 100'000;  // known to have been counted; the oldest go
    // How long an address that the account has logged in from is not locked out by what others fail to guess.
    std::chrono::seconds known_address_time{7 * 24 * 3600};
};

// One recipient, resolved: the accounts here that get the mail, and the addresses elsewhere that it goes on to.
struct Local {
    AccountId id{};
    Address address;         // the account's own
    std::string subaddress;  // the tag of user+tag, else empty
    std::uint64_t quota_bytes = 0;
    friend bool operator==(const Local&, const Local&) = default;
};
struct Resolved {
    std::vector<Local> accounts;     // each account once
    std::vector<Address> elsewhere;  // each address once
};
struct NotOurs {};     // the domain is not one of ours
struct NoSuchUser {};  // the domain is, the local part is not
using Resolution = std::variant<Resolved, NotOurs, NoSuchUser>;

// What a login is asked with: where it comes from decides how long it may have to wait.
struct Client {
    IpAddress address;
    std::string protocol;  // "smtp", "pop3": for the log
    std::string session_id;
};

struct ScramKeys {
    std::string salt;  // raw bytes
    std::uint64_t iterations = 0;
    std::string stored_key;  // 32 bytes each: RFC 5802 §3
    std::string server_key;
};

// What throttling and the cache of logins measure time by; tests give their own.
using Clock = std::function<std::chrono::steady_clock::time_point()>;

// Limits of the design.
inline constexpr std::size_t password_max_bytes = 1024;  // at least one, and no NUL among them
inline constexpr std::size_t account_name_max_bytes = 255;
inline constexpr std::size_t list_max = 1000;  // accounts or aliases in one answer

// Why a login was refused, beside Error's code: denied (wrong user or password, or the account is disabled: one answer for all),
// too_many (wait), unavailable (hashing queue or store).
class Directory {
public:
    // `store` and `hashing` outlive the directory.
    Directory(store::Store& store, WorkerPool& hashing, Limits limits, Clock clock = std::chrono::steady_clock::now);
    ~Directory();

    // ---- looking up; any thread
    // In this order: the account, the alias, both again without the subaddress, the domain's catch-all, for postmaster the domain's oldest
    // account (RFC 5321 §4.5.1 wants it everywhere). An alias's tag goes on to targets here that have none of their own.
    // Errors: too_many (an alias too deep or too wide), unavailable, internal.
    Task<Result<Resolution>> resolve(const Address& address);
    Task<Result<bool>> is_local_domain(std::string_view domain);
    Task<Result<Account>> account(const Address& address);  // exactly this one; not_found
    Task<Result<Account>> account(AccountId id);
    // May this account send as `address`: whoever resolve() gives its mail to may. So its own address, with any subaddress, an alias that
    // has it as a target, directly or through others, and with a catch-all the addresses that nobody else has.
    Task<Result<bool>> may_send_as(AccountId id, const Address& address);

    // ---- logging in; any thread
    // The same answer and the same time whether the user is unknown or the password wrong. `user` is an address, or a local part
    // of the only domain there is.
    Task<Result<Account>> check_password(const Client& client, std::string_view user, std::string_view password);
    // For SCRAM: the account's keys, or made-up ones (the same for the same user) that no password fits, so that nobody can tell. Errors as
    // above, too_many and unavailable only.
    struct ScramLookup {
        ScramKeys keys;
        std::optional<Account> account;
        std::string user;  // as count_login() wants it
    };
    Task<Result<ScramLookup>> scram_keys(const Client& client, std::string_view user);
    // SCRAM verified or refuted the client itself (`user` from the lookup); throttling counts it. too_many: other tries were faster, and
    // the client must not be told how this one ended.
    Result<> count_login(const Client& client, std::string_view user, bool succeeded);
    // Password hashes computed for logins since start.
    std::uint64_t password_hashes() const;

    // ---- administration; any thread. Errors: exists, not_found, invalid, conflict (a domain that still has
    // accounts or aliases). An address is an account or an alias, not both.
    Task<Result<>> add_domain(std::string name);
    Task<Result<>> remove_domain(std::string name);
    Task<Result<>> set_catch_all(std::string name, std::optional<Address> target);
    Task<Result<std::vector<Domain>>> domains();

    struct NewAccount {
        Address address;
        std::string name;
        std::uint64_t quota_bytes = 0;
        std::optional<std::string> password;  // none: nobody can log in until one is set
    };
    Task<Result<AccountId>> add_account(NewAccount account);
    // Many at once, hashed side by side, one transaction for each hundred in their order: all or none of a hundred. The error names the
    // account; the hundreds before it are there.
    Task<Result<>> import_accounts(std::vector<NewAccount> accounts);
    // From then on nobody logs in to it and nothing resolves to it. That its mail is still to be erased is written down in the same commit
    // and stays so until finish_erasure(), whatever happens between; whoever removes it erases the mail next.
    Task<Result<AccountId>> remove_account(const Address& address);
    // Accounts that were removed and whose mail is still to be erased, in the order of their ids, after `after` (none is 0), at most
    // list_max.
    Task<Result<std::vector<AccountId>>> erasures(AccountId after, std::size_t limit);
    // The mail has been erased. Not there: nothing to do.
    Task<Result<>> finish_erasure(AccountId id);
    enum class Presence : std::uint8_t { here, to_be_erased, gone };
    // An account that is gone, or never was, has no mail.
    Task<Result<Presence>> presence(AccountId id);
    Task<Result<>> set_password(const Address& address, std::string password);
    Task<Result<>> set_quota(const Address& address, std::uint64_t quota_bytes);
    Task<Result<>> set_enabled(const Address& address, bool enabled);
    // In the order of domains and local parts, after the address `after` (empty: from the start), at most list_max. Without a domain: of
    // all.
    Task<Result<std::vector<Account>>> accounts(std::string domain, std::string after, std::size_t limit);

    Task<Result<>> add_alias(Alias alias);
    Task<Result<>> remove_alias(const Address& address);
    Task<Result<std::vector<Alias>>> aliases(std::string domain, std::string after, std::size_t limit);

    // Proves that every record can be read and that ids, accounts and addresses agree.
    Task<Result<std::vector<store::Finding>>> verify();

    const Limits& limits() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace packetboat::directory
