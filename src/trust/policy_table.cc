#include "trust/policy_table.h"

#include <cassert>

namespace packetboat::trust {

namespace {

// Of an entry and its places in list and index, about.
constexpr std::size_t entry_bytes = 400;

std::size_t size_of(const std::string& domain, const KnownDomain& known) {
    std::size_t bytes = entry_bytes + 2 * domain.size() + known.why.size();
    if (known.kept) {
        for (const std::string& mx : known.kept->policy.mx) bytes += sizeof(std::string) + mx.size();
    }
    return bytes;
}

}  // namespace

bool in_force(const std::optional<KeptPolicy>& kept, Time now) { return kept && now < kept->expires; }

PolicyTable::Begun PolicyTable::begin(const std::string& domain, Time now) {
    const std::scoped_lock lock(mutex_);
    auto at = index_.find(domain);
    if (at == index_.end()) {
        const auto made = entries_.insert(entries_.end(), Entry{.domain = domain});
        at = index_.emplace(domain, made).first;
    } else {
        entries_.splice(entries_.end(), entries_, at->second);
    }
    Entry& entry = *at->second;
    // While somebody finds out what comes next, what is in force goes on being the answer.
    if (entry.busy && !in_force(entry.known.kept, now)) return {Turn::wait, {}};
    if (entry.busy || now < entry.known.look_again) return {Turn::answered, entry.known};
    entry.busy = true;
    return {Turn::ours, entry.known};
}

void PolicyTable::finish(const std::string& domain, KnownDomain known) {
    std::vector<Waiting> waiting;
    {
        const std::scoped_lock lock(mutex_);
        const auto at = index_.find(domain);
        assert(at != index_.end() && at->second->busy);
        Entry& entry = *at->second;
        entry.known = std::move(known);
        entry.known.fetched = false;  // to those who come later it is kept
        entry.busy = false;
        bytes_ -= entry.bytes;
        entry.bytes = size_of(domain, entry.known);
        bytes_ += entry.bytes;
        waiting.swap(entry.waiting);
        shrink();
    }
    for (const Waiting& each : waiting) each.executor->post(each.handle);
}

// False: nobody is finding out any more.
bool PolicyTable::wait(const std::string& domain, std::coroutine_handle<> handle) {
    const std::scoped_lock lock(mutex_);
    const auto at = index_.find(domain);
    if (at == index_.end() || !at->second->busy) return false;
    at->second->waiting.push_back({&Executor::current(), handle});
    return true;
}

// Those that somebody is finding out about stay: they are as many as there are tasks.
void PolicyTable::shrink() {
    for (auto at = entries_.begin(); at != entries_.end() && (entries_.size() > domains_max_ || bytes_ > bytes_max_);) {
        if (at->busy) {
            ++at;
            continue;
        }
        bytes_ -= at->bytes;
        index_.erase(at->domain);
        at = entries_.erase(at);
    }
}

std::size_t PolicyTable::size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
}

}  // namespace packetboat::trust
