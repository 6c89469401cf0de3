#include "delivery/schedule.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace packetboat::delivery {
namespace {

constexpr std::chrono::minutes upkeep_interval{1};
constexpr std::size_t destinations_tried_max = 16;  // of one site, for a message that an open connection can carry
constexpr std::size_t others_looked_at_max = 16;
constexpr std::chrono::seconds working_for{60};
constexpr std::chrono::seconds idle_site_kept{3600};

}  // namespace

// A sender's messages for one destination.
struct Schedule::Lane {
    std::uint64_t sender = 0;
    Ring<Item> items;
};

struct Schedule::Site {
    std::string key;
    double window = 0;  // connections allowed
    std::uint64_t active = 0;
    std::uint64_t destinations = 0;  // that are routed to it
    std::uint32_t failures = 0;      // in a row, to reach it; more than none: the next message is a probe
    std::uint32_t slow_downs = 0;    // in a row
    Time opens{};                    // nothing is sent before
    Time used{};
    Time worked{};                  // when it last took a message
    std::optional<Failure> reason;  // for what it said or did not say last, until all is well
    Ring<Destination*> ready;       // have messages
    bool queued = false;            // in ready_sites_

    std::uint64_t allowed() const { return failures > 0 ? 1 : static_cast<std::uint64_t>(window); }
};

struct Schedule::Destination {
    enum class Stage : std::uint8_t { fresh, waits_for_lookup, looking_up, routed, refused, unreachable };

    std::string name;
    Stage stage = Stage::fresh;
    Site* site = nullptr;
    std::shared_ptr<const Route> route;
    Time valid_until{};
    Time retry_at{};                 // of unreachable, in lookup_timers_
    std::optional<Failure> failure;  // of refused and unreachable
    std::uint32_t failures = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Lane>> lanes;
    Ring<Lane*> turns;
    std::uint64_t waiting = 0;
    std::uint64_t soon = 0;  // in soon_
    std::uint64_t jobs = 0;  // that know of it
    bool queued = false;     // in its site's ready, or in refused_

    bool idle() const { return waiting == 0 && soon == 0 && jobs == 0 && !queued; }
};

std::size_t Schedule::InFlightHash::operator()(const InFlight& key) const {
    std::size_t bits = 0;
    std::memcpy(&bits, key.first.bytes.data(), sizeof bits);
    return bits ^ (reinterpret_cast<std::uintptr_t>(key.second) >> 4);
}

Schedule::Schedule(ScheduleLimits limits, RetryPlan plan, std::function<std::uint64_t()> random)
    : limits_(limits), plan_(std::move(plan)), random_(std::move(random)) {}
Schedule::~Schedule() = default;

// ---- what waits

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
    soon_.push_back({item, &destination});
    std::ranges::push_heap(soon_, LaterFirst{});
}

void Schedule::put_back(const RelayDue& due) {
    ++items_;
    add_later(find_or_make(due.domain), {.id = due.id, .due = due.due, .begins = due.begins, .sender = due.sender, .warned = due.warned});
}

void Schedule::enqueue(Destination& destination, Item item) {
    std::unique_ptr<Lane>& lane = destination.lanes[item.sender];
    if (!lane) {
        lane = std::make_unique<Lane>();
        lane->sender = item.sender;
        destination.turns.push_back(lane.get());
    }
    lane->items.push_back(item);
    ++destination.waiting;
    make_ready(destination);
}

// The next sender's oldest.
Schedule::Item Schedule::take(Destination& destination) {
    Lane* lane = destination.turns.pop_front();
    const Item item = lane->items.pop_front();
    if (lane->items.empty()) {
        destination.lanes.erase(lane->sender);
    } else {
        destination.turns.push_back(lane);
    }
    --destination.waiting;
    --items_;
    return item;
}

