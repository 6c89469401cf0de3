#include "delivery/schedule.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "delivery/testing/test_route.h"

namespace packetboat::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Act = Schedule::Act;
using Job = Schedule::Job;

constexpr Time start{1'700'000'000'000'000};

class ScheduleTest : public testing::Test {
protected:
    void make(ScheduleLimits limits = {}, RetryPlan plan = {}) {
        // The middle of the jitter.
        schedule_ = std::make_unique<Schedule>(limits, plan, [n = std::uint64_t{0}]() mutable { return n; });
    }
    Schedule& schedule() {
        if (!schedule_) make();
        return *schedule_;
    }

    static Id128 id(std::uint32_t number) {
        Id128 made;
        std::memcpy(made.bytes.data(), &number, sizeof number);
        return made;
    }
    void add(std::uint32_t number, std::string domain, std::uint64_t sender = 1, Time due = start) {
        EXPECT_TRUE(schedule().add({.due = due, .id = id(number), .domain = std::move(domain), .begins = start, .sender = sender}, now_));
    }
    static std::uint32_t number(const Job& job) {
        std::uint32_t out = 0;
        std::memcpy(&out, job.item.id.bytes.data(), sizeof out);
        return out;
    }
    // Answers lookups on its way: by what stands in sites_, else the domain is its own site.
    std::optional<Job> next() {
        for (;;) {
            std::optional<Job> job = schedule().next(now_);
            if (job && job->act == Act::sift) {
                schedule().sifted(*job, false, now_);
                continue;
            }
            if (!job || job->act != Act::look_up) return job;
            ++lookups_;
            Routing routing{.route = std::make_shared<TestRoute>(sites_.contains(job->domain) ? sites_[job->domain] : job->domain),
                            .valid = hours(1)};
            if (const auto failure = failures_.find(job->domain); failure != failures_.end())
                routing.route = std::unexpected(failure->second);
            schedule().routed(*job->destination, std::move(routing), now_);
        }
    }
    void well(const Job& job) {
        schedule().finished(job, {.reached = true, .trouble = std::nullopt}, now_);
        schedule().released(job);
    }
    void unreachable(const Job& job) {
        schedule().finished(job, {.reached = false, .trouble = Failure{.reason = "no answer", .slow_down = true}}, now_);
        schedule().released(job);
    }
    void not_so_fast(const Job& job) {
        schedule().finished(job, {.reached = true, .trouble = Failure{.reason = "421 later", .slow_down = true}}, now_);
        schedule().released(job);
    }
    // All that can be begun now.
    std::vector<Job> begin_all() {
        std::vector<Job> jobs;
        while (std::optional<Job> job = next()) jobs.push_back(*std::move(job));
        return jobs;
    }

    Time now_ = start;
    std::map<std::string, std::string> sites_;
    std::map<std::string, Failure> failures_;
    int lookups_ = 0;
    std::unique_ptr<Schedule> schedule_;
};

TEST_F(ScheduleTest, what_is_due_is_sent_once) {
    add(1, "example.org");
    const std::optional<Job> job = next();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->act, Act::send);
    EXPECT_EQ(number(*job), 1U);
    EXPECT_EQ(job->domain, "example.org");
    add(1, "example.org");  // told once more while it is under way
    EXPECT_FALSE(next());
    well(*job);
    // Whoever had it may not know of that news, so it is looked at once more.
    const std::optional<Job> again = next();
    ASSERT_TRUE(again);
    well(*again);
    EXPECT_FALSE(next());
    EXPECT_EQ(schedule().items(), 0U);
    EXPECT_EQ(schedule().connections(), 0U);
}

TEST_F(ScheduleTest, what_is_due_later_waits) {
    add(1, "example.org", 1, start + minutes(5));
    EXPECT_FALSE(next());
    EXPECT_LE(schedule().wakes_at(), start + minutes(5));
    now_ = start + minutes(5);
    EXPECT_TRUE(next());
}

