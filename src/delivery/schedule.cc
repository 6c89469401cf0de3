#include "delivery/schedule.h"

#include <algorithm>
#include <utility>

#include "delivery/schedule_parts.h"

// What is next.
namespace packetboat::delivery {
namespace {

constexpr std::size_t lanes_tried_max = 16;  // of one site, for a message that an open connection can carry

}  // namespace

std::optional<Schedule::Job> Schedule::next(Time now) {
    promote(now);
    if (touches_under_way_ < limits_.touches_max) {
        if (std::optional<Job> job = next_touch(now)) return job;
    }
    if (sifts_under_way_ < limits_.sifts_max) {
        if (std::optional<Job> job = next_sift()) return job;
    }
    if (std::optional<Job> job = next_lookup()) return job;
    if (std::optional<Job> job = next_send(now)) return job;
    return next_lookup();  // of routes that were found to be too old
}

// False: it is under way already, and whoever has it will look once more.
bool Schedule::enter_flight(const Item& item, Destination& destination) {
    const auto [flight, is_new] = in_flight_.try_emplace({item.id, &destination});
    if (!is_new) {
        flight->second = true;
        return false;
    }
    ++destination.jobs;
    return true;
}

std::optional<Schedule::Job> Schedule::next_touch(Time now) {
    while (!touches_.empty() || !refused_.empty()) {
        std::optional<Job> job;
        if (!touches_.empty()) {
            job = touches_.pop_front();
            --job->destination->jobs;  // counted anew below
        } else {
            job = refused_touch(now);
        }
        if (!job || !enter_flight(job->item, *job->destination)) continue;
        ++touches_under_way_;
        return job;
    }
    return std::nullopt;
}

std::optional<Schedule::Job> Schedule::refused_touch(Time now) {
    Lane& lane = *refused_.pop_front();
    Destination& destination = *lane.destination;
    lane.refused = false;
    --lane.rings;
    if (destination.stage == Destination::Stage::refused && destination.valid_until <= now) destination.stage = Destination::Stage::fresh;
    std::optional<Job> job;
    if (destination.stage == Destination::Stage::refused && !lane.items.empty()) {
        job =
            Job{.act = Act::touch, .destination = &destination, .domain = destination.name, .item = take(lane), .why = destination.failure};
    }
    make_ready(lane);
    erase_if_unused(lane);
    return job;
}

std::optional<Schedule::Job> Schedule::next_sift() {
    while (!to_sift_.empty()) {
        Lane& lane = *to_sift_.pop_front();
        Destination& destination = *lane.destination;
        lane.sifting = false;
        --lane.rings;
        if (destination.stage != Destination::Stage::shut || lane.items.empty()) {
            erase_if_unused(lane);
            continue;
        }
        const Item item = take(lane);
        make_ready(lane);
        erase_if_unused(lane);
        if (!enter_flight(item, destination)) continue;
        ++sifts_under_way_;
        return Job{.act = Act::sift, .destination = &destination, .domain = destination.name, .item = item};
    }
    return std::nullopt;
}

std::optional<Schedule::Job> Schedule::next_lookup() {
    while (const std::optional<SenderTurns<Lane*>::Next> turn = lookups_.next()) {
        Lane& lane = *turn->thing;
        Destination& destination = *lane.destination;
        lane.asked = false;
        --lane.rings;
        const bool wanted = destination.stage == Destination::Stage::waits_for_lookup;
        erase_if_unused(lane);
        if (!wanted) continue;
        if (destination.waiting == 0) {
            destination.stage = Destination::Stage::fresh;
            continue;
        }
        destination.stage = Destination::Stage::looking_up;
        destination.looked_up_by = turn->sender;
        destination.looked_up_failing = turn->failing;
        lookups_.take(turn->sender, turn->failing);
        ++destination.jobs;
        return Job{.act = Act::look_up, .destination = &destination, .domain = destination.name, .failing = turn->failing};
    }
    return std::nullopt;
}

// ---- over a new connection

std::optional<Schedule::Job> Schedule::next_send(Time now) {
    while (connections_.taken() < limits_.connections_max) {
        const std::optional<Turn> turn = pick(now);
        if (!turn) return std::nullopt;
        Share& share = *turn->thing;
        Site& site = *share.site;
        std::size_t tries = SIZE_MAX;
        std::optional<Job> job = send_from(share, nullptr, tries, now);
        if (job) {
            job->failing = turn->failing;
            ++site.active;
            connections_.take(turn->sender, turn->failing);
        }
        share.waits = !share.lanes.empty();
        if (share.waits) {
            site.waiting.push_back(&share);
        } else {
            erase_if_unused(share);
        }
        offer(site);
        if (job) return job;
    }
    return std::nullopt;
}

// Who has the next connection: a share of a site that can take it.
std::optional<Schedule::Turn> Schedule::pick(Time now) {
    for (;;) {
        std::optional<Turn> turn = std::exchange(picked_, std::nullopt);
        if (!turn) {
            turn = connections_.next();
            if (!turn) return std::nullopt;
            --turn->thing->site->offered;
        }
        Share& share = *turn->thing;
        Site& site = *share.site;
        if (share.lanes.empty()) {
            share.waits = false;
            erase_if_unused(share);
            offer(site);
        } else if (!site.may_send(now)) {
            site.turned_away.push_back(&share);  // offered again when a connection is released
        } else if (turn->failing != (site.failures > 0)) {
            ++site.offered;
            connections_.wait(share.sender, &share, site.failures > 0);
        } else {
            return turn;
        }
    }
}

// A message of the share's next lane; with `over`, one that a connection for this route can carry.
std::optional<Schedule::Job> Schedule::send_from(Share& share, const Route* over, std::size_t& tries, Time now) {
    std::size_t passed_over = 0;
    while (share.lanes.size() > passed_over && tries > 0) {
        Lane& lane = *share.lanes.pop_front();
        --lane.rings;
        if (!may_go(lane, share, now)) continue;
        Destination& destination = *lane.destination;
        const auto stay = [&] {
            ++lane.rings;
            lane.share = &share;
            share.lanes.push_back(&lane);
        };
        if (over && destination.route.get() != over && !over->shares_connections_with(*destination.route)) {
            stay();
            ++passed_over;
            --tries;
            continue;
        }
        const Item item = take(lane);
        const bool exempt = lane.kind == Kind::exempt;
        if (!lane.items.empty()) stay();
        erase_if_unused(lane);
        if (!enter_flight(item, destination)) continue;
        if (!exempt) ++destination.sends;
        share.site->used = now;
        return Job{.act = Act::send,
                   .destination = &destination,
                   .domain = destination.name,
                   .site = share.site,
                   .route = destination.route,
                   .item = item,
                   .exempt = exempt};
    }
    return std::nullopt;
}

// Whether a lane that has left the share's ring may have a message sent; else it goes where it belongs.
bool Schedule::may_go(Lane& lane, const Share& share, Time now) {
    Destination& destination = *lane.destination;
    if (lane.share != &share || lane.items.empty()) {
        if (lane.share == &share) lane.share = nullptr;
        erase_if_unused(lane);
        return false;
    }
    lane.share = nullptr;
    if (destination.stage == Destination::Stage::routed && destination.valid_until <= now) destination.stage = Destination::Stage::fresh;
    const bool exempt = lane.kind == Kind::exempt;
    const bool open = destination.stage == Destination::Stage::routed || (destination.stage == Destination::Stage::shut && exempt);
    if (!open || destination.site != share.site) {
        make_ready(lane);
        return false;
    }
    // One finds out whether it is to be had again; the others go when that one has come back.
    return exempt || destination.failures == 0 || destination.sends == 0;
}

// ---- over a connection that is open

std::optional<Schedule::Job> Schedule::another(const Job& before, const Route& route, Time now) {
    Site& site = *before.site;
    if (site.opens > now || site.active > site.allowed()) return std::nullopt;
    const bool short_of_places = connections_.short_of_places();
    connections_.give_back(before.item.sender, before.failing);
    std::optional<Job> job;
    if (!short_of_places || !others_wait(site, now)) job = next_over(site, route, now);
    if (job) job->failing = site.failures > 0;
    connections_.take((job ? *job : before).item.sender, (job ? *job : before).failing);
    return job;
}

// For the connection.
bool Schedule::others_wait(const Site& site, Time now) {
    std::vector<Share*> own;  // not more than are offered at once
    for (;;) {
        std::optional<Turn> turn = pick(now);
        if (turn && turn->thing->site == &site) {
            own.push_back(turn->thing);
            continue;
        }
        for (Share* share : own) {
            ++share->site->offered;
            connections_.wait(share->sender, share, share->site->failures > 0);
        }
        picked_ = turn;
        return turn.has_value();
    }
}

std::optional<Schedule::Job> Schedule::next_over(Site& site, const Route& over, Time now) {
    std::size_t tries = lanes_tried_max;
    for (std::size_t left = site.turns.size(); left > 0 && tries > 0; --left) {
        Share& share = *site.turns.pop_front();
        std::optional<Job> job = send_from(share, &over, tries, now);
        share.turning = !share.lanes.empty();
        if (share.turning) {
            site.turns.push_back(&share);
        } else {
            erase_if_unused(share);
        }
        if (job) return job;
    }
    return std::nullopt;
}

bool Schedule::join(Job& job, std::string_view domain, Time now) {
    const auto found = destinations_.find(domain);
    if (found == destinations_.end()) return false;
    Destination& destination = *found->second;
    if (destination.stage != Destination::Stage::routed || destination.valid_until <= now || destination.site != job.site) return false;
    if (destination.failures > 0 || !job.route->shares_connections_with(*destination.route)) return false;
    if (!in_flight_.try_emplace({job.item.id, &destination}).second) return false;
    ++destination.jobs;
    ++destination.sends;
    job.companions.push_back({&destination, destination.name});
    return true;
}

}  // namespace packetboat::delivery