void Schedule::make_ready(Destination& destination) {
    if (destination.waiting == 0 || destination.queued) return;
    switch (destination.stage) {
        case Destination::Stage::fresh:
            destination.stage = Destination::Stage::waits_for_lookup;
            to_look_up_.push_back(&destination);
            return;
        case Destination::Stage::routed:
            destination.queued = true;
            destination.site->ready.push_back(&destination);
            return make_ready(*destination.site);
        case Destination::Stage::refused: destination.queued = true; return refused_.push_back(&destination);
        case Destination::Stage::waits_for_lookup:
        case Destination::Stage::looking_up:
        case Destination::Stage::unreachable: return;  // it will be, when its route is known
    }
}

void Schedule::make_ready(Site& site) {
    if (site.queued || site.ready.empty()) return;
    site.queued = true;
    ready_sites_.push_back(&site);
}

// ---- what is next

void Schedule::promote(Time now) {
    while (!soon_.empty() && soon_.front().item.due <= now) {
        std::ranges::pop_heap(soon_, LaterFirst{});
        const Soon soon = soon_.back();
        soon_.pop_back();
        --soon.destination->soon;
        enqueue(*soon.destination, soon.item);
    }
    while (!site_timers_.empty() && site_timers_.begin()->first <= now) {
        make_ready(*site_timers_.begin()->second);
        site_timers_.erase(site_timers_.begin());
    }
    while (!lookup_timers_.empty() && lookup_timers_.begin()->first <= now) {
        Destination& destination = *lookup_timers_.begin()->second;
        lookup_timers_.erase(lookup_timers_.begin());
        destination.stage = Destination::Stage::fresh;
        make_ready(destination);
    }
    if (upkeep_at_ <= now) {
        upkeep_at_ = now + upkeep_interval;
        collect_aged(now);
        forget_idle(now);
    }
}

std::optional<Schedule::Job> Schedule::next(Time now) {
    promote(now);
    if (touches_under_way_ < limits_.touches_max) {
        if (std::optional<Job> job = next_touch(now)) return job;
    }
    if (std::optional<Job> job = next_lookup()) return job;
    if (connections_ >= limits_.connections_max) return std::nullopt;
    if (std::optional<Job> job = next_send(now)) return job;
    return next_lookup();  // of routes that were found to be too old
}

Time Schedule::wakes_at() const {
    Time at = upkeep_at_;
    if (!soon_.empty()) at = std::min(at, soon_.front().item.due);
    if (!site_timers_.empty()) at = std::min(at, site_timers_.begin()->first);
    if (!lookup_timers_.empty()) at = std::min(at, lookup_timers_.begin()->first);
    return at;
}

std::optional<Schedule::Job> Schedule::next_touch(Time now) {
    while (!touches_.empty() || !refused_.empty()) {
        Job job;
        if (!touches_.empty()) {
            job = touches_.pop_front();
            --job.destination->jobs;  // counted anew below
        } else {
            Destination& destination = *refused_.pop_front();
            destination.queued = false;
            if (destination.stage == Destination::Stage::refused && destination.valid_until <= now)
                destination.stage = Destination::Stage::fresh;
            if (destination.stage != Destination::Stage::refused || destination.waiting == 0) {
                make_ready(destination);
                continue;
            }
            job = {.act = Act::touch,
                   .destination = &destination,
                   .domain = destination.name,
                   .item = take(destination),
                   .why = destination.failure};
            make_ready(destination);
        }
        const auto [flight, is_new] = in_flight_.try_emplace({job.item.id, job.destination});
        if (!is_new) {
            flight->second = true;
            continue;
        }
        ++job.destination->jobs;
        ++touches_under_way_;
        return job;
    }
    return std::nullopt;
}

std::optional<Schedule::Job> Schedule::next_lookup() {
    if (to_look_up_.empty() || lookups_ >= limits_.lookups_max) return std::nullopt;
    Destination& destination = *to_look_up_.pop_front();
    destination.stage = Destination::Stage::looking_up;
    ++destination.jobs;
    ++lookups_;
    return Job{.act = Act::look_up, .destination = &destination, .domain = destination.name};
}

