#include "server/queue_filter.h"

#include <gtest/gtest.h>

namespace packetboat::server {
namespace {

TEST(queue_filter, a_pattern_is_the_whole_text_without_regard_to_case) {
    struct Case {
        std::string_view pattern;
        std::string_view text;
        bool matches;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"", "", true},
             {"", "x", false},
             {"*", "", true},
             {"*", "anything", true},
             {"bob@example.org", "Bob@Example.ORG", true},
             {"bob@example.org", "bob@example.or", false},
             {"bob@example.or", "bob@example.org", false},
             {"*@example.org", "bob@example.org", true},
             {"*@example.org", "bob@example.com", false},
             {"b*b@*.org", "bob@example.org", true},
             {"a*a*a", "aaa", true},
             {"a*a*a", "aa", false},
             {"*ab", "aab", true},
             {"**", "x", true},
         })
        EXPECT_EQ(matches_pattern(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
}

TEST(queue_filter, a_hostile_pattern_takes_no_longer_than_text_and_pattern_multiplied) {
    EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*b", std::string(4096, 'a')));
}

TEST(queue_filter, every_condition_must_hold) {
    delivery::QueueEntry entry;
    entry.reverse_path = "alice@example.test";
    entry.arrived = Time{1'000'000'000'000'000};
    const Time now = entry.arrived + std::chrono::hours(2);
    delivery::QueuedRecipient bob;
    bob.address = "bob@example.org";
    bob.original = "team@example.test";

    QueueFilter filter;
    EXPECT_TRUE(filter.empty());
    EXPECT_TRUE(filter.matches(entry, now) && filter.matches(bob, "no answer"));
    filter = {.sender = "*@example.test", .older_than = std::chrono::hours(1), .newer_than = std::chrono::hours(3)};
    EXPECT_FALSE(filter.empty());
    EXPECT_TRUE(filter.matches(entry, now));
    EXPECT_FALSE(QueueFilter{.older_than = std::chrono::hours(3)}.matches(entry, now));
    EXPECT_FALSE(QueueFilter{.newer_than = std::chrono::hours(1)}.matches(entry, now));
    EXPECT_FALSE(QueueFilter{.sender = "<>"}.matches(entry, now));
    entry.reverse_path.clear();
    EXPECT_TRUE(QueueFilter{.sender = "<>"}.matches(entry, now));

    EXPECT_TRUE((QueueFilter{.recipient = "team@*"}.matches(bob, "")));
    EXPECT_TRUE((QueueFilter{.destination = "example.org", .reason = "ANSWER"}.matches(bob, "no answer")));
    EXPECT_FALSE((QueueFilter{.destination = "example.org", .reason = "timeout"}.matches(bob, "no answer")));
    EXPECT_FALSE(QueueFilter{.destination = "*.example.org"}.matches(bob, ""));
    EXPECT_TRUE(QueueFilter{.state = "waiting"}.matches(bob, ""));
    bob.report = delivery::Report::failed;
    EXPECT_TRUE(QueueFilter{.state = "failed"}.matches(bob, ""));
    bob.held = true;
    EXPECT_TRUE(QueueFilter{.state = "held"}.matches(bob, ""));
}

}  // namespace
}  // namespace packetboat::server
