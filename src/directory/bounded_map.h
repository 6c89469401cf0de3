#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace packetboat::directory {

// A hash map that never has more than `entries_max` entries: the one put first goes first. Not thread-safe.
template <class Key, class Value>
class BoundedMap {
public:
    explicit BoundedMap(std::size_t entries_max) : entries_max_(entries_max) {}

    // Null: not there. Lives until the next put or erase.
    Value* find(const Key& key) {
        const auto at = index_.find(key);
        return at == index_.end() ? nullptr : &at->second->second;
    }
    void put(const Key& key, Value value) {
        erase(key);
        if (entries_max_ == 0) return;
        if (index_.size() >= entries_max_) {
            index_.erase(by_age_.front().first);
            by_age_.pop_front();
        }
        by_age_.emplace_back(key, std::move(value));
        index_.emplace(key, std::prev(by_age_.end()));
    }
    void erase(const Key& key) {
        const auto at = index_.find(key);
        if (at == index_.end()) return;
        by_age_.erase(at->second);
        index_.erase(at);
    }
    std::size_t size() const { return index_.size(); }

private:
    using Entries = std::list<std::pair<Key, Value>>;  // oldest first
    std::size_t entries_max_;
    Entries by_age_;
    std::unordered_map<Key, typename Entries::iterator> index_;
};

}  // namespace packetboat::directory
