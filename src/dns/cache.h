#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "dns/question.h"

namespace packetboat::dns {

// Decoded answers by question, each for as long as its TTL says, at most bytes_max of them; what was not asked for longest goes first. Not
// thread-safe: its owner has the lock. Knows no clock: callers say what time it is.
class Cache {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit Cache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    // With the TTL that is left, at least 1 s.
    std::optional<Answer> find(const Question& question, Time now);
    // Nothing, when its TTL is 0 or it has no room. Replaces what was there.
    void put(const Question& question, const Answer& answer, Time now);

    std::uint64_t bytes() const { return bytes_; }
    std::size_t size() const { return index_.size(); }

private:
    struct Entry {
        Question question;
        Answer answer;
        Time until;
        std::uint64_t bytes = 0;
    };
    using Entries = std::list<Entry>;  // asked for last: first

    void erase(Entries::iterator entry);

    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
    Entries entries_;
    std::unordered_map<Question, Entries::iterator, QuestionHash> index_;
};

}  // namespace packetboat::dns