bool Schedule::may_send(const Site& site, Time now) const { return site.opens <= now && site.active < site.allowed(); }

std::optional<Schedule::Job> Schedule::next_send(Time now) {
    while (!ready_sites_.empty()) {
        Site& site = *ready_sites_.pop_front();
        site.queued = false;
        if (site.opens > now) {
            site_timers_.emplace(site.opens, &site);
            continue;
        }
        if (!may_send(site, now)) continue;  // ready again when a connection is released
        std::optional<Job> job = send_from(site, nullptr, now);
        if (!job) continue;
        ++site.active;
        ++connections_;
        make_ready(site);
        return job;
    }
    return std::nullopt;
}

// The next destination's message; with `over`, one that a connection for this route can carry.
std::optional<Schedule::Job> Schedule::send_from(Site& site, const Route* over, Time now) {
    std::size_t tries = over ? std::min(site.ready.size(), destinations_tried_max) : SIZE_MAX;
    while (!site.ready.empty() && tries-- > 0) {
        Destination& destination = *site.ready.pop_front();
        destination.queued = false;
        if (destination.stage == Destination::Stage::routed && destination.valid_until <= now)
            destination.stage = Destination::Stage::fresh;
        if (destination.stage != Destination::Stage::routed || destination.site != &site || destination.waiting == 0) {
            make_ready(destination);
            continue;
        }
        // One finds out whether it is to be had again; the others go when that one has come back.
        if (destination.failures > 0 && destination.jobs > 0) continue;
        if (over && destination.route.get() != over && !over->shares_connections_with(*destination.route)) {
            make_ready(destination);
            continue;
        }
        const Item item = take(destination);
        make_ready(destination);
        const auto [flight, is_new] = in_flight_.try_emplace({item.id, &destination});
        if (!is_new) {
            flight->second = true;
            continue;
        }
        ++destination.jobs;
        site.used = now;
        return Job{.act = Act::send,
                   .destination = &destination,
                   .domain = destination.name,
                   .site = &site,
                   .route = destination.route,
                   .item = item};
    }
    return std::nullopt;
}

// For a connection, when there are no more. Looks at the next ones only.
bool Schedule::others_wait(const Site& site, Time now) const {
    const std::size_t looked_at = std::min(ready_sites_.size(), others_looked_at_max);
    for (std::size_t i = 0; i < looked_at; ++i) {
        if (ready_sites_.at(i) != &site && may_send(*ready_sites_.at(i), now)) return true;
    }
    return false;
}

std::optional<Schedule::Job> Schedule::another(const Job& before, const Route& route, Time now) {
    Site& site = *before.site;
    if (site.opens > now || site.active > site.allowed()) return std::nullopt;
    if (connections_ >= limits_.connections_max && others_wait(site, now)) {
        if (ready_sites_.at(0) == &site) ready_sites_.push_back(ready_sites_.pop_front());  // it had its turn
        return std::nullopt;
    }
    return send_from(site, &route, now);
}

// ---- what came of it

// Looked at again, from its route on, after a while that gets longer each time.
void Schedule::close(Destination& destination, const Failure& why, Time now) {
    destination.failure = why;
    ++destination.failures;
    destination.stage = Destination::Stage::unreachable;
    destination.retry_at = now + std::min<std::chrono::microseconds>(plan_.wait(destination.failures, random_()), limits_.closed_max);
    lookup_timers_.emplace(destination.retry_at, &destination);
}

