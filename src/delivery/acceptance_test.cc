#include "delivery/acceptance.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "delivery/local_retry.h"
#include "delivery/testing/post_office.h"

// What a sender may ask for beside the delivery itself.
namespace packetboat::delivery {
namespace {

const std::string letter = "Subject: hi\r\n\r\ntext\r\n";
const std::string stored_letter = std::string(return_path) + std::string(received) + letter;

store::Partition partition(directory::AccountId id) { return directory::account_partition(id); }

std::vector<std::string> addresses(const QueueEntry& entry) {
    std::vector<std::string> all;
    for (const QueuedRecipient& recipient : entry.recipients) all.push_back(recipient.address);
    return all;
}

// ---- who wants to hear of it

std::vector<QueuedRecipient> recipients(PostOffice& office) {
    const auto entries = office.queued();
    EXPECT_LE(entries.size(), 1U);
    return entries.empty() ? std::vector<QueuedRecipient>() : entries[0].recipients;
}

TEST(AcceptNotify, success_in_a_mailbox_is_reported_for_who_asked) {
    PostOffice office;
    office.add_account("bob");
    office.add_account("carol");
    Envelope envelope = office.envelope({"Bob+x@example.test", "carol@example.test"});
    envelope.recipients[0].notify = notify_success | notify_failure;
    envelope.recipients[0].orcpt = "rfc822;bob@list.example";
    envelope.recipients[1].notify = notify_failure;
    const Id128 id = envelope.id;
    for (const Outcome& outcome : office.accept(std::move(envelope), letter)) {
        EXPECT_TRUE(outcome.result);
        EXPECT_FALSE(outcome.queued);  // the message itself is where it belongs
    }
    EXPECT_EQ(office.queued().at(0).id, id);
    ASSERT_EQ(recipients(office).size(), 1U);
    const QueuedRecipient bob = recipients(office)[0];
    EXPECT_EQ(bob.report, Report::delivered);
    EXPECT_EQ(bob.address, "bob@example.test");
    EXPECT_EQ(bob.original, "Bob+x@example.test");
    EXPECT_EQ(bob.orcpt, "rfc822;bob@list.example");
    EXPECT_EQ(bob.notify, notify_success | notify_failure);
    EXPECT_EQ(bob.status, "2.1.5");
    EXPECT_TRUE(bob.local);
    EXPECT_EQ(office.run(office.queue.due(Work::tell_sender, Time::now(), 10)).value().size(), 1U);
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptNotify, nothing_is_reported_to_nobody_or_of_a_message_that_is_refused) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    Envelope envelope = office.envelope({"bob@example.test"});
    envelope.reverse_path = "";
    envelope.recipients[0].notify = notify_success;
    EXPECT_TRUE(office.accept(std::move(envelope), letter)[0].result);
    EXPECT_TRUE(office.queued().empty());

    // Carol's mailbox fails and she cannot be queued: the sender keeps the message, and hears of bob when it has come again.
    for (const bool each_alone : {false, true}) {
        office.fail_writes({partition(carol), {"q"}});
        envelope = office.envelope({"bob@example.test", "carol@example.test"});
        envelope.recipients[0].notify = notify_success;
        EXPECT_FALSE(office.accept(envelope, letter, each_alone)[1].result);
        office.mend();
        EXPECT_TRUE(office.queued().empty());
    }
    office.fail_writes({partition(carol)});
    envelope = office.envelope({"bob@example.test", "carol@example.test"});
    envelope.recipients[0].notify = notify_success;
    EXPECT_FALSE(office.accept(envelope, letter, true)[1].result);
    EXPECT_EQ(recipients(office).at(0).account, bob);
}

TEST(AcceptNotify, a_report_that_cannot_be_queued_is_no_failure_of_the_message) {
    PostOffice office({.queue = {.entries_max = 0}});
    const auto bob = office.add_account("bob");
    Envelope envelope = office.envelope({"bob@example.test"});
    envelope.recipients[0].notify = notify_success;
    EXPECT_TRUE(office.accept(std::move(envelope), letter)[0].result);
    EXPECT_EQ(office.inbox(bob).size(), 1U);
}

TEST(AcceptNotify, recipients_that_lead_to_one_place_keep_their_own_wishes) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.add_account("carol");
    Envelope envelope = office.envelope({"bob@example.test", "bob+x@example.test", "bob+y@example.test", "carol@example.test"});
    envelope.recipients[0].notify = notify_never;
    envelope.recipients[1].orcpt = "rfc822;x@example.org";
    envelope.recipients[2].notify = notify_never;
    office.fail_writes({partition(bob)});
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    const auto queued = recipients(office);
    ASSERT_EQ(queued.size(), 2U);
    EXPECT_EQ(queued[0].notify, notify_never);
    EXPECT_EQ(queued[0].orcpt, "");
    EXPECT_EQ(queued[1].notify, 0);
    EXPECT_EQ(queued[1].orcpt, "rfc822;x@example.org");
    EXPECT_EQ(queued[1].original, "bob+x@example.test");
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptNotify, the_same_recipient_elsewhere_is_one_for_each_wish) {
    PostOffice office;
    Envelope envelope = office.envelope({"x@example.org", "x@example.org", "x@example.org"});
    envelope.recipients[1].notify = notify_success;
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    EXPECT_EQ(addresses(office.queued().at(0)), (std::vector<std::string>{"x@example.org", "x@example.org"}));
    EXPECT_EQ(office.queued()[0].recipients[0].notify, 0);
    EXPECT_EQ(office.queued()[0].recipients[1].notify, notify_success);
}

