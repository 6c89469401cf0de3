#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "delivery/queue.h"
#include "delivery/retry_plan.h"
#include "delivery/ring.h"
#include "delivery/sender_turns.h"
#include "delivery/transport.h"

namespace packetboat::delivery {

struct ScheduleLimits {
    std::uint64_t connections_max = 200;       // under way, in all
    std::uint64_t site_connections_start = 2;  // to the hosts of one site
    std::uint64_t site_connections_max = 20;
    std::uint64_t lookups_max = 50;  // of routes, at once
    std::uint64_t touches_max = 16;  // messages that are given up or warned of, at once
    std::uint64_t sifts_max = 8;     // messages that are looked into for what they demand, at once
    std::uint64_t items_max = 2'000'000;
    std::uint64_t destinations_max = 200'000;
    std::chrono::seconds slow_pause{10};  // after "not so fast"; doubled for each one that follows
    std::chrono::seconds slow_pause_max{900};
    std::chrono::seconds closed_max{1800};  // a site that cannot be reached is looked at again after so long at the latest
};

// What is to be sent, and who may go next. Knows destinations (domains), sites (the hosts that serve them, which share one limit of
// connections) and senders, and is fair at each of these: senders take turns, of a sender his sites, at a site its senders, and of each of
// them his domains. Lookups are given out by senders' turns too. Whoever writes to many hosts that do not answer leaves room for others
// (sender_turns.h).
//
// A site begins with few connections, gets more with every success and fewer with every "not so fast". When none of its hosts can be
// reached it is closed for a while: nothing is tried, until one message, the probe, finds out whether it is back. Where only what a
// domain demands of its hosts is not to be had, that domain is shut, but for messages that do not demand it (RFC 8689 §5).
//
// One thread; no clock, no disk, no network: whoever owns it does what next() says and tells what came of it. A clock that is set back
// makes nothing wait for longer.
class Schedule {
public:
    struct Destination;
    struct Site;

    // `random` makes jitter.
    Schedule(ScheduleLimits limits, RetryPlan plan, std::function<std::uint64_t()> random);
    ~Schedule();

    // A message with recipients at a domain; the same one twice does no harm. False: there is no room, ask again when there is.
    bool add(const RelayDue& due, Time now);
    // What had its place already, and must not be forgotten.
    void put_back(const RelayDue& due);
    bool has_room() const { return items_ < limits_.items_max && destinations_.size() < limits_.destinations_max; }

    struct Item {
        Id128 id;
        Time due;
        Time begins;  // of QueueEntry
        std::uint64_t sender = 0;
        bool warned = false;  // of RelayDue
    };
    enum class Act : std::uint8_t {
        look_up,  // the route of `destination`: then routed()
        send,     // `item`, over a connection to `site`: then finished(), and another() or released()
        touch,    // `item` has become too old while nothing could be tried, or its route says that it never can be: then touched()
        sift,     // whether `item` demands what `destination` is shut for: then sifted()
    };
    struct Job {
        Act act = Act::look_up;
        Destination* destination = nullptr;  // valid until the job's end
        std::string domain;                  // of the destination
        Site* site = nullptr;                // of send
        std::shared_ptr<const Route> route;  // of send
        Item item;
        std::optional<Failure> why;  // of touch: what holds it up; without words when it is nothing in particular
        struct Companion {
            Destination* destination;
            std::string domain;
        };
        std::vector<Companion> companions{};  // of send: joined
        bool failing = false;                 // a site or a destination that failed before
        bool exempt = false;                  // of send: from what the destination is shut for
    };
    std::optional<Job> next(Time now);
    // When next() may have something new, unless something is told meanwhile.
    Time wakes_at() const;

    void routed(Destination& destination, Routing routing, Time now);

    // What a message on a connection to the site has shown of it.
    struct Feedback {
        bool reached = false;  // the site's hosts do answer
        // slow_down: of the site. Not reached, without it: what only this destination demands of its hosts was not to be had.
        std::optional<Failure> trouble;
        bool eased = false;  // by a message that does not demand what others do
    };
    // Another domain of the job's message, whose recipients the same connection can carry in the same shipment: they go with it until
    // finished(). False: they go by themselves.
    bool join(Job& job, std::string_view domain, Time now);
    void finished(const Job& job, const Feedback& feedback, Time now);
    // Another message that the connection, made for `route`, can carry.
    std::optional<Job> another(const Job& before, const Route& route, Time now);
    // `last`: of the connection.
    void released(const Job& last);
    void touched(const Job& job, Time now);
    // Whether it is exempt; nullopt: it is no longer there, or has been put back.
    void sifted(const Job& job, std::optional<bool> exempt, Time now);

