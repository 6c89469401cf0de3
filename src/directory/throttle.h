#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "directory/bounded_map.h"
#include "directory/directory.h"

namespace packetboat::directory {

// Counts failed logins per address (its /64 for IPv6), per user name, whether there is such a user or not, and per pair of both, in windows
// of Limits::failure_window that begin with the first failure. In memory, bounded by Limits::failure_entries_max and
// Limits::wrong_passwords_max. Any thread.
//
// A stranger is held by the limits of his address and of the account. An address that the account has logged in from lately is held by
// neither, or one wrong device would lock out everybody behind the same address, and anybody in the world the account. It is held by the
// failures of this address on this account alone, of which it has as many as an address; they count against the address too, so that being
// known for one account buys nothing at any other.
//
// The same wrong password again is no guess, it tells nobody anything: a device that was not told of the new one counts once in a window.
// But each try costs us a hash, so an address has only Limits::repeats_per_address_max of them free. Kept is a hash of user, address and
// password under a key that only this process has.
class Throttle {
public:
    Throttle(const Limits& limits, Clock clock);

    // False: over a limit, and nothing is to be computed for this login.
    bool may_try(const IpAddress& address, std::string_view user);

    // Counts how a login ended. False: others ended it over the limit meanwhile, and its outcome must not be told; so guesses that are
    // made side by side learn no more than guesses made one by one. `password`: the one that was tried, where it is known (SCRAM does not
    // show it, so there every failure counts).
    //
    // A success forgives the failures of this address on this account, which were somebody's slips, but not its failures on others: an
    // attacker's own account does not buy him guesses at yours.
    bool conclude(const IpAddress& address, std::string_view user, bool succeeded, std::optional<std::string_view> password = std::nullopt);

private:
    using Instant = std::chrono::steady_clock::time_point;
    using Key = std::uint64_t;  // keyed hash: an attacker cannot aim at another's entry
    struct Failures {
        Instant since;
        std::uint64_t count = 0;
    };
    using Table = BoundedMap<Key, Failures>;
    struct Keys {
        Key address;
        Key user;
        Key pair;
    };

    Keys keys(const IpAddress& address, std::string_view user) const;
    bool within_limits(const Keys& keys, Instant now);
    bool is_known(Key pair, Instant now);
    Key guess(Key pair, std::string_view password) const;
    // Remembers the guess when it is new.
    bool is_free_repeat(Key guess, Key address, Instant now);
    std::uint64_t count(Table& table, Key key, Instant now);
    void add(Table& table, Key key, Instant now);
    void forgive(Table& table, Key key, const Failures& failures);

    const Limits limits_;
    const Clock clock_;
    std::array<std::uint8_t, 16> secret_{};
    std::mutex mutex_;
    Table by_address_;
    Table by_user_;
    Table by_pair_;
    Table repeats_;                     // by address
    BoundedMap<Key, Instant> guesses_;  // wrong passwords, with when they first were
    BoundedMap<Key, Instant> known_;    // pairs, with their last success
};

}  // namespace packetboat::directory
