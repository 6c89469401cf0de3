#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "mailbox/mailbox.h"

namespace packetboat::mailbox {

// Who wants to be told of changes to which account. Any thread.
class Watchers {
public:
    explicit Watchers(std::uint64_t per_account_max) : per_account_max_(per_account_max) {}

    // The watcher's number. too_many: over the limit.
    Result<std::uint64_t> add(const std::string& account, Watcher watcher);
    // After it the watcher is not being called, but by this very thread.
    void remove(const std::string& account, std::uint64_t number);
    void notify(const std::string& account, std::uint64_t modseq);

private:
    // Shared, because a notification under way keeps those it is going to call.
    struct Entry {
        std::uint64_t number = 0;
        Watcher watcher;
        std::recursive_mutex calling;  // held during a call; recursive for a watcher that ends its own subscription
        bool ended = false;
    };
    using Entries = std::vector<std::shared_ptr<Entry>>;

    std::uint64_t per_account_max_;
    std::mutex mutex_;
    std::unordered_map<std::string, Entries> accounts_;
    std::uint64_t last_number_ = 0;
    std::atomic<std::uint64_t> count_{0};  // so that a commit that nobody watches does not take the mutex
};

}  // namespace packetboat::mailbox
