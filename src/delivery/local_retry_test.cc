#include "delivery/local_retry.h"

#include <gtest/gtest.h>

#include <string>

#include "delivery/queue_read.h"
#include "delivery/testing/post_office.h"

namespace packetboat::delivery {
namespace {

using Fate = FailingStore::Fate;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Carol's mailbox works; bob's did not when this message came.
class LocalRetryTest : public testing::Test {
protected:
    void SetUp() override {
        bob_ = office_.add_account("bob");
        carol_ = office_.add_account("carol");
        envelope_ = office_.envelope({"bob@example.test", "carol@example.test"});
    }
    void accept_failing(Fate fate = Fate::fail_before) {
        office_.fail_writes({directory::account_partition(bob_)}, fate);
        for (const Outcome& outcome : office_.accept(envelope_, "hello\r\n")) ASSERT_TRUE(outcome.result);
        arrived_ = office_.queued().at(0).arrived;
    }
    std::size_t retry(Time now) { return office_.run(retry_.retry_due(now)); }
    QueuedRecipient bobs() {
        const QueueEntry entry = office_.queued().at(0);
        for (const QueuedRecipient& recipient : entry.recipients) {
            if (recipient.local) return recipient;
        }
        ADD_FAILURE() << "bob is not in the queue";
        return {};
    }

