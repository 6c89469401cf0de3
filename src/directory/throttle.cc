#include "directory/throttle.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/id.h"

namespace packetboat::directory {

namespace {

std::uint64_t siphash(std::string_view text, const std::array<std::uint8_t, 16>& secret) {
    static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == sizeof(std::uint64_t));
    std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(hash.data(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), secret.data());
    std::uint64_t key = 0;
    std::memcpy(&key, hash.data(), sizeof key);
    return key;
}

}  // namespace

Throttle::Throttle(const Limits& limits, Clock clock)
    : limits_(limits),
      clock_(std::move(clock)),
      by_address_(limits.failure_entries_max),
      by_user_(limits.failure_entries_max),
      by_pair_(limits.failure_entries_max),
      repeats_(limits.failure_entries_max),
      guesses_(limits.wrong_passwords_max),
      known_(limits.failure_entries_max) {
    random_bytes(secret_);
}

bool Throttle::may_try(const IpAddress& address, std::string_view user) {
    const Keys at = keys(address, user);
    const Instant now = clock_();
    const std::scoped_lock lock(mutex_);
    return within_limits(at, now);
}

bool Throttle::conclude(const IpAddress& address, std::string_view user, bool succeeded, std::optional<std::string_view> password) {
    const Keys at = keys(address, user);
    const std::optional<Key> guessed = password && !succeeded ? std::optional(guess(at.pair, *password)) : std::nullopt;
    const Instant now = clock_();
    const std::scoped_lock lock(mutex_);
    if (!within_limits(at, now)) return false;
    if (!succeeded) {
        if (guessed && is_free_repeat(*guessed, at.address, now)) return true;
        add(by_address_, at.address, now);
        add(by_user_, at.user, now);
        add(by_pair_, at.pair, now);
        return true;
    }
    if (const Failures* slips = by_pair_.find(at.pair)) {
        forgive(by_address_, at.address, *slips);
        forgive(by_user_, at.user, *slips);
        by_pair_.erase(at.pair);
    }
    known_.put(at.pair, now);
    return true;
}

Throttle::Keys Throttle::keys(const IpAddress& address, std::string_view user) const {
    const IpAddress network = address.network();
    std::string pair(reinterpret_cast<const char*>(network.bytes.data()), network.bytes.size());
    const Key of_address = siphash(pair, secret_);
    pair += user;
    return {of_address, siphash(user, secret_), siphash(pair, secret_)};
}

bool Throttle::within_limits(const Keys& keys, Instant now) {
    if (is_known(keys.pair, now)) return count(by_pair_, keys.pair, now) < limits_.failures_per_address_max;
    return count(by_address_, keys.address, now) < limits_.failures_per_address_max &&
           count(by_user_, keys.user, now) < limits_.failures_per_account_max;
}

// The password is hashed by itself, so that no copy of it is made.
Throttle::Key Throttle::guess(Key pair, std::string_view password) const {
    const std::array<Key, 2> both{pair, siphash(password, secret_)};
    return siphash({reinterpret_cast<const char*>(both.data()), sizeof both}, secret_);
}

bool Throttle::is_free_repeat(Key guess, Key address, Instant now) {
    const Instant* first = guesses_.find(guess);
    if (first == nullptr || now - *first >= limits_.failure_window) {
        guesses_.put(guess, now);
        return false;
    }
    if (count(repeats_, address, now) >= limits_.repeats_per_address_max) return false;
    add(repeats_, address, now);
    return true;
}

bool Throttle::is_known(Key pair, Instant now) {
    const Instant* last = known_.find(pair);
    return last != nullptr && now - *last < limits_.known_address_time;
}

std::uint64_t Throttle::count(Table& table, Key key, Instant now) {
    const Failures* failures = table.find(key);
    return failures == nullptr || now - failures->since >= limits_.failure_window ? 0 : failures->count;
}

void Throttle::add(Table& table, Key key, Instant now) {
    if (count(table, key, now) == 0) {
        table.put(key, {now, 1});
    } else {
        ++table.find(key)->count;
    }
}

// Failures of an earlier window are not in this one's count.
void Throttle::forgive(Table& table, Key key, const Failures& slips) {
    Failures* failures = table.find(key);
    if (failures != nullptr && failures->since <= slips.since) failures->count -= std::min(failures->count, slips.count);
}

}  // namespace packetboat::directory