    // An operator wants it tried now.
    void hurry(std::string_view domain, Time now);
    // Every route is asked for anew.
    void forget_routes(Time now);
    // Whatever waits is forgotten: all of it will be added again. What is under way is not touched.
    void forget_waiting();
    // It makes sense to look for what there was no room for.
    bool has_much_room() const { return items_ <= limits_.items_max / 2 && has_room(); }

    struct State {
        std::string domain;
        std::string route;  // in plain words; empty: not known yet
        std::uint64_t waiting = 0;
        std::uint64_t connections = 0;  // of the site
        std::uint64_t connections_allowed = 0;
        std::string reason;  // why it waits; empty: it does not
        std::optional<Time> until;
    };
    std::optional<State> state(std::string_view domain, Time now) const;
    std::vector<State> states(Time now) const;

    std::uint64_t items() const { return items_; }
    std::uint64_t connections() const { return connections_.taken(); }
    std::size_t destinations() const { return destinations_.size(); }

private:
    struct Lane;
    struct Share;
    enum class Kind : std::uint8_t { unknown, ordinary, exempt };  // of messages, by what they demand
    struct Soon {
        Time at;  // item.due, but for clocks that were set
        Item item;
        Destination* destination;
    };
    struct LaterFirst {  // for a heap with the earliest on top
        bool operator()(const Soon& a, const Soon& b) const { return a.at > b.at; }
    };
    using InFlight = std::pair<Id128, const Destination*>;
    struct InFlightHash {
        std::size_t operator()(const InFlight& key) const;
    };
    template <class T>
    using Timers = std::set<std::pair<Time, T*>>;
    using Turn = SenderTurns<Share*>::Next;

    // What waits: schedule_waiting.cc.
    Destination& find_or_make(std::string_view domain);
    void enqueue(Destination& destination, Item item, Kind kind = Kind::unknown);
    void add_later(Destination& destination, const Item& item);
    Item take(Lane& lane);
    void erase_if_unused(Lane& lane);
    void erase_if_unused(Share& share);
    void make_ready(Destination& destination);
    void make_ready(Lane& lane);
    void offer(Lane& lane);
    void offer(Site& site);
    void promote(Time now);
    void clock_was_set_back(std::chrono::microseconds by);

    // What is next: schedule.cc.
    bool enter_flight(const Item& item, Destination& destination);
    std::optional<Job> next_touch(Time now);
    std::optional<Job> refused_touch(Time now);
    std::optional<Job> next_sift();
    std::optional<Job> next_lookup();
    std::optional<Job> next_send(Time now);
    std::optional<Turn> pick(Time now);
    std::optional<Job> send_from(Share& share, const Route* over, std::size_t& tries, Time now);
    bool may_go(Lane& lane, const Share& share, Time now);
    std::optional<Job> next_over(Site& site, const Route& over, Time now);
    bool others_wait(const Site& site, Time now);

    // What came of it: schedule_results.cc.
    void leave_flight(const Item& item, Destination& destination, Time now);
    void retry_later(Destination& destination, const Failure& why, Time now);
    void reopen(Destination& destination);
    void set_opens(Site& site, Time opens, Time now);
    void close(Site& site, const Failure& why, Time now);
    void slow_down(Site& site, const Failure& why, Time now);

    // Age, and for people: schedule_upkeep.cc.
    void collect_aged(Time now);
    void collect_aged(Destination& destination, Time now);
    void forget_idle(Time now);
    State describe(const Destination& destination, Time now) const;

    ScheduleLimits limits_;
    RetryPlan plan_;
    std::function<std::uint64_t()> random_;
    std::unordered_map<std::string_view, std::unique_ptr<Destination>> destinations_;  // by their own names
    std::unordered_map<std::string_view, std::unique_ptr<Site>> sites_;                // the same
    std::vector<Soon> soon_;                                                           // a heap
    SenderTurns<Lane*> lookups_;
    SenderTurns<Share*> connections_;
    std::optional<Turn> picked_;  // has the next connection, when there is one
    Ring<Lane*> refused_;         // no message for them can ever be sent
    Ring<Lane*> to_sift_;
    Ring<Job> touches_;
    Timers<Destination> lookup_timers_;
    Timers<Site> site_timers_;
    // Told: it was asked for once more meanwhile, by news that whoever has it may not know of.
    std::unordered_map<InFlight, bool, InFlightHash> in_flight_;
    std::uint64_t items_ = 0;  // that wait, now or soon
    std::uint64_t touches_under_way_ = 0;
    std::uint64_t sifts_under_way_ = 0;
    Time upkeep_at_{};
    Time seen_{};  // on the clock
};

}  // namespace packetboat::delivery
