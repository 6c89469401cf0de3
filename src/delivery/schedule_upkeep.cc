#include <algorithm>
#include <utility>

#include "delivery/schedule_parts.h"

// What has been there for too long, and what people want to know.
namespace packetboat::delivery {
namespace {

constexpr std::chrono::seconds idle_site_kept{3600};

}  // namespace

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
    for (auto& [key, lane] : destination.lanes) {
        for (std::size_t left = lane.items.size(); left > 0; --left) {
            const Item item = lane.items.pop_front();
            if (aged(item)) {
                old.push_back(item);
            } else {
                lane.items.push_back(item);
            }
        }
    }
    std::erase_if(destination.lanes, [](const auto& entry) { return entry.second.items.empty() && entry.second.rings == 0; });
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
    for (const auto& [key, site] : sites_) {
        for (std::size_t left = site->turns.size(); left > 0; --left) {
            Share& share = *site->turns.pop_front();
            share.turning = !share.lanes.empty();
            if (share.turning) {
                site->turns.push_back(&share);
            } else {
                erase_if_unused(share);
            }
        }
    }
    std::erase_if(sites_, [&](const auto& entry) {
        const Site& site = *entry.second;
        return site.used + idle_site_kept <= now && site.destinations == 0 && site.active == 0 && !site.timed && site.shares.empty();
    });
}

// ---- for people

Schedule::State Schedule::describe(const Destination& destination, Time now) const {
    State state;
    state.domain = destination.name;
    state.waiting = destination.waiting + destination.soon;
    if (destination.route) state.route = destination.route->text();
    if (destination.failure) state.reason = destination.failure->reason;
    if (destination.is_timed()) state.until = destination.retry_at;
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