TEST_F(ScheduleTest, a_site_begins_with_two_connections_and_gets_more_with_success) {
    make({.site_connections_start = 2, .site_connections_max = 4});
    for (std::uint32_t i = 0; i < 100; ++i) add(i, "example.org");
    std::vector<Job> jobs = begin_all();
    EXPECT_EQ(jobs.size(), 2U);
    std::size_t most = 0;
    for (int round = 0; round < 10; ++round) {
        for (const Job& job : jobs) well(job);
        jobs = begin_all();
        most = std::max(most, jobs.size());
    }
    EXPECT_EQ(most, 4U);
}

TEST_F(ScheduleTest, domains_of_one_site_share_its_limit) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const std::string domain = "d" + std::to_string(i) + ".example";
        sites_[domain] = "provider";
        add(i, domain);
    }
    EXPECT_EQ(begin_all().size(), 2U);
    EXPECT_LE(lookups_, 1000);
}

TEST_F(ScheduleTest, senders_take_turns) {
    for (std::uint32_t i = 0; i < 100; ++i) add(i, "example.org", 1);
    add(1000, "example.org", 2);
    const std::vector<Job> jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(number(jobs[0]), 0U);
    EXPECT_EQ(number(jobs[1]), 1000U);
}

TEST_F(ScheduleTest, sites_take_turns_when_connections_are_short) {
    make({.connections_max = 2});
    for (std::uint32_t i = 0; i < 50; ++i) add(i, "large.example");
    add(1000, "small.example");
    std::vector<Job> jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].domain, "large.example");
    EXPECT_EQ(jobs[1].domain, "small.example");
    well(jobs[1]);
    jobs = begin_all();
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].domain, "large.example");
}

TEST_F(ScheduleTest, a_connection_carries_more_but_leaves_when_others_wait_for_one) {
    make({.connections_max = 1});
    add(1, "a.example");
    add(2, "a.example");
    add(3, "a.example");
    const std::optional<Job> first = next();
    ASSERT_TRUE(first);
    schedule().finished(*first, {.reached = true, .trouble = std::nullopt}, now_);
    const std::optional<Job> second = schedule().another(*first, *first->route, now_);
    ASSERT_TRUE(second);
    EXPECT_EQ(number(*second), 2U);
    add(4, "b.example");
    EXPECT_FALSE(next());  // its route is known now, but there is no connection left
    schedule().finished(*second, {.reached = true, .trouble = std::nullopt}, now_);
    EXPECT_FALSE(schedule().another(*second, *second->route, now_));
    schedule().released(*second);
    EXPECT_EQ(next()->domain, "b.example");
}

TEST_F(ScheduleTest, a_connection_carries_only_what_takes_its_route) {
    sites_["a.example"] = sites_["b.example"] = "provider";
    add(1, "a.example");
    const std::optional<Job> first = next();
    add(2, "b.example");
    while (const std::optional<Job> other = next()) well(*other);
    add(3, "b.example");
    schedule().finished(*first, {.reached = true, .trouble = std::nullopt}, now_);
    EXPECT_FALSE(schedule().another(*first, TestRoute("elsewhere"), now_));
    EXPECT_TRUE(schedule().another(*first, *first->route, now_));
}

TEST_F(ScheduleTest, a_dead_site_is_probed_by_one_message) {
    for (std::uint32_t i = 0; i < 50; ++i) add(i, "dead.example");
    const std::vector<Job> jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    unreachable(jobs[0]);
    unreachable(jobs[1]);
    EXPECT_FALSE(next());
    EXPECT_EQ(schedule().state("dead.example", now_)->reason, "no answer");
    const Time opens = schedule().state("dead.example", now_)->until.value();
    EXPECT_NEAR(static_cast<double>(opens.micros - now_.micros), 54e6, 1e6);
    now_ = opens;
    std::vector<Job> probes = begin_all();
    ASSERT_EQ(probes.size(), 1U);
    unreachable(probes[0]);
    EXPECT_FALSE(next());
    now_ = schedule().state("dead.example", now_)->until.value();
    EXPECT_GT(now_, opens + minutes(4));
    probes = begin_all();
    ASSERT_EQ(probes.size(), 1U);
    well(probes[0]);
    EXPECT_EQ(begin_all().size(), 2U);  // it is back
}

