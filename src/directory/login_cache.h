#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>

#include "directory/bounded_map.h"
#include "directory/directory.h"

namespace packetboat::directory {

// Logins whose password was right lately, so that a client that connects every minute does not cost a password hash every minute.
//
// An entry's key is HMAC-SHA-256, under a key that only this process has, over the account's id, the version of its credentials and the
// password: a changed password has another version, so old entries never match again. Whether the account may still log in is not kept
// here; it is read from the store each time. A hit is much faster than a miss, which tells an attacker nothing that he does not know: only
// right passwords are ever in here, and he has to send one to see the difference. Any thread.
class LoginCache {
public:
    LoginCache(const Limits& limits, Clock clock);

    // Empty when the cache is off.
    std::string key(AccountId id, std::uint64_t credentials_version, std::string_view password) const;
    bool contains(const std::string& key);
    void put(const std::string& key);

private:
    using Instant = std::chrono::steady_clock::time_point;
    const std::chrono::seconds time_;
    const Clock clock_;
    std::array<std::uint8_t, 32> secret_{};
    std::mutex mutex_;
    BoundedMap<std::string, Instant> until_;
};

}  // namespace packetboat::directory
