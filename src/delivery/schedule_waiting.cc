#include <algorithm>
#include <cstring>
#include <utility>

#include "delivery/schedule_parts.h"

// What waits, and what makes it ready.
namespace packetboat::delivery {
namespace {

constexpr std::chrono::minutes upkeep_interval{1};
constexpr std::uint64_t offered_max = 4;        // senders of one site that wait for a connection of all
constexpr std::chrono::seconds clock_slack{1};  // so much is no setting of the clock

}  // namespace

std::size_t Schedule::InFlightHash::operator()(const InFlight& key) const {
    std::size_t bits = 0;
    std::memcpy(&bits, key.first.bytes.data(), sizeof bits);
    return bits ^ (reinterpret_cast<std::uintptr_t>(key.second) >> 4);
}

Schedule::Schedule(ScheduleLimits limits, RetryPlan plan, std::function<std::uint64_t()> random)
    : limits_(limits),
      plan_(std::move(plan)),
      random_(std::move(random)),
      lookups_(limits.lookups_max),
      connections_(limits.connections_max) {}
Schedule::~Schedule() = default;

Schedule::Destination& Schedule::find_or_make(std::string_view domain) {
    if (const auto found = destinations_.find(domain); found != destinations_.end()) return *found->second;
    auto made = std::make_unique<Destination>();
    made->name = domain;
    Destination& destination = *made;
    destinations_.emplace(destination.name, std::move(made));
    return destination;
}

bool Schedule::add(const RelayDue& due, Time now) {
    if (items_ >= limits_.items_max) return false;
    if (destinations_.size() >= limits_.destinations_max && !destinations_.contains(due.domain)) return false;
    Destination& destination = find_or_make(due.domain);
    const Item item{.id = due.id, .due = due.due, .begins = due.begins, .sender = due.sender, .warned = due.warned};
    ++items_;
    if (due.due <= now) {
        enqueue(destination, item);
    } else {
        add_later(destination, item);
    }
    return true;
}

void Schedule::add_later(Destination& destination, const Item& item) {
    ++destination.soon;
    soon_.push_back({item.due, item, &destination});
    std::ranges::push_heap(soon_, LaterFirst{});
}

void Schedule::put_back(const RelayDue& due) {
    ++items_;
    add_later(find_or_make(due.domain), {.id = due.id, .due = due.due, .begins = due.begins, .sender = due.sender, .warned = due.warned});
}

void Schedule::enqueue(Destination& destination, Item item, Kind kind) {
    Lane& lane = destination.lanes[{kind, item.sender}];
    if (!lane.destination) {
        lane.destination = &destination;
        lane.sender = item.sender;
        lane.kind = kind;
    }
    lane.items.push_back(item);
    ++destination.waiting;
    make_ready(lane);
}

// The oldest.
Schedule::Item Schedule::take(Lane& lane) {
    const Item item = lane.items.pop_front();
    --lane.destination->waiting;
    --items_;
    return item;
}

void Schedule::erase_if_unused(Lane& lane) {
    if (lane.items.empty() && lane.rings == 0) lane.destination->lanes.erase({lane.kind, lane.sender});
}

void Schedule::erase_if_unused(Share& share) {
    if (share.lanes.empty() && !share.waits && !share.turning) share.site->shares.erase(share.sender);
}

void Schedule::forget_waiting() {
    soon_.clear();
    items_ = 0;
    for (const auto& [name, destination] : destinations_) {
        destination->soon = destination->waiting = 0;
        for (auto& [key, lane] : destination->lanes) lane.items.clear();
        std::erase_if(destination->lanes, [](const auto& entry) { return entry.second.rings == 0; });
    }
}

// ---- what is ready

void Schedule::make_ready(Destination& destination) {
    if (destination.waiting == 0) return;
    if (destination.stage == Destination::Stage::fresh) destination.stage = Destination::Stage::waits_for_lookup;
    for (auto& [key, lane] : destination.lanes) make_ready(lane);
}

void Schedule::make_ready(Lane& lane) {
    if (lane.items.empty()) return;
    Destination& destination = *lane.destination;
    switch (destination.stage) {
        case Destination::Stage::fresh: return make_ready(destination);
        case Destination::Stage::waits_for_lookup:
            // Each of its senders may have the turn in which it is looked up.
            if (std::exchange(lane.asked, true)) return;
            ++lane.rings;
            return lookups_.wait(lane.sender, &lane, destination.failures > 0);
        case Destination::Stage::routed: return offer(lane);
        case Destination::Stage::shut:
            if (lane.kind == Kind::exempt) return offer(lane);
            if (lane.kind == Kind::ordinary || std::exchange(lane.sifting, true)) return;
            ++lane.rings;
            return to_sift_.push_back(&lane);
        case Destination::Stage::refused:
            if (std::exchange(lane.refused, true)) return;
            ++lane.rings;
            return refused_.push_back(&lane);
        case Destination::Stage::looking_up:
        case Destination::Stage::unreachable: return;  // it will be, when its route is known
    }
}

void Schedule::offer(Lane& lane) {
    Site& site = *lane.destination->site;
    if (lane.share && lane.share->site == &site) return;
    Share& share = site.shares[lane.sender];
    share.site = &site;
    share.sender = lane.sender;
    lane.share = &share;
    ++lane.rings;
    share.lanes.push_back(&lane);
    if (!std::exchange(share.turning, true)) site.turns.push_back(&share);
    if (std::exchange(share.waits, true)) return;
    site.waiting.push_back(&share);
    offer(site);
}

// Some of its senders, so that none of them can hold up the others by being slow to have his turn among all.
void Schedule::offer(Site& site) {
    if (site.timed || site.active >= site.allowed()) return;
    while (site.offered < offered_max) {
        Ring<Share*>& from = site.turned_away.empty() ? site.waiting : site.turned_away;
        if (from.empty()) return;
        Share* share = from.pop_front();
        ++site.offered;
        connections_.wait(share->sender, share, site.failures > 0);
    }
}

// ---- time

void Schedule::promote(Time now) {
    if (now + clock_slack < seen_) clock_was_set_back(std::chrono::microseconds(seen_.micros - now.micros));
    seen_ = now;
    while (!soon_.empty() && soon_.front().at <= now) {
        std::ranges::pop_heap(soon_, LaterFirst{});
        const Soon soon = soon_.back();
        soon_.pop_back();
        --soon.destination->soon;
        enqueue(*soon.destination, soon.item);
    }
    while (!site_timers_.empty() && site_timers_.begin()->first <= now) {
        Site& site = *site_timers_.begin()->second;
        site_timers_.erase(site_timers_.begin());
        site.timed = false;
        offer(site);
    }
    while (!lookup_timers_.empty() && lookup_timers_.begin()->first <= now) reopen(*lookup_timers_.begin()->second);
    if (upkeep_at_ <= now) {
        upkeep_at_ = now + upkeep_interval;
        collect_aged(now);
        forget_idle(now);
    }
}

Time Schedule::wakes_at() const {
    Time at = upkeep_at_;
    if (!soon_.empty()) at = std::min(at, soon_.front().at);
    if (!site_timers_.empty()) at = std::min(at, site_timers_.begin()->first);
    if (!lookup_timers_.empty()) at = std::min(at, lookup_timers_.begin()->first);
    return at;
}

// Whatever was to happen in a while happens in that while.
void Schedule::clock_was_set_back(std::chrono::microseconds by) {
    const auto earlier = [by](Time& time) { time.micros -= std::min(time.micros, by.count()); };
    earlier(upkeep_at_);
    for (Soon& soon : soon_) earlier(soon.at);  // a heap as before
    site_timers_.clear();
    for (const auto& [key, site] : sites_) {
        earlier(site->opens);
        earlier(site->used);
        earlier(site->worked);
        if (site->timed) site_timers_.emplace(site->opens, site.get());
    }
    lookup_timers_.clear();
    for (const auto& [name, destination] : destinations_) {
        earlier(destination->valid_until);
        earlier(destination->retry_at);
        if (destination->is_timed()) lookup_timers_.emplace(destination->retry_at, destination.get());
    }
}

}  // namespace packetboat::delivery