TEST_F(ScheduleTest, an_operator_may_have_a_dead_site_probed_now) {
    for (std::uint32_t i = 0; i < 5; ++i) add(i, "dead.example");
    for (const Job& job : begin_all()) unreachable(job);
    EXPECT_FALSE(next());
    schedule().hurry("dead.example", now_);
    EXPECT_EQ(begin_all().size(), 1U);
    schedule().hurry("unknown.example", now_);
}

TEST_F(ScheduleTest, not_so_fast_halves_the_connections_and_makes_a_pause_that_doubles) {
    make({.slow_pause = seconds(10), .slow_pause_max = seconds(35)});
    for (std::uint32_t i = 0; i < 50; ++i) add(i, "slow.example");
    for (const int pause : {10, 20, 35, 35}) {
        const std::vector<Job> jobs = begin_all();
        ASSERT_GE(jobs.size(), 1U);
        for (const Job& job : jobs) not_so_fast(job);
        EXPECT_EQ(schedule().state("slow.example", now_)->connections_allowed, 1U);
        EXPECT_EQ(schedule().state("slow.example", now_)->until, now_ + seconds(pause));
        EXPECT_FALSE(next());
        now_ = now_ + seconds(pause);
    }
    const std::optional<Job> job = next();
    well(*job);
    EXPECT_EQ(schedule().state("slow.example", now_)->reason, "");
}

TEST_F(ScheduleTest, a_name_server_that_does_not_answer_is_asked_again_later) {
    failures_["lost.example"] = {.status = "4.4.3", .reason = "no name server answers"};
    add(1, "lost.example");
    add(2, "lost.example");
    EXPECT_FALSE(next());
    EXPECT_EQ(lookups_, 1);
    EXPECT_EQ(schedule().state("lost.example", now_)->reason, "no name server answers");
    now_ = schedule().state("lost.example", now_)->until.value();
    failures_.clear();
    EXPECT_TRUE(next());
}

TEST_F(ScheduleTest, a_domain_that_does_not_exist_fails_every_message) {
    failures_["nowhere.example"] = {.permanent = true, .status = "5.1.2", .reason = "there is no such domain"};
    add(1, "nowhere.example");
    add(2, "nowhere.example");
    const std::vector<Job> jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    for (const Job& job : jobs) {
        EXPECT_EQ(job.act, Act::touch);
        EXPECT_TRUE(job.why->permanent);
        schedule().touched(job, now_);
    }
    EXPECT_EQ(schedule().items(), 0U);
}

TEST_F(ScheduleTest, a_domain_that_exists_again_is_looked_up_although_messages_wait_for_it) {
    failures_["new.example"] = {.permanent = true, .status = "5.1.2", .reason = "there is no such domain"};
    add(1, "new.example");
    add(2, "new.example", 1, start + hours(2));
    const std::optional<Job> refused = next();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->act, Act::touch);
    schedule().touched(*refused, now_);
    failures_.clear();
    now_ = start + hours(2);
    const std::optional<Job> sent = next();
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->act, Act::send);
}

TEST_F(ScheduleTest, routes_are_forgotten_when_they_are_configured_anew) {
    failures_["lost.example"] = {.reason = "no answer"};
    add(1, "lost.example");
    add(2, "example.org");
    const std::optional<Job> job = next();
    well(*job);
    EXPECT_FALSE(next());
    failures_.clear();
    schedule().forget_routes(now_);
    EXPECT_EQ(next()->domain, "lost.example");
    const int before = lookups_;
    add(3, "example.org");
    EXPECT_TRUE(next());
    EXPECT_EQ(lookups_, before + 1);
}

TEST_F(ScheduleTest, one_connection_too_many_does_not_close_a_site_that_works) {
    for (std::uint32_t i = 0; i < 50; ++i) add(i, "example.org");
    std::vector<Job> jobs = begin_all();
    for (const Job& job : jobs) well(job);
    jobs = begin_all();
    ASSERT_GE(jobs.size(), 2U);
    unreachable(jobs[0]);
    EXPECT_EQ(schedule().state("example.org", now_)->until, now_ + seconds(10));
    well(jobs[1]);
}