    PostOffice office_;
    LocalRetry retry_{office_.directory, office_.mail, office_.queue, {.random = [] { return std::uint64_t{0}; }}};
    directory::AccountId bob_{};
    directory::AccountId carol_{};
    Envelope envelope_;
    Time arrived_;
};

TEST_F(LocalRetryTest, a_recipient_that_is_due_is_delivered_and_its_entry_goes) {
    accept_failing();
    office_.mend();
    EXPECT_EQ(retry(arrived_ + seconds(59)), 0U);
    EXPECT_EQ(office_.inbox(bob_).size(), 0U);
    EXPECT_EQ(retry(arrived_ + seconds(60)), 1U);
    EXPECT_EQ(office_.inbox(bob_), std::vector{std::string(return_path) + std::string(received) + "hello\r\n"});
    EXPECT_EQ(office_.inbox(carol_).size(), 1U);
    EXPECT_TRUE(office_.queued().empty());
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(LocalRetryTest, what_was_stored_after_all_is_not_stored_again) {
    accept_failing(Fate::fail_after);
    EXPECT_EQ(office_.inbox(bob_).size(), 1U);
    office_.mend();
    EXPECT_EQ(retry(arrived_ + minutes(1)), 1U);
    EXPECT_EQ(office_.inbox(bob_).size(), 1U);
    EXPECT_TRUE(office_.queued().empty());
}

TEST_F(LocalRetryTest, a_stop_before_the_queue_knows_does_not_deliver_twice) {
    accept_failing();
    office_.fail_writes({queue_partition()});
    EXPECT_EQ(retry(arrived_ + minutes(1)), 0U);
    EXPECT_EQ(office_.inbox(bob_).size(), 1U);
    EXPECT_EQ(bobs().attempts, 1U);
    office_.mend();
    EXPECT_EQ(retry(arrived_ + minutes(1)), 1U);
    EXPECT_EQ(office_.inbox(bob_).size(), 1U);
    EXPECT_TRUE(office_.queued().empty());
}

TEST_F(LocalRetryTest, failures_are_recorded_and_tried_ever_more_rarely) {
    accept_failing();
    Time now = arrived_ + minutes(1);
    std::uint32_t attempts = 1;
    for (const seconds wait : {seconds(300), seconds(900), seconds(1800), seconds(3600), seconds(7200), seconds(14400), seconds(14400)}) {
        EXPECT_EQ(retry(now), 0U);
        EXPECT_EQ(bobs().attempts, ++attempts);
        EXPECT_EQ(bobs().last_error, "a write error");
        EXPECT_EQ(bobs().due, now + wait - wait / 10);  // the least random number
        now = bobs().due;
    }
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(LocalRetryTest, after_five_days_the_sender_is_to_be_told) {
    accept_failing();
    EXPECT_EQ(retry(arrived_ + hours(5 * 24) - seconds(1)), 0U);
    EXPECT_EQ(bobs().report, Report::none);
    const Time later = arrived_ + hours(6 * 24);
    EXPECT_EQ(retry(later), 0U);
    EXPECT_EQ(bobs().report, Report::failed);
    EXPECT_EQ(bobs().due, later);
    office_.mend();
    EXPECT_EQ(retry(later + hours(24)), 0U);
    EXPECT_EQ(office_.run(office_.queue.due(Work::tell_sender, later, 10)).value().size(), 1U);
}

TEST_F(LocalRetryTest, the_sender_is_warned_when_it_takes_long) {
    accept_failing();
    LocalRetry warning(office_.directory, office_.mail, office_.queue, {.plan = {.warn_after = hours(4)}});
    EXPECT_EQ(office_.run(warning.retry_due(arrived_ + hours(4) - seconds(1))), 0U);
    EXPECT_EQ(bobs().report, Report::none);
    // In time for the warning, whatever the plan says.
    EXPECT_EQ(bobs().due, arrived_ + hours(4));
    EXPECT_EQ(office_.run(warning.retry_due(arrived_ + hours(4))), 0U);
    EXPECT_EQ(bobs().report, Report::delayed);
    EXPECT_EQ(office_.run(office_.queue.due(Work::tell_sender, arrived_ + hours(4), 10)).value().size(), 1U);
    office_.mend();
    EXPECT_EQ(retry(bobs().due), 1U);
}

TEST_F(LocalRetryTest, the_recipients_of_an_account_that_was_removed_fail) {
    accept_failing();
    office_.mend();
    office_.remove_account("bob");
    EXPECT_EQ(retry(arrived_ + minutes(1)), 0U);
    EXPECT_EQ(bobs().report, Report::failed);
    EXPECT_EQ(bobs().last_error, "the account has been removed");
}

TEST_F(LocalRetryTest, recipients_elsewhere_are_left_as_they_are) {
    envelope_ = office_.envelope({"bob@example.test", "x@example.org"});
    accept_failing();
    const QueuedRecipient before = office_.queued()[0].recipients[0];
    office_.mend();
    EXPECT_EQ(retry(arrived_ + minutes(1)), 1U);
    ASSERT_EQ(office_.queued().size(), 1U);
    EXPECT_EQ(office_.queued()[0].recipients, std::vector{before});
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(LocalRetryTest, a_content_that_cannot_be_read_holds_up_nobody_else) {
    accept_failing();
    const Id128 broken = office_.queued()[0].id;
    envelope_ = office_.envelope({"bob@example.test", "carol@example.test"});
    accept_failing();
    office_.mend();
    ASSERT_TRUE(
        office_.run(office_.store.write(queue_partition(), std::nullopt, [&](store::Transaction& transaction) -> Result<std::string> {
            transaction.erase(content_key(broken));
            return std::string();
        })));
    EXPECT_EQ(retry(Time::now() + minutes(1)), 1U);
    EXPECT_EQ(office_.inbox(bob_).size(), 1U);
    ASSERT_EQ(office_.queued().size(), 1U);
    EXPECT_EQ(bobs().attempts, 2U);
    EXPECT_NE(bobs().last_error, "");
}

TEST_F(LocalRetryTest, many_entries_are_all_tried_in_one_go) {
    for (int i = 0; i < 150; ++i) {
        envelope_ = office_.envelope({"bob@example.test", "carol@example.test"});
        accept_failing();
    }
    office_.mend();
    EXPECT_EQ(retry(Time::now() + minutes(1)), 150U);
    EXPECT_EQ(office_.inbox(bob_).size(), 150U);
    EXPECT_TRUE(office_.queued().empty());
}

TEST_F(LocalRetryTest, all_that_wait_are_tried_at_once_when_an_operator_says_so) {
    for (int i = 0; i < 70; ++i) {
        envelope_ = office_.envelope({"bob@example.test", "x@example.org"});
        accept_failing();
    }
    const Time now = Time::now();
    EXPECT_EQ(office_.run(retry_.retry_all(now)), 0U);
    // One attempt more, not given up.
    EXPECT_EQ(bobs().attempts, 2U);
    EXPECT_EQ(bobs().report, Report::none);
    EXPECT_EQ(bobs().due, now + seconds(270));

    office_.mend();
    EXPECT_EQ(office_.run(retry_.retry_all(now)), 70U);
    EXPECT_EQ(office_.inbox(bob_).size(), 70U);
    EXPECT_EQ(office_.run(retry_.retry_all(now)), 0U);
    EXPECT_EQ(office_.queued().size(), 70U);
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(LocalRetryTest, it_ends_when_it_is_told_to_stop_or_nothing_can_be_read) {
    accept_failing();
    office_.mend();
    office_.store.reads_fail = true;
    EXPECT_EQ(retry(arrived_ + minutes(1)), 0U);
    office_.store.reads_fail = false;
    retry_.stop();
    EXPECT_EQ(retry(arrived_ + minutes(1)), 0U);
    EXPECT_EQ(office_.queued().size(), 1U);
}

}  // namespace
}  // namespace packetboat::delivery
