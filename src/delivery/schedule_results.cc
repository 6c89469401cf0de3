#include <algorithm>
#include <cassert>
#include <utility>

#include "delivery/schedule_parts.h"

// What came of it, and what operators want.
namespace packetboat::delivery {
namespace {

constexpr std::chrono::seconds working_for{60};

}  // namespace

// Looked at again, from its route on, after a while that gets longer each time.
void Schedule::retry_later(Destination& destination, const Failure& why, Time now) {
    destination.failure = why;
    ++destination.failures;
    destination.retry_at = now + std::min<std::chrono::microseconds>(plan_.wait(destination.failures, random_()), limits_.closed_max);
    lookup_timers_.emplace(destination.retry_at, &destination);
}

void Schedule::reopen(Destination& destination) {
    lookup_timers_.erase({destination.retry_at, &destination});
    destination.stage = Destination::Stage::fresh;
    make_ready(destination);
}

void Schedule::routed(Destination& destination, Routing routing, Time now) {
    assert(destination.stage == Destination::Stage::looking_up);
    lookups_.give_back(destination.looked_up_by, destination.looked_up_failing);
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
    if (!why.permanent) {
        destination.stage = Destination::Stage::unreachable;
        return retry_later(destination, why, now);
    }
    destination.failure = why;
    destination.failures = 0;
    destination.stage = Destination::Stage::refused;
    make_ready(destination);
}

void Schedule::set_opens(Site& site, Time opens, Time now) {
    if (site.timed) site_timers_.erase({site.opens, &site});
    site.opens = opens;
    site.timed = opens > now;
    if (site.timed) site_timers_.emplace(opens, &site);
}

void Schedule::close(Site& site, const Failure& why, Time now) {
    site.reason = why;
    if (site.opens > now && site.failures > 0) return;  // told by several connections that were under way
    ++site.failures;
    site.window = static_cast<double>(limits_.site_connections_start);
    const std::chrono::microseconds pause = plan_.wait(site.failures, random_());
    set_opens(site, now + std::min<std::chrono::microseconds>(pause, limits_.closed_max), now);
}

void Schedule::slow_down(Site& site, const Failure& why, Time now) {
    site.reason = why;
    if (site.opens > now) return;
    site.window = std::max(1.0, site.window / 2);
    const std::chrono::seconds pause = limits_.slow_pause * (std::int64_t{1} << std::min<std::uint32_t>(site.slow_downs++, 16));
    set_opens(site, now + std::min(pause, limits_.slow_pause_max), now);
}

void Schedule::leave_flight(const Item& item, Destination& destination, Time now) {
    const auto flight = in_flight_.find({item.id, &destination});
    const bool again = flight->second;
    in_flight_.erase(flight);
    --destination.jobs;
    if (!again) return;
    Item more = item;
    more.due = now;
    ++items_;
    enqueue(destination, more);
}

void Schedule::finished(const Job& job, const Feedback& feedback, Time now) {
    Site& site = *job.site;
    if (feedback.reached) site.failures = 0;
    const auto leave = [&](Destination& destination) {
        leave_flight(job.item, destination, now);
        const bool probed = destination.failures > 0;
        // A message that does not demand it does not show that it is to be had.
        if (feedback.reached && !feedback.eased && destination.stage == Destination::Stage::routed) destination.failures = 0;
        if (&destination != job.destination || !job.exempt) --destination.sends;
        const bool not_to_be_had = feedback.trouble && !feedback.reached && !feedback.trouble->slow_down;
        if (not_to_be_had && destination.stage == Destination::Stage::routed) {
            destination.stage = Destination::Stage::shut;
            retry_later(destination, *feedback.trouble, now);
            make_ready(destination);
        } else if (probed) {
            make_ready(destination);
        }
    };
    leave(*job.destination);
    for (const Job::Companion& companion : job.companions) leave(*companion.destination);
    if (feedback.trouble && !feedback.reached && !feedback.trouble->slow_down) return;
    // A host that takes some connections and not one more wants fewer.
    const bool works = site.active > 1 && site.worked + working_for > now;
    if (feedback.trouble && !feedback.reached && !works) return close(site, *feedback.trouble, now);
    if (feedback.trouble) return slow_down(site, *feedback.trouble, now);
    if (!feedback.reached) return;
    site.worked = now;
    site.slow_downs = 0;
    site.reason.reset();
    site.window = std::min(site.window + 1 / site.window, static_cast<double>(limits_.site_connections_max));
    offer(site);
}

void Schedule::released(const Job& last) {
    --last.site->active;
    connections_.give_back(last.item.sender, last.failing);
    offer(*last.site);
}

void Schedule::touched(const Job& job, Time now) {
    --touches_under_way_;
    leave_flight(job.item, *job.destination, now);
}

void Schedule::sifted(const Job& job, std::optional<bool> exempt, Time now) {
    --sifts_under_way_;
    leave_flight(job.item, *job.destination, now);
    if (!exempt) return;
    ++items_;
    enqueue(*job.destination, job.item, *exempt ? Kind::exempt : Kind::ordinary);
}

void Schedule::hurry(std::string_view domain, Time now) {
    const auto found = destinations_.find(domain);
    if (found == destinations_.end()) return;
    Destination& destination = *found->second;
    destination.valid_until = std::min(destination.valid_until, now);
    if (destination.is_timed()) reopen(destination);
    make_ready(destination);
    if (!destination.site || destination.site->opens <= now) return;
    set_opens(*destination.site, now, now);
    offer(*destination.site);
}

void Schedule::forget_routes(Time now) {
    for (const auto& [name, destination] : destinations_) {
        destination->valid_until = std::min(destination->valid_until, now);
        if (destination->is_timed()) reopen(*destination);
    }
}

}  // namespace packetboat::delivery
