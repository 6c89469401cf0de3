#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "delivery/schedule.h"
#include "delivery/testing/test_route.h"

// Name servers and hosts that are silent hold what they were given: others do not wait for them.
namespace packetboat::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Act = Schedule::Act;
using Job = Schedule::Job;

constexpr Time start{1'700'000'000'000'000};

class FairnessTest : public testing::Test {
protected:
    void add(std::uint32_t number, std::string domain, std::uint64_t sender, Time due = start) {
        Id128 id;
        std::memcpy(id.bytes.data(), &number, sizeof number);
        EXPECT_TRUE(schedule_.add({.due = due, .id = id, .domain = std::move(domain), .begins = start, .sender = sender}, now_));
    }
    void flood(std::uint32_t domains, std::uint64_t sender) {
        for (std::uint32_t i = 0; i < domains; ++i)
            add(next_id_++, "d" + std::to_string(i) + ".of" + std::to_string(sender) + ".example", sender);
    }
    // Whatever can be begun. Name servers answer, but for those of domains that say they do not.
    std::vector<Job> begin_all(const std::string& silent = "?") {
        std::vector<Job> jobs;
        while (std::optional<Job> job = schedule_.next(now_)) {
            if (job->act != Act::look_up || job->domain.find(silent) != std::string::npos) {
                jobs.push_back(*std::move(job));
            } else {
                route(*job);
            }
        }
        return jobs;
    }
    void route(const Job& job, const std::string& site = "") {
        schedule_.routed(*job.destination,
                         {.route = std::make_shared<TestRoute>(site.empty() ? job.domain : site), .valid = std::chrono::hours(1)}, now_);
    }
    void no_answer(const Job& job) {
        if (job.act == Act::look_up) {
            return schedule_.routed(*job.destination, {.route = std::unexpected(Failure{.status = "4.4.3", .reason = "silence"})}, now_);
        }
        schedule_.finished(job, {.reached = false, .trouble = Failure{.reason = "silence", .slow_down = true}}, now_);
        schedule_.released(job);
    }
    void well(const Job& job) {
        schedule_.finished(job, {.reached = true, .trouble = std::nullopt}, now_);
        schedule_.released(job);
    }
    static bool has(const std::vector<Job>& jobs, std::string_view domain) {
        return std::ranges::find(jobs, domain, &Job::domain) != jobs.end();
    }

    Time now_ = start;
    std::uint32_t next_id_ = 1'000'000;
    Schedule schedule_{{}, {}, [] { return std::uint64_t{0}; }};
};

TEST_F(FairnessTest, silent_name_servers_of_one_sender_hold_up_no_other) {
    flood(10'000, 1);
    EXPECT_LT(begin_all("of1").size(), 50U);
    add(1, "good.example", 2);
    EXPECT_TRUE(has(begin_all("of1"), "good.example"));
}

TEST_F(FairnessTest, silent_name_servers_of_many_senders_hold_up_another_for_a_few_turns) {
    for (std::uint64_t sender = 1; sender <= 60; ++sender) flood(200, sender);
    std::vector<Job> silent = begin_all(".of");
    EXPECT_EQ(silent.size(), 50U);
    add(1, "good.example", 100);
    std::size_t ended = 0;
    while (!has(silent, "good.example") && ended < silent.size()) {
        no_answer(silent[ended++]);
        for (Job& job : begin_all(".of")) silent.push_back(std::move(job));
    }
    EXPECT_LE(ended, 61U);  // not one for each of 12,000 domains
}

TEST_F(FairnessTest, silent_hosts_of_one_sender_hold_up_no_other) {
    flood(10'000, 1);
    EXPECT_LT(begin_all().size(), 200U);
    add(1, "good.example", 2);
    EXPECT_TRUE(has(begin_all(), "good.example"));
}

TEST_F(FairnessTest, at_a_site_of_somebody_who_has_his_share_others_are_served) {
    flood(5'000, 1);
    (void)begin_all();
    add(1, "d4999.of1.example", 2);  // behind his, in his line
    EXPECT_TRUE(has(begin_all(), "d4999.of1.example"));
}

TEST_F(FairnessTest, silent_hosts_of_many_senders_hold_up_another_for_a_few_turns) {
    for (std::uint64_t sender = 1; sender <= 300; ++sender) flood(50, sender);
    std::vector<Job> silent = begin_all();
    EXPECT_EQ(silent.size(), 200U);
    add(1, "good.example", 1000);
    std::size_t ended = 0;
    while (!has(silent, "good.example") && ended < silent.size()) {
        no_answer(silent[ended++]);
        for (Job& job : begin_all()) silent.push_back(std::move(job));
    }
    EXPECT_LE(ended, 301U);
}

TEST_F(FairnessTest, what_was_silent_before_gets_no_more_than_half) {
    for (std::uint64_t sender = 1; sender <= 300; ++sender) flood(2, sender);
    std::vector<Job> silent = begin_all();
    while (!silent.empty()) {
        for (const Job& job : silent) no_answer(job);
        silent = begin_all();
    }
    for (std::uint64_t sender = 1; sender <= 300; ++sender) flood(2, sender);
    now_ = start + minutes(30);
    EXPECT_EQ(begin_all().size(), 100U);
    add(1, "good.example", 1000);
    EXPECT_TRUE(has(begin_all(), "good.example"));
}

TEST_F(FairnessTest, ten_thousand_senders_at_one_site_are_served_in_their_order) {
    for (std::uint32_t i = 0; i < 10'000; ++i) add(i, "provider.example", i);
    std::uint32_t expected = 0;
    for (std::vector<Job> jobs = begin_all(); !jobs.empty(); jobs = begin_all()) {
        for (const Job& job : jobs) {
            EXPECT_EQ(job.item.sender, expected++);
            well(job);
        }
    }
    EXPECT_EQ(expected, 10'000U);
    EXPECT_EQ(schedule_.items(), 0U);
}

TEST_F(FairnessTest, a_connection_is_left_for_a_site_of_whoever_has_his_share) {
    flood(400, 1);
    for (std::uint32_t i = 0; i < 100; ++i) add(i, "d0.of1.example", 1);
    const std::vector<Job> jobs = begin_all();
    const auto busy = std::ranges::find(jobs, "d0.of1.example", &Job::domain);
    ASSERT_NE(busy, jobs.end());
    schedule_.finished(*busy, {.reached = true, .trouble = std::nullopt}, now_);
    EXPECT_FALSE(schedule_.another(*busy, *busy->route, now_));
    schedule_.released(*busy);
    EXPECT_EQ(begin_all().size(), 1U);
}

// ---- wake-ups

TEST_F(FairnessTest, a_domain_that_is_back_while_an_old_message_is_given_up_is_tried) {
    add(1, "example.org", 1);
    std::vector<Job> jobs = begin_all("example.org");
    ASSERT_EQ(jobs.size(), 1U);
    no_answer(jobs[0]);  // no name server answers
    add(2, "example.org", 1, start + std::chrono::days(4));
    now_ = start + std::chrono::days(5);
    std::optional<Job> lookup;
    std::optional<Job> touch;
    while (std::optional<Job> job = schedule_.next(now_)) (job->act == Act::touch ? touch : lookup) = std::move(job);
    ASSERT_TRUE(touch);
    // A younger one, and its route is found while the other is still given up.
    Id128 id;
    id.bytes.fill(7);
    EXPECT_TRUE(schedule_.add({.due = now_, .id = id, .domain = "example.org", .begins = now_, .sender = 1}, now_));
    if (!lookup) lookup = schedule_.next(now_);
    ASSERT_TRUE(lookup);
    route(*lookup);
    const std::vector<Job> sent = begin_all();
    schedule_.touched(*touch, now_);
    EXPECT_TRUE(has(sent, "example.org") || has(begin_all(), "example.org"));
}

TEST_F(FairnessTest, routes_that_change_leave_a_closed_site) {
    add(1, "example.org", 1);
    add(2, "example.org", 1);
    for (const Job& job : begin_all()) no_answer(job);
    EXPECT_TRUE(begin_all().empty());
    schedule_.forget_routes(now_);
    schedule_.hurry("example.org", now_);
    while (std::optional<Job> job = schedule_.next(now_)) {
        if (job->act == Act::look_up) route(*job, "elsewhere");
        if (job->act == Act::send) EXPECT_EQ(job->route->site(), "elsewhere");
    }
}

TEST_F(FairnessTest, a_clock_that_is_set_back_makes_nothing_wait_longer) {
    add(1, "dead.example", 1);
    add(2, "dead.example", 1);
    add(4, "dead.example", 1);
    add(3, "later.example", 1, start + minutes(4));
    for (const Job& job : begin_all()) no_answer(job);
    now_ = start - hours(24);
    EXPECT_TRUE(begin_all().empty());
    EXPECT_LE(schedule_.wakes_at(), now_ + minutes(2));
    now_ = now_ + minutes(2);
    const std::vector<Job> probes = begin_all();
    EXPECT_EQ(probes.size(), 1U);
    now_ = now_ + minutes(3);
    EXPECT_TRUE(has(begin_all(), "later.example"));
}

// ---- shut for what it demands

TEST_F(FairnessTest, what_does_not_demand_it_passes_where_a_domain_is_shut) {
    for (std::uint32_t i = 0; i < 4; ++i) add(i, "strict.example", 1);
    std::vector<Job> jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    for (const Job& job : jobs) {
        schedule_.finished(job, {.reached = false, .trouble = Failure{.status = "4.7.5", .reason = "no trust"}}, now_);
        schedule_.released(job);
    }
    jobs = begin_all();
    ASSERT_EQ(jobs.size(), 2U);
    for (const Job& job : jobs) EXPECT_EQ(job.act, Act::sift);
    schedule_.sifted(jobs[0], false, now_);
    schedule_.sifted(jobs[1], true, now_);
    const std::vector<Job> sent = begin_all();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].act, Act::send);
    EXPECT_EQ(sent[0].item.id, jobs[1].item.id);
    // That it went shows nothing of what others demand.
    schedule_.finished(sent[0], {.reached = true, .trouble = std::nullopt, .eased = true}, now_);
    schedule_.released(sent[0]);
    EXPECT_TRUE(begin_all().empty());
    EXPECT_EQ(schedule_.state("strict.example", now_)->reason, "no trust");
    schedule_.hurry("strict.example", now_);
    const std::vector<Job> probe = begin_all();
    ASSERT_EQ(probe.size(), 1U);
    well(probe[0]);
    EXPECT_EQ(schedule_.items(), 0U);
    EXPECT_EQ(schedule_.state("strict.example", now_)->reason, "");
}

// ---- together

TEST_F(FairnessTest, domains_at_one_site_join_a_shipment) {
    for (const char* domain : {"a.example", "b.example", "c.example"}) add(1, domain, 1);
    std::optional<Job> first;
    while (std::optional<Job> job = schedule_.next(now_)) {
        if (job->act == Act::look_up) {
            route(*job, job->domain == "c.example" ? "other" : "provider");
        } else if (!first && job->route->site() == "provider") {
            first = job;
        } else {
            well(*job);
        }
    }
    ASSERT_TRUE(first);
    const std::string other = first->domain == "a.example" ? "b.example" : "a.example";
    EXPECT_TRUE(schedule_.join(*first, other, now_));
    EXPECT_FALSE(schedule_.join(*first, other, now_));
    EXPECT_FALSE(schedule_.join(*first, "c.example", now_));
    EXPECT_FALSE(schedule_.join(*first, "unknown.example", now_));
    well(*first);
    EXPECT_TRUE(begin_all().empty());
    EXPECT_EQ(schedule_.connections(), 0U);
}

}  // namespace
}  // namespace packetboat::delivery