void Schedule::routed(Destination& destination, Routing routing, Time now) {
    assert(destination.stage == Destination::Stage::looking_up);
    --lookups_;
    --destination.jobs;
    destination.valid_until = now + routing.valid;
    if (routing.route) {
        auto found = sites_.find((*routing.route)->site());
        if (found == sites_.end()) {
            auto made = std::make_unique<Site>();
            made->key = (*routing.route)->site();
            made->window = static_cast<double>(limits_.site_connections_start);
            const std::string_view key = made->key;
            found = sites_.emplace(key, std::move(made)).first;
        }
        Site& site = *found->second;
        if (destination.site) --destination.site->destinations;
        ++site.destinations;
        site.used = now;
        destination.site = &site;
        destination.route = *std::move(routing.route);
        destination.failure.reset();
        destination.stage = Destination::Stage::routed;
        return make_ready(destination);
    }
    const Failure why = std::move(routing.route).error();
    if (!why.permanent) return close(destination, why, now);
    destination.failure = why;
    destination.failures = 0;
    destination.stage = Destination::Stage::refused;
    make_ready(destination);
}

void Schedule::close(Site& site, const Failure& why, Time now) {
    site.reason = why;
    if (site.opens > now && site.failures > 0) return;  // told by several connections that were under way
    ++site.failures;
    site.window = static_cast<double>(limits_.site_connections_start);
    site.opens = now + std::min<std::chrono::microseconds>(plan_.wait(site.failures, random_()), limits_.closed_max);
}

void Schedule::slow_down(Site& site, const Failure& why, Time now) {
    site.reason = why;
    if (site.opens > now) return;
    site.window = std::max(1.0, site.window / 2);
    const std::chrono::seconds pause = limits_.slow_pause * (std::int64_t{1} << std::min<std::uint32_t>(site.slow_downs++, 16));
    site.opens = now + std::min(pause, limits_.slow_pause_max);
}

void Schedule::leave_flight(const Job& job, Time now) {
    const auto flight = in_flight_.find({job.item.id, job.destination});
    const bool again = flight->second;
    in_flight_.erase(flight);
    --job.destination->jobs;
    if (!again) return;
    Item item = job.item;
    item.due = now;
    ++items_;
    enqueue(*job.destination, item);
}

void Schedule::finished(const Job& job, const Feedback& feedback, Time now) {
    leave_flight(job, now);
    Site& site = *job.site;
    Destination& destination = *job.destination;
    if (feedback.reached) site.failures = destination.failures = 0;
    make_ready(destination);
    if (feedback.trouble && !feedback.reached && !feedback.trouble->slow_down) {
        if (destination.stage == Destination::Stage::routed) close(destination, *feedback.trouble, now);
        return;
    }
    // A host that takes some connections and not one more wants fewer.
    const bool works = site.active > 1 && site.worked + working_for > now;
    if (feedback.trouble && !feedback.reached && !works) return close(site, *feedback.trouble, now);
    if (feedback.trouble) return slow_down(site, *feedback.trouble, now);
    if (!feedback.reached) return;
    site.worked = now;
    site.slow_downs = 0;
    site.reason.reset();
    site.window = std::min(site.window + 1 / site.window, static_cast<double>(limits_.site_connections_max));
    make_ready(site);
}

void Schedule::released(Site& site) {
    --site.active;
    --connections_;
    make_ready(site);
}

void Schedule::touched(const Job& job, Time now) {
    leave_flight(job, now);
    --touches_under_way_;
}

void Schedule::hurry(std::string_view domain, Time now) {
    const auto found = destinations_.find(domain);
    if (found == destinations_.end()) return;
    Destination& destination = *found->second;
    if (destination.stage == Destination::Stage::unreachable) {
        lookup_timers_.erase({destination.retry_at, &destination});
        destination.stage = Destination::Stage::fresh;
        return make_ready(destination);
    }
    destination.valid_until = std::min(destination.valid_until, now);
    if (!destination.site || destination.site->opens <= now) return;
    site_timers_.erase({destination.site->opens, destination.site});
    destination.site->opens = now;
    make_ready(*destination.site);
}

