#include "mailbox/maildrop_lock.h"

#include <mutex>
#include <unordered_set>
#include <utility>

namespace packetboat::mailbox {

namespace {

// One for the process, because that is what the lock excludes: there is one maildrop of an account however many services look at it.
struct Held {
    std::mutex mutex;
    std::unordered_set<std::string> accounts;
};

Held& held() {
    static Held* const one = new Held;  // never destroyed: a lock may outlive main()'s statics
    return *one;
}

}  // namespace

std::optional<MaildropLock> lock_maildrop(const store::Partition& account) {
    const std::scoped_lock lock(held().mutex);
    if (!held().accounts.insert(account.name).second) return std::nullopt;
    return MaildropLock(account.name);
}

MaildropLock::MaildropLock(MaildropLock&& other) noexcept : account_(std::exchange(other.account_, {})) {}

MaildropLock& MaildropLock::operator=(MaildropLock&& other) noexcept {
    if (this == &other) return *this;
    release();
    account_ = std::exchange(other.account_, {});
    return *this;
}

MaildropLock::~MaildropLock() { release(); }

void MaildropLock::release() {
    if (account_.empty()) return;
    const std::scoped_lock lock(held().mutex);
    held().accounts.erase(account_);
    account_.clear();
}

}  // namespace packetboat::mailbox
