#pragma once

#include <cassert>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "delivery/schedule.h"

// What a Schedule consists of; for its own files only.
//
// Rings have no middle, so what stands in one and is no longer wanted there is left out when it comes to the front: it knows how many
// rings it stands in, and lives until it is in none.
namespace packetboat::delivery {

// A sender's messages of one kind for one destination.
struct Schedule::Lane {
    Destination* destination = nullptr;
    std::uint64_t sender = 0;
    Kind kind = Kind::unknown;
    Ring<Item> items;
    Share* share = nullptr;  // in its lanes
    bool asked = false;      // in lookups_
    bool sifting = false;    // in to_sift_
    bool refused = false;    // in refused_
    std::uint32_t rings = 0;
};

// A sender's lanes at one site.
struct Schedule::Share {
    Site* site = nullptr;
    std::uint64_t sender = 0;
    Ring<Lane*> lanes;
    bool waits = false;    // in connections_, in picked_, or in one of the site's two rings of those who wait for their offer
    bool turning = false;  // in the site's turns
};

struct Schedule::Site {
    std::string key;
    double window = 0;  // connections allowed
    std::uint64_t active = 0;
    std::uint64_t destinations = 0;  // that are routed to it
    std::uint32_t failures = 0;      // in a row, to reach it; more than none: the next message is a probe
    std::uint32_t slow_downs = 0;    // in a row
    Time opens{};                    // nothing is sent before
    bool timed = false;              // in site_timers_, by `opens`
    Time used{};
    Time worked{};                          // when it last took a message
    std::optional<Failure> reason;          // for what it said or did not say last, until all is well
    std::map<std::uint64_t, Share> shares;  // by sender
    Ring<Share*> turned_away;               // had their turn while the site could take no more: they are the next
    Ring<Share*> waiting;                   // for a place in connections_
    std::uint64_t offered = 0;              // are in connections_
    Ring<Share*> turns;                     // all, for connections that are open

    std::uint64_t allowed() const { return failures > 0 ? 1 : static_cast<std::uint64_t>(window); }
    bool may_send(Time now) const { return opens <= now && active < allowed(); }
};

struct Schedule::Destination {
    enum class Stage : std::uint8_t { fresh, waits_for_lookup, looking_up, routed, shut, refused, unreachable };

    std::string name;
    Stage stage = Stage::fresh;
    Site* site = nullptr;
    std::shared_ptr<const Route> route;
    Time valid_until{};
    Time retry_at{};                 // of shut and unreachable, in lookup_timers_
    std::optional<Failure> failure;  // of shut, refused and unreachable
    std::uint32_t failures = 0;
    std::map<std::pair<Kind, std::uint64_t>, Lane> lanes;
    std::uint64_t waiting = 0;
    std::uint64_t soon = 0;          // in soon_
    std::uint64_t jobs = 0;          // that know of it
    std::uint64_t sends = 0;         // of these, that try what it demands
    std::uint64_t looked_up_by = 0;  // the sender
    bool looked_up_failing = false;

    bool is_timed() const { return stage == Stage::shut || stage == Stage::unreachable; }
    bool idle() const { return waiting == 0 && soon == 0 && jobs == 0 && lanes.empty(); }
};

}  // namespace packetboat::delivery
