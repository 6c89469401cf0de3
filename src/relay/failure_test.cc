#include "relay/failure.h"

#include <gtest/gtest.h>

#include "relay/connector.h"
#include "relay/testing/world.h"

namespace packetboat::relay {
namespace {

using smtp::Stage;
using smtp::wire::EnhancedStatus;
using testing::World;

smtp::ClientError answered(Stage stage, std::uint16_t code, std::optional<EnhancedStatus> enhanced, const char* text = "No") {
    return smtp::refusal(stage, {.code = code, .enhanced = enhanced, .lines = {text}});
}

TEST(Failure, of_what_a_server_answered) {
    struct Case {
        Stage stage;
        std::uint16_t code;
        std::optional<EnhancedStatus> enhanced;
        const char* failure;
    };
    const Case cases[] = {
        {Stage::rcpt, 550, EnhancedStatus{5, 1, 1}, "5.1.1 for good: mx.example says: 550 5.1.1 No"},
        {Stage::rcpt, 550, {}, "5.1.0 for good: mx.example says: 550 No"},
        {Stage::rcpt, 551, {}, "5.1.6 for good: mx.example says: 551 No"},
        {Stage::rcpt, 553, {}, "5.1.3 for good: mx.example says: 553 No"},
        {Stage::rcpt, 450, {}, "4.1.0: mx.example says: 450 No"},
        {Stage::rcpt, 452, {}, "4.5.3: mx.example says: 452 No"},
        {Stage::rcpt, 552, {}, "4.5.3: mx.example says: 552 No"},
        {Stage::rcpt, 450, EnhancedStatus{4, 7, 1}, "4.7.1 slow: mx.example says: 450 4.7.1 No"},
        {Stage::rcpt, 550, EnhancedStatus{5, 7, 1}, "5.7.1 for good: mx.example says: 550 5.7.1 No"},
        {Stage::rcpt, 421, {}, "4.3.2 slow: mx.example says: 421 No"},
        {Stage::rcpt, 450, EnhancedStatus{4, 3, 2}, "4.3.2 slow: mx.example says: 450 4.3.2 No"},
        {Stage::rcpt, 450, EnhancedStatus{4, 4, 5}, "4.4.5 slow: mx.example says: 450 4.4.5 No"},
        {Stage::rcpt, 452, EnhancedStatus{4, 2, 2}, "4.2.2: mx.example says: 452 4.2.2 No"},
        {Stage::mail, 550, {}, "5.1.0 for good: mx.example says to MAIL: 550 No"},
        {Stage::mail, 552, {}, "5.3.4 for good: mx.example says to MAIL: 552 No"},
        {Stage::data, 451, {}, "4.6.0: mx.example says to DATA: 451 No"},
        {Stage::message, 554, {}, "5.6.0 for good: mx.example says: 554 No"},
        {Stage::message, 552, {}, "5.3.4 for good: mx.example says: 552 No"},
        {Stage::greeting, 554, {}, "5.3.2 for good: mx.example does not want to talk to us: 554 No"},
        {Stage::auth, 535, {}, "5.7.8 for good: mx.example does not accept our login: 535 No"},
        {Stage::starttls, 454, {}, "4.7.5 slow: mx.example says to STARTTLS: 454 No"},
    };
    for (const Case& one : cases) {
        const smtp::ClientError error = answered(one.stage, one.code, one.enhanced);
        EXPECT_EQ(World::show(failure_of(error, "mx.example")), one.failure);
        EXPECT_EQ(failure_of(error, "mx.example").diagnostic, error.reply->text());
        EXPECT_EQ(failure_of(error, "mx.example").remote, "mx.example");
    }
}

TEST(Failure, of_what_was_not_answered) {
    const auto ours = [](ErrorCode code, EnhancedStatus status) {
        return World::show(failure_of(smtp::our_own(Stage::mail, status, {code, "why"}), "mx.example"));
    };
    EXPECT_EQ(ours(ErrorCode::closed, {4, 4, 2}), "4.4.2 slow: mx.example: why");
    EXPECT_EQ(ours(ErrorCode::timed_out, {4, 4, 2}), "4.4.2 slow: mx.example: why");
    EXPECT_EQ(ours(ErrorCode::unavailable, {4, 3, 0}), "4.3.0: mx.example: why");
    EXPECT_EQ(ours(ErrorCode::denied, {5, 6, 7}), "5.6.7 for good: mx.example: why");
}

TEST(Failure, too_many_recipients_at_a_time_is_known) {
    EXPECT_TRUE(too_many_at_a_time(answered(Stage::rcpt, 452, {})));
    EXPECT_TRUE(too_many_at_a_time(answered(Stage::rcpt, 552, {})));
    EXPECT_TRUE(too_many_at_a_time(answered(Stage::rcpt, 452, EnhancedStatus{4, 5, 3})));
    EXPECT_FALSE(too_many_at_a_time(answered(Stage::rcpt, 452, EnhancedStatus{4, 2, 2})));
    EXPECT_FALSE(too_many_at_a_time(answered(Stage::message, 452, {})));
    EXPECT_FALSE(too_many_at_a_time(answered(Stage::rcpt, 450, {})));
    EXPECT_FALSE(too_many_at_a_time(smtp::our_own(Stage::rcpt, {4, 5, 3}, {ErrorCode::too_many, ""})));
}

TEST(Failure, of_several_hosts_what_tells_most_is_told) {
    delivery::Failure silent = temporary("4.4.1", "does not answer");
    delivery::Failure busy = temporary("4.3.2", "says busy");
    busy.diagnostic = "421 busy";
    const delivery::Failure gone = permanent("5.4.4", "no such host");
    EXPECT_TRUE(tells_more(busy, silent));
    EXPECT_FALSE(tells_more(silent, busy));
    EXPECT_TRUE(tells_more(silent, gone));
    EXPECT_FALSE(tells_more(gone, busy));
    EXPECT_FALSE(tells_more(silent, silent));
}

TEST(FailedAttempts, keep_the_end_of_each_and_the_beginning_of_all) {
    FailedAttempts attempts(10'000);
    attempts.add("mx1 at 192.0.2.1:25", "it is busy", "S: 421 busy\n");
    EXPECT_EQ(attempts.text(), "(mx1 at 192.0.2.1:25)\nS: 421 busy\n(it is busy)\n");
    std::string chatter;
    for (int i = 0; i < 1000; ++i) chatter += "S: 250-" + std::to_string(i) + "\n";
    attempts.add("mx2", "enough", chatter);
    EXPECT_TRUE(attempts.text().contains("(what was said before is left out)\nS: 250-"));
    EXPECT_TRUE(attempts.text().ends_with("S: 250-999\n(enough)\n"));
    for (int i = 0; i < 100; ++i) attempts.add("mx3", "enough", chatter);
    EXPECT_TRUE(attempts.text().ends_with("(further attempts are left out)\n"));
    EXPECT_LT(attempts.text().size(), 10'100U);
    // One line without an end is as good as any.
    FailedAttempts line(100'000);
    line.add("mx", "why", std::string(50'000, 'x'));
    EXPECT_EQ(line.text(), "(mx)\n(what was said before is left out)\n(why)\n");
}

}  // namespace
}  // namespace packetboat::relay
