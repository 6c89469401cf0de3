#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "delivery/ring.h"

namespace packetboat::delivery {

// Who gets the next of a number of places (connections, lookups): what waits for one stands in its sender's line, and senders take turns.
//
// Turns alone are not enough where places are held for long: somebody who writes to ten thousand hosts that do not answer would hold all
// of them. So nobody gets one more while he holds more than what is free, and a newcomer finds one; and what has failed before gets
// no more than half of all.
//
// Every operation is O(1), but for give_back(): that looks again at senders who had their share, of whom each holds a place.
template <class T>
class SenderTurns {
public:
    struct Next {
        std::uint64_t sender = 0;
        T thing{};
        bool failing = false;
    };

    explicit SenderTurns(std::uint64_t places_max) : places_max_(places_max), failing_max_(std::max<std::uint64_t>(1, places_max / 2)) {}

    // `failing`: it has failed before.
    void wait(std::uint64_t sender, T thing, bool failing) {
        Line& line = line_of(sender);
        Part& part = line.parts[failing];
        part.things.push_back(std::move(thing));
        queue(line, failing);
    }

    // Who has the next turn leaves its line; nullopt: nobody, or nobody may. Whoever begins with it calls take().
    std::optional<Next> next() {
        if (taken() >= places_max_) return std::nullopt;
        // What has failed and what has not take turns as well.
        failing_first_ = !failing_first_;
        for (const bool failing : {failing_first_, !failing_first_}) {
            if (failing && taken_[true] >= failing_max_) continue;
            while (!turns_[failing].empty()) {
                Line& line = *turns_[failing].pop_front();
                Part& part = line.parts[failing];
                if (has_its_share(line, failing)) {
                    over_[failing].push_back(&line);
                    continue;
                }
                Next next{.sender = line.sender, .thing = part.things.pop_front(), .failing = failing};
                part.queued = false;
                if (!part.things.empty()) queue(line, failing);
                forget_if_empty(line);
                return next;
            }
        }
        return std::nullopt;
    }

    void take(std::uint64_t sender, bool failing) {
        ++taken_[failing];
        ++line_of(sender).parts[failing].taken;
    }
    void give_back(std::uint64_t sender, bool failing) {
        --taken_[failing];
        Line& line = line_of(sender);
        --line.parts[failing].taken;
        for (const bool kind : {false, true}) {
            while (!over_[kind].empty()) turns_[kind].push_back(over_[kind].pop_front());
        }
        forget_if_empty(line);
    }

    std::uint64_t taken() const { return taken_[false] + taken_[true]; }
    // Somebody waits who may not have one before one is given back.
    bool short_of_places() const { return taken() >= places_max_ || !over_[false].empty() || !over_[true].empty(); }
    std::size_t senders() const { return lines_.size(); }

private:
    struct Part {
        Ring<T> things;
        std::uint64_t taken = 0;
        bool queued = false;  // in turns_ or over_
    };
    struct Line {
        std::uint64_t sender = 0;
        std::array<Part, 2> parts;  // by `failing`
    };

    Line& line_of(std::uint64_t sender) {
        Line& line = lines_[sender];
        line.sender = sender;
        return line;
    }
    void queue(Line& line, bool failing) {
        Part& part = line.parts[failing];
        if (part.queued) return;
        part.queued = true;
        turns_[failing].push_back(&line);
    }
    static bool over(std::uint64_t taken, std::uint64_t free) { return taken > free; }
    bool has_its_share(const Line& line, bool failing) const {
        if (over(line.parts[false].taken + line.parts[true].taken, places_max_ - taken())) return true;
        return failing && over(line.parts[true].taken, failing_max_ - taken_[true]);
    }
    void forget_if_empty(const Line& line) {
        const auto idle = [](const Part& part) { return part.things.empty() && part.taken == 0 && !part.queued; };
        if (std::ranges::all_of(line.parts, idle)) lines_.erase(line.sender);
    }

    std::uint64_t places_max_;
    std::uint64_t failing_max_;
    std::unordered_map<std::uint64_t, Line> lines_;
    std::array<Ring<Line*>, 2> turns_;  // by `failing`
    std::array<Ring<Line*>, 2> over_;   // have their share already
    std::array<std::uint64_t, 2> taken_{};
    bool failing_first_ = true;
};

}  // namespace packetboat::delivery