TEST(AcceptNotify, an_alias_to_one_place_hands_its_wishes_on) {
    PostOffice office;
    office.add_account("bob");
    office.add_alias("info", {"bob@example.test"});
    office.add_alias("away", {"x@example.org"});
    Envelope envelope = office.envelope({"info@example.test", "away@example.test"});
    for (Recipient& recipient : envelope.recipients) recipient.notify = notify_success;
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    const auto queued = recipients(office);
    ASSERT_EQ(queued.size(), 2U);
    EXPECT_EQ(queued[0].address, "x@example.org");
    EXPECT_EQ(queued[0].notify, notify_success);
    EXPECT_EQ(queued[0].report, Report::none);
    EXPECT_EQ(queued[1].original, "info@example.test");
    EXPECT_EQ(queued[1].report, Report::delivered);
}

TEST(AcceptNotify, an_alias_to_several_places_is_told_of_itself) {
    PostOffice office;
    office.add_account("bob");
    office.add_alias("team", {"bob@example.test", "x@example.org"});
    office.add_alias("crew", {"bob@example.test", "y@example.org"});
    Envelope envelope = office.envelope({"team@example.test", "crew@example.test"});
    envelope.recipients[0].notify = notify_success;
    envelope.recipients[0].orcpt = "rfc822;team@example.test";
    envelope.recipients[1].notify = notify_success | notify_failure;
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    const auto queued = recipients(office);
    ASSERT_EQ(queued.size(), 4U);
    EXPECT_EQ(queued[0].address, "x@example.org");
    EXPECT_EQ(queued[0].notify, notify_never);
    EXPECT_EQ(queued[1].address, "y@example.org");
    EXPECT_EQ(queued[1].notify, notify_failure);
    EXPECT_EQ(queued[2].address, "team@example.test");
    EXPECT_EQ(queued[2].orcpt, "rfc822;team@example.test");
    EXPECT_EQ(queued[2].report, Report::delivered);
    EXPECT_EQ(queued[3].address, "crew@example.test");
    EXPECT_EQ(queued[3].report, Report::delivered);
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

// ---- what the sender demands of its way

TEST(AcceptDemands, tls_is_required_of_others) {
    PostOffice office;
    Envelope envelope = office.envelope({"x@example.org"});
    envelope.require_tls = true;
    EXPECT_TRUE(office.accept(std::move(envelope), letter)[0].result);
    EXPECT_TRUE(office.queued().at(0).require_tls);
}

TEST(AcceptDemands, a_message_for_the_future_waits_in_the_queue) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.add_alias("team", {"bob@example.test", "x@example.org"});
    const Time later = Time::now() + std::chrono::hours(24 * 20);
    Envelope envelope = office.envelope({"bob@example.test", "x@example.org", "team@example.test"});
    envelope.recipients[2].notify = notify_success;
    envelope.hold_until = later;
    for (const Outcome& outcome : office.accept(std::move(envelope), letter)) {
        EXPECT_TRUE(outcome.result);
        EXPECT_TRUE(outcome.queued);
    }
    EXPECT_TRUE(office.inbox(bob).empty());
    EXPECT_EQ(office.queued().at(0).held_until, later);
    EXPECT_LE(office.queued()[0].arrived, Time::now());
    EXPECT_EQ(office.queued()[0].begins(), later);
    EXPECT_EQ(addresses(office.queued()[0]),
              (std::vector<std::string>{"bob@example.test", "bob@example.test", "x@example.org", "x@example.org", "team@example.test"}));
    for (const QueuedRecipient& recipient : recipients(office)) {
        EXPECT_EQ(recipient.due, later);
        EXPECT_EQ(recipient.attempts, 0U);
    }
    LocalRetry retry(office.directory, office.mail, office.queue, {});
    EXPECT_EQ(office.run(retry.retry_due(later - std::chrono::seconds(1))), 0U);
    EXPECT_EQ(office.run(retry.retry_due(later)), 2U);
    EXPECT_EQ(office.inbox(bob), std::vector{stored_letter});
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptDemands, a_failure_after_the_wait_is_tried_as_long_as_any) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const Time later = Time::now() + std::chrono::hours(24 * 20);
    Envelope envelope = office.envelope({"bob@example.test"});
    envelope.hold_until = later;
    (void)office.accept(std::move(envelope), letter);
    office.fail_writes({partition(bob)});
    LocalRetry retry(office.directory, office.mail, office.queue, {});
    EXPECT_EQ(office.run(retry.retry_due(later)), 0U);
    EXPECT_EQ(recipients(office).at(0).report, Report::none);
    EXPECT_EQ(recipients(office)[0].attempts, 1U);
}

TEST(AcceptDemands, a_wait_that_is_over_is_none) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    Envelope envelope = office.envelope({"bob@example.test"});
    envelope.hold_until = Time::now() - std::chrono::seconds(1);
    EXPECT_FALSE(office.accept(std::move(envelope), letter)[0].queued);
    EXPECT_EQ(office.inbox(bob).size(), 1U);
}

TEST(AcceptDemands, what_cannot_wait_is_refused) {
    for (const bool each_alone : {false, true}) {
        PostOffice office({.queue = {.entries_max = 0}});
        const auto bob = office.add_account("bob");
        Envelope envelope = office.envelope({"bob@example.test", "x@example.org"});
        envelope.hold_until = Time::now() + std::chrono::hours(1);
        for (const Outcome& outcome : office.accept(std::move(envelope), letter, each_alone)) {
            ASSERT_FALSE(outcome.result);
            EXPECT_EQ(outcome.result.error().code, ErrorCode::too_many);
        }
        EXPECT_TRUE(office.inbox(bob).empty());
    }
}

}  // namespace
}  // namespace packetboat::delivery
