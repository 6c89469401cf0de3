#pragma once

#include <chrono>
#include <coroutine>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "dns/question.h"

namespace packetboat::dns {

// A coroutine that waits for an answer; in its frame.
struct Waiter {
    Executor* home = nullptr;
    std::coroutine_handle<> handle;
    Answer answer;
};

// Takes the answer to all of them; they are gone afterwards.
void answer_all(const std::vector<Waiter*>& waiters, const Answer& answer);

// The questions that libunbound was asked and has not answered, each once however many wait for it. A question whose time is over has
// nobody waiting, but is still here: libunbound goes on looking, and its answer will be welcome. Not thread-safe.
class Pending {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Entry {
        Question question;
        void* owner = nullptr;  // for libunbound's callback, which gets only the entry
        std::vector<Waiter*> waiters;
        std::optional<std::list<Entry*>::iterator> place;  // among those with a deadline
        Time deadline;
    };

    // Null: nobody has asked that.
    Entry* find(const Question& question);
    Entry& add(const Question& question);
    // All that wait for one question share the deadline of the first. Deadlines never go back.
    void wait(Entry& entry, Waiter& waiter, Time deadline);
    std::vector<Waiter*> finish(Entry& entry);

    // An entry whose deadline is over; it has none afterwards. Null: there is none.
    Entry* overdue(Time now);
    std::optional<Time> next_deadline() const;

    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }
    Entry& any() { return *entries_.begin()->second; }

private:
    std::unordered_map<Question, std::unique_ptr<Entry>, QuestionHash> entries_;
    std::list<Entry*> deadlines_;  // soonest first
};

}  // namespace packetboat::dns
