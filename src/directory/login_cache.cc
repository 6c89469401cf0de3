#include "directory/login_cache.h"

#include "base/id.h"
#include "base/record.h"
#include "directory/credentials.h"

namespace packetboat::directory {

LoginCache::LoginCache(const Limits& limits, Clock clock)
    : time_(limits.credentials_cache_time), clock_(std::move(clock)), until_(limits.credentials_cache_max) {
    random_bytes(secret_);
}

std::string LoginCache::key(AccountId id, std::uint64_t credentials_version, std::string_view password) const {
    if (time_.count() == 0) return {};
    Writer what;
    what.be64(static_cast<std::uint64_t>(id)).be64(credentials_version).bytes(password);
    return hmac_sha256({reinterpret_cast<const char*>(secret_.data()), secret_.size()}, what.view());
}

bool LoginCache::contains(const std::string& key) {
    if (key.empty()) return false;
    const Instant now = clock_();
    const std::scoped_lock lock(mutex_);
    const Instant* until = until_.find(key);
    if (until == nullptr) return false;
    if (now < *until) return true;
    until_.erase(key);
    return false;
}

void LoginCache::put(const std::string& key) {
    if (key.empty()) return;
    const Instant until = clock_() + time_;
    const std::scoped_lock lock(mutex_);
    until_.put(key, until);
}

}  // namespace packetboat::directory
