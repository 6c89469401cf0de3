#include "dns/pending.h"

#include <cassert>
#include <utility>

namespace packetboat::dns {

void answer_all(const std::vector<Waiter*>& waiters, const Answer& answer) {
    for (Waiter* waiter : waiters) {
        waiter->answer = answer;
        waiter->home->post(waiter->handle);
    }
}

Pending::Entry* Pending::find(const Question& question) {
    const auto found = entries_.find(question);
    return found == entries_.end() ? nullptr : found->second.get();
}

Pending::Entry& Pending::add(const Question& question) {
    auto entry = std::make_unique<Entry>();
    entry->question = question;
    const auto [place, added] = entries_.emplace(question, std::move(entry));
    assert(added);
    return *place->second;
}

void Pending::wait(Entry& entry, Waiter& waiter, Time deadline) {
    entry.waiters.push_back(&waiter);
    if (entry.place) return;
    assert(deadlines_.empty() || deadlines_.back()->deadline <= deadline);
    entry.deadline = deadline;
    entry.place = deadlines_.insert(deadlines_.end(), &entry);
}

std::vector<Waiter*> Pending::finish(Entry& entry) {
    if (entry.place) deadlines_.erase(*entry.place);
    std::vector<Waiter*> waiters = std::move(entry.waiters);
    entries_.erase(entries_.find(entry.question));
    return waiters;
}

Pending::Entry* Pending::overdue(Time now) {
    if (deadlines_.empty() || deadlines_.front()->deadline > now) return nullptr;
    Entry* entry = deadlines_.front();
    deadlines_.pop_front();
    entry->place.reset();
    return entry;
}

std::optional<Pending::Time> Pending::next_deadline() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.front()->deadline;
}

}  // namespace packetboat::dns
