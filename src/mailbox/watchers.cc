#include "mailbox/watchers.h"

#include <algorithm>
#include <utility>

namespace packetboat::mailbox {

Result<std::uint64_t> Watchers::add(const std::string& account, Watcher watcher) {
    auto entry = std::make_shared<Entry>();
    entry->watcher = std::move(watcher);
    const std::scoped_lock lock(mutex_);
    Entries& entries = accounts_[account];
    if (entries.size() >= per_account_max_) {
        if (entries.empty()) accounts_.erase(account);
        return fail(ErrorCode::too_many, "too many watch this account");
    }
    entry->number = ++last_number_;
    entries.push_back(std::move(entry));
    ++count_;
    return last_number_;
}

void Watchers::remove(const std::string& account, std::uint64_t number) {
    std::shared_ptr<Entry> entry;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = accounts_.find(account);
        if (found == accounts_.end()) return;
        Entries& entries = found->second;
        const auto at = std::ranges::find_if(entries, [&](const std::shared_ptr<Entry>& e) { return e->number == number; });
        if (at == entries.end()) return;
        entry = std::move(*at);
        entries.erase(at);
        --count_;
        if (entries.empty()) accounts_.erase(found);
    }
    const std::scoped_lock waits_for_a_call(entry->calling);
    entry->ended = true;
}

void Watchers::notify(const std::string& account, std::uint64_t modseq) {
    if (count_ == 0) return;
    Entries entries;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = accounts_.find(account);
        if (found == accounts_.end()) return;
        entries = found->second;
    }
    for (const std::shared_ptr<Entry>& entry : entries) {
        const std::scoped_lock calling(entry->calling);
        if (!entry->ended) entry->watcher(modseq);
    }
}

}  // namespace packetboat::mailbox
