#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "delivery/outbound.h"
#include "delivery/outcome.h"
#include "delivery/outgoing_content.h"
#include "delivery/schedule.h"

namespace packetboat::delivery {

// Does what the schedule says: carries messages over connections, one after the other over each, and writes down what came of them.
// One executor.
class Courier {
public:
    // All of them outlive it.
    Courier(store::Store& store, Queue& queue, Transport& transport, Pacer& pacer, Schedule& schedule, const OutboundOptions& options);
    ~Courier();

    // A job of Act::send, and what else the connection can carry then.
    // What is thrown in it (for want of memory) costs this message a minute, and nothing else.
    Task<> carry(Schedule::Job job);
    // A job of Act::touch.
    Task<> touch(Schedule::Job job);  // the same
    // A job of Act::sift.
    Task<> sift(Schedule::Job job);  // the same
    // The message of a job that could not even be begun.
    void put_back(const Schedule::Job& job, const Error& why);

    // No more messages for connections that are open. Any thread.
    void stop() { stopping_ = true; }

    // Closes connections that have had nothing to do for long enough, or all.
    Task<> close_idle(bool all);
    std::optional<Time> next_idle_end() const;

private:
    // A message that was loaded for a job.
    struct Load {
        QueueEntry entry;
        std::vector<const QueuedRecipient*> recipients;  // of `entry`
        std::unique_ptr<ContentSource> content;
        Demands demands;
    };
    struct Link {
        std::unique_ptr<Connection> connection;
        std::shared_ptr<const Route> route;
        Demands demands;
        std::uint64_t messages = 0;
        Time idle_since{};
    };
    struct Outcome {
        std::vector<RecipientAttempt> attempts;
        std::string dialogue;
        std::string domain;    // that the dialogue is kept for: the first of those that it did not go well with
        bool reached = false;  // a host took part
        bool telling = true;   // of the hosts; not what only this message demands
        bool eased = false;    // as Schedule::Feedback
    };

    // The job is joined by other domains of its message that the same shipment serves.
    Task<Outcome> carry_one(Schedule::Job& job, std::optional<Link>& link);
    // nullopt: there is nothing to be sent any more, or not now.
    Task<std::optional<Load>> load(Schedule::Job& job);
    Task<bool> write_what_was_not(const Schedule::Job& job);
    std::vector<const QueuedRecipient*> choose_recipients(Schedule::Job& job, const QueueEntry& entry);
    Task<Outcome> deliver(const Schedule::Job& job, Load& load, std::optional<Link>& link);
    Task<std::optional<Failure>> connect(const Schedule::Job& job, const Load& load, std::optional<Link>& link, std::string& dialogue);
    Task<> touch_one(const Schedule::Job& job);
    Task<std::optional<bool>> sift_one(const Schedule::Job& job);
    Task<> record(const Schedule::Job& job, const QueueEntry& entry, Outcome outcome);
    Task<Result<>> write(const Id128& id, const Outcome& outcome);
    void keep_unwritten(const Schedule::Job& job, const QueueEntry& entry, const Outcome& outcome);
    Task<> record_unreadable(const Schedule::Job& job, const Load& load, const Error& why);
    void log(const QueueEntry& entry, const Outcome& outcome) const;
    std::optional<Link> take_idle(const Route& route, const Demands& demands);
    bool fits(const Link& link, const Route& route, const Demands& demands) const;
    Task<> let_go(std::optional<Link> link);

    store::Store& store_;
    Queue& queue_;
    Transport& transport_;
    Pacer& pacer_;
    Schedule& schedule_;
    const OutboundOptions& options_;
    std::vector<Link> idle_;  // the longest idle first
    // Outcomes that the disk did not take, so that nothing is delivered again while it does not.
    std::map<std::pair<Id128, std::string>, Outcome> unwritten_;
    std::atomic<bool> stopping_{false};
};

}  // namespace packetboat::delivery