void Schedule::forget_routes(Time now) {
    for (const auto& [name, destination] : destinations_) {
        destination->valid_until = std::min(destination->valid_until, now);
        if (destination->stage != Destination::Stage::unreachable) continue;
        lookup_timers_.erase({destination->retry_at, destination.get()});
        destination->stage = Destination::Stage::fresh;
        make_ready(*destination);
    }
}

// ---- age

void Schedule::collect_aged(Time now) {
    for (const auto& [name, destination] : destinations_) {
        if (destination->waiting > 0) collect_aged(*destination, now);
    }
}

void Schedule::collect_aged(Destination& destination, Time now) {
    const auto aged = [&](const Item& item) {
        return plan_.expires(item.begins) <= now || (!item.warned && plan_.is_warning_due(item.begins, now));
    };
    std::vector<Item> old;
    Ring<Lane*> turns;
    while (!destination.turns.empty()) {
        Lane* lane = destination.turns.pop_front();
        for (std::size_t left = lane->items.size(); left > 0; --left) {
            const Item item = lane->items.pop_front();
            if (aged(item)) {
                old.push_back(item);
            } else {
                lane->items.push_back(item);
            }
        }
        if (lane->items.empty()) {
            destination.lanes.erase(lane->sender);
        } else {
            turns.push_back(lane);
        }
    }
    destination.turns = std::move(turns);
    destination.waiting -= old.size();
    items_ -= old.size();
    if (old.empty()) return;
    std::optional<Failure> why = destination.failure;
    if (!why && destination.site) why = destination.site->reason;
    if (!why) why = Failure{};  // nothing that holds all of them up
    for (const Item& item : old) {
        ++destination.jobs;
        touches_.push_back({.act = Act::touch, .destination = &destination, .domain = destination.name, .item = item, .why = why});
    }
}

void Schedule::forget_idle(Time now) {
    std::erase_if(destinations_, [&](const auto& entry) {
        Destination& destination = *entry.second;
        const bool settled = destination.stage == Destination::Stage::fresh || destination.stage == Destination::Stage::routed ||
                             destination.stage == Destination::Stage::refused;
        const bool room = destinations_.size() < limits_.destinations_max / 2;
        if (!destination.idle() || !settled || (room && destination.valid_until > now)) return false;
        if (destination.site) --destination.site->destinations;
        return true;
    });
    std::erase_if(sites_, [&](const auto& entry) {
        Site& site = *entry.second;
        const bool old = site.used + idle_site_kept <= now || sites_.size() > limits_.destinations_max / 2;
        if (!old || site.destinations > 0 || site.active > 0 || site.queued || !site.ready.empty() || site.used + idle_site_kept > now)
            return false;
        std::erase_if(site_timers_, [&](const auto& timer) { return timer.second == &site; });
        return true;
    });
}

// ---- for people

Schedule::State Schedule::describe(const Destination& destination, Time now) const {
    State state;
    state.domain = destination.name;
    state.waiting = destination.waiting + destination.soon;
    if (destination.route) state.route = destination.route->text();
    if (destination.failure) state.reason = destination.failure->reason;
    if (destination.stage == Destination::Stage::unreachable) state.until = destination.retry_at;
    if (!destination.site || destination.failure) return state;
    const Site& site = *destination.site;
    state.connections = site.active;
    state.connections_allowed = site.allowed();
    if (site.reason) state.reason = site.reason->reason;
    if (site.opens > now) state.until = site.opens;
    return state;
}

std::optional<Schedule::State> Schedule::state(std::string_view domain, Time now) const {
    const auto found = destinations_.find(domain);
    if (found == destinations_.end()) return std::nullopt;
    return describe(*found->second, now);
}

std::vector<Schedule::State> Schedule::states(Time now) const {
    std::vector<State> states;
    states.reserve(destinations_.size());
    for (const auto& [name, destination] : destinations_) states.push_back(describe(*destination, now));
    return states;
}

}  // namespace packetboat::delivery
