#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace packetboat::files {

// A name in a directory, wherever that directory is moved meanwhile. `name` is the one that an upload would be written under
// (unfinished_name), so that who finds an unfinished upload can ask as well.
struct LockKey {
    std::uint64_t device = 0, inode = 0;
    std::string name;
    friend auto operator<=>(const LockKey&, const LockKey&) = default;
};

class Locks;

// Holds a name until its end.
class Lock {
public:
    Lock() = default;
    Lock(Lock&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), key_(std::move(other.key_)) {}
    Lock& operator=(Lock&& other) noexcept {
        std::swap(locks_, other.locks_);
        std::swap(key_, other.key_);
        return *this;
    }
    ~Lock() { release(); }
    void release();

private:
    friend class Locks;
    Lock(Locks* locks, LockKey key) : locks_(locks), key_(std::move(key)) {}
    Locks* locks_ = nullptr;
    LockKey key_;
};

// Who writes, replaces, moves or removes a name holds it; nobody waits for it. The kernel's locks would not do: they belong to a file, and
// what is written here has none yet.
class Locks {
public:
    // Errors: conflict.
    Result<Lock> take(LockKey key) {
        const std::lock_guard guard(mutex_);
        if (!held_.insert(key).second) return fail(ErrorCode::conflict, "another one writes it now");
        return Lock(this, std::move(key));
    }

private:
    friend class Lock;
    std::mutex mutex_;
    std::set<LockKey> held_;
};

inline void Lock::release() {
    Locks* const locks = std::exchange(locks_, nullptr);
    if (locks == nullptr) return;
    const std::lock_guard guard(locks->mutex_);
    locks->held_.erase(key_);
}

}  // namespace packetboat::files