TEST_F(ScheduleTest, what_one_domain_demands_in_vain_holds_up_no_other_at_the_same_hosts) {
    sites_["strict.example"] = sites_["other.example"] = "provider";
    for (std::uint32_t i = 0; i < 10; ++i) add(i, "strict.example");
    const auto demanded_in_vain = [&](const Job& job) {
        schedule().finished(job, {.reached = false, .trouble = Failure{.status = "4.7.5", .reason = "no trust"}}, now_);
        schedule().released(job);
    };
    for (const Job& job : begin_all()) demanded_in_vain(job);
    EXPECT_FALSE(next());
    EXPECT_EQ(schedule().state("strict.example", now_)->reason, "no trust");
    add(100, "other.example");
    const std::optional<Job> other = next();
    ASSERT_TRUE(other);
    EXPECT_EQ(other->domain, "other.example");
    well(*other);
    // One finds out whether it is to be had again, later each time.
    const Time first = schedule().state("strict.example", now_)->until.value();
    now_ = first;
    std::vector<Job> probes = begin_all();
    ASSERT_EQ(probes.size(), 1U);
    demanded_in_vain(probes[0]);
    EXPECT_GT(schedule().state("strict.example", now_)->until.value(), first + minutes(4));
    now_ = schedule().state("strict.example", now_)->until.value();
    probes = begin_all();
    ASSERT_EQ(probes.size(), 1U);
    well(probes[0]);
    EXPECT_GE(begin_all().size(), 2U);
}

TEST_F(ScheduleTest, what_has_waited_too_long_is_touched_although_its_site_is_closed) {
    make({}, {.give_up_after = hours(2), .warn_after = hours(1)});
    for (std::uint32_t i = 0; i < 3; ++i) add(i, "dead.example");
    for (const Job& job : begin_all()) unreachable(job);
    schedule().hurry("dead.example", now_);
    now_ = start + hours(1);
    bool warned = false;
    for (const Job& job : begin_all()) {
        if (job.act == Act::send) {
            unreachable(job);
            continue;
        }
        warned = true;
        EXPECT_EQ(job.why->reason, "no answer");
        schedule().touched(job, now_);
        schedule().add({.due = start, .id = job.item.id, .domain = job.domain, .begins = start, .sender = 1, .warned = true}, now_);
    }
    EXPECT_TRUE(warned);
    now_ = start + minutes(90);
    for (const Job& job : begin_all()) {
        EXPECT_EQ(job.act, Act::send);  // warned of already
        unreachable(job);
    }
}

TEST_F(ScheduleTest, a_route_is_asked_for_anew_when_it_is_old) {
    add(1, "example.org");
    well(*next());
    EXPECT_EQ(lookups_, 1);
    add(2, "example.org");
    well(*next());
    EXPECT_EQ(lookups_, 1);
    now_ = start + hours(1);
    add(3, "example.org");
    well(*next());
    EXPECT_EQ(lookups_, 2);
}

TEST_F(ScheduleTest, memory_is_bounded) {
    make({.items_max = 3, .destinations_max = 2});
    add(1, "a.example", 1, start + hours(1));
    add(2, "b.example", 1, start + hours(1));
    EXPECT_FALSE(schedule().add({.due = start, .id = id(3), .domain = "c.example"}, now_));
    add(3, "a.example", 1, start + hours(1));
    EXPECT_FALSE(schedule().has_room());
    EXPECT_FALSE(schedule().add({.due = start, .id = id(4), .domain = "a.example"}, now_));
}

TEST_F(ScheduleTest, destinations_that_nothing_waits_for_are_forgotten) {
    for (std::uint32_t i = 0; i < 100; ++i) add(i, "d" + std::to_string(i) + ".example");
    for (std::vector<Job> jobs = begin_all(); !jobs.empty(); jobs = begin_all()) {
        for (const Job& job : jobs) well(job);
    }
    EXPECT_EQ(schedule().destinations(), 100U);
    now_ = start + hours(3);
    EXPECT_FALSE(next());
    EXPECT_EQ(schedule().destinations(), 0U);
}

}  // namespace
}  // namespace packetboat::delivery
