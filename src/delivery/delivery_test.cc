#include "delivery/delivery.h"

#include <gtest/gtest.h>

#include <string>

#include "delivery/testing/post_office.h"

namespace packetboat::delivery {
namespace {

using Fate = FailingStore::Fate;

const std::string letter = "Subject: hi\r\n\r\ntext\r\n";
const std::string stored_letter = std::string(return_path) + std::string(received) + letter;

directory::Address address(std::string_view text) { return directory::Address::parse(text).value(); }

store::Partition partition(directory::AccountId id) { return directory::account_partition(id); }

std::vector<std::string> addresses(const QueueEntry& entry) {
    std::vector<std::string> all;
    for (const QueuedRecipient& recipient : entry.recipients) all.push_back(recipient.address);
    return all;
}

// ---- who gets mail

TEST(CheckRecipient, an_account_a_subaddress_and_an_alias_are_found) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.add_alias("team", {"bob@example.test", "Carol@example.org"});
    EXPECT_EQ(office.recipient("Bob@Example.test").accounts.at(0).id, bob);
    EXPECT_EQ(office.recipient("bob+lists@example.test").accounts.at(0).subaddress, "lists");
    const Recipient team = office.recipient("team@example.test");
    EXPECT_EQ(team.accounts.at(0).id, bob);
    ASSERT_EQ(team.elsewhere.size(), 1U);
    EXPECT_EQ(team.elsewhere[0].domain(), "example.org");
}

TEST(CheckRecipient, strangers_are_not_found_and_other_domains_denied_to_who_may_not_relay) {
    PostOffice office;
    const auto check = [&](std::string_view text, bool may_relay) {
        return office.run(office.delivery.check_recipient(address(text), may_relay, 0));
    };
    EXPECT_EQ(check("nobody@example.test", false).error().code, ErrorCode::not_found);
    EXPECT_EQ(check("nobody@example.test", true).error().code, ErrorCode::not_found);
    EXPECT_EQ(check("x@example.org", false).error().code, ErrorCode::denied);
    EXPECT_EQ(check("x@example.org", true).value().elsewhere, std::vector{address("x@example.org")});
    office.store.reads_fail = true;
    EXPECT_EQ(check("x@example.net", true).error().code, ErrorCode::unavailable);
}

TEST(CheckRecipient, a_full_mailbox_is_told_when_it_can_be_known) {
    PostOffice office;
    office.add_account("small", 1000);
    office.add_account("large");
    office.add_alias("both", {"small@example.test", "large@example.test"});
    office.add_alias("away", {"small@example.test", "x@example.org"});
    const auto code = [&](std::string_view text, std::uint64_t size) {
        const auto checked = office.run(office.delivery.check_recipient(address(text), false, size));
        return checked ? std::nullopt : std::optional(checked.error().code);
    };
    EXPECT_EQ(code("small@example.test", 0), std::nullopt);
    EXPECT_EQ(code("small@example.test", 1000), std::nullopt);
    EXPECT_EQ(code("small@example.test", 1001), ErrorCode::over_quota);
    EXPECT_EQ(code("both@example.test", 1001), std::nullopt);
    EXPECT_EQ(code("away@example.test", 1001), std::nullopt);
    EXPECT_EQ(code("large@example.test", 1 << 30), std::nullopt);

    const std::size_t trace = return_path.size() + received.size();
    ASSERT_TRUE(office.accept(office.envelope({"small@example.test"}), std::string(1000 - trace, 'x'))[0].result);
    EXPECT_EQ(code("small@example.test", 0), ErrorCode::over_quota);
}

// ---- what becomes of a message

TEST(Accept, a_message_reaches_every_account_once_however_many_recipients_lead_there) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    office.add_alias("team", {"bob@example.test", "carol@example.test"});
    const auto outcomes =
        office.accept(office.envelope({"team@example.test", "bob@example.test", "bob+x@example.test", "carol@example.test"}), letter);
    ASSERT_EQ(outcomes.size(), 4U);
    for (const Outcome& outcome : outcomes) {
        EXPECT_TRUE(outcome.result);
        EXPECT_FALSE(outcome.queued);
    }
    EXPECT_EQ(office.inbox(bob), std::vector{stored_letter});
    EXPECT_EQ(office.inbox(carol), std::vector{stored_letter});
    EXPECT_TRUE(office.queued().empty());
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(Accept, all_accounts_are_written_side_by_side) {
    PostOffice office;
    Envelope envelope;
    for (int i = 0; i < 20; ++i) {
        office.add_account("user" + std::to_string(i));
        envelope.recipients.push_back(office.recipient("user" + std::to_string(i) + "@example.test"));
    }
    office.store.writes_at_once_max = 0;
    for (const Outcome& outcome : office.accept(envelope, std::string(100'000, 'x'))) EXPECT_TRUE(outcome.result);
    EXPECT_EQ(office.store.writes_at_once_max, 20U);
    EXPECT_EQ(office.store.blobs_created, 1U);  // one for all
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(Accept, what_goes_elsewhere_is_queued_as_the_client_wrote_it) {
    PostOffice office;
    Envelope envelope = office.envelope({"John.Q.Public@Example.ORG", "\"a b\"@example.net"});
    envelope.envid = "QQ314159";
    envelope.ret = "FULL";
    envelope.smtputf8 = true;
    envelope.body = Body::eight_bit_mime;
    envelope.recipients[0].orcpt = "rfc822;John.Q.Public@example.org";
    envelope.recipients[0].notify = notify_failure | notify_delay;
    const Id128 id = envelope.id;
    for (const Outcome& outcome : office.accept(std::move(envelope), letter)) {
        EXPECT_TRUE(outcome.result);
        EXPECT_TRUE(outcome.queued);
    }
    const auto entries = office.queued();
    ASSERT_EQ(entries.size(), 1U);
    const QueueEntry& entry = entries[0];
    EXPECT_EQ(entry.id, id);
    EXPECT_EQ(entry.reverse_path, "sender@example.org");
    EXPECT_EQ(entry.envid, "QQ314159");
    EXPECT_EQ(entry.ret, "FULL");
    EXPECT_TRUE(entry.smtputf8);
    EXPECT_EQ(entry.body, Body::eight_bit_mime);
    EXPECT_EQ(addresses(entry), (std::vector<std::string>{"John.Q.Public@example.org", "\"a b\"@example.net"}));
    EXPECT_EQ(entry.recipients[0].orcpt, "rfc822;John.Q.Public@example.org");
    EXPECT_EQ(entry.recipients[0].notify, notify_failure | notify_delay);
    EXPECT_EQ(entry.recipients[0].last_error, "");
    EXPECT_FALSE(entry.recipients[0].local);

    // Without our Return-Path it is what goes to the other host.
    const mailbox::Content content = office.run(office.queue.content(id)).value();
    EXPECT_EQ(content.bytes->substr(entry.skip_bytes), std::string(received) + letter);
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(Accept, an_alias_leads_here_and_elsewhere) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.add_alias("team", {"bob@example.test", "carol@example.org"});
    const auto outcomes = office.accept(office.envelope({"team@example.test", "Carol@example.org", "carol@example.org"}), letter);
    for (const Outcome& outcome : outcomes) {
        EXPECT_TRUE(outcome.result);
        EXPECT_TRUE(outcome.queued);
    }
    EXPECT_EQ(office.inbox(bob), std::vector{stored_letter});
    const auto entries = office.queued();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(addresses(entries[0]), (std::vector<std::string>{"carol@example.org", "Carol@example.org"}));
    EXPECT_EQ(entries[0].recipients[0].original, "team@example.test");
    EXPECT_EQ(entries[0].recipients[1].original, "");
}

TEST(Accept, a_large_message_for_here_and_elsewhere_is_one_blob) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const std::string large(2'000'000, 'x');
    for (const Outcome& outcome : office.accept(office.envelope({"bob@example.test", "x@example.org"}), large)) EXPECT_TRUE(outcome.result);
    EXPECT_EQ(office.store.blobs_created, 1U);
    EXPECT_EQ(office.inbox(bob).at(0).size(), large.size() + return_path.size() + received.size());
    ASSERT_TRUE(office.queued().at(0).blob);
    EXPECT_EQ(office.queued()[0].skip_bytes, return_path.size());
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(Accept, a_recipient_that_leads_nowhere_is_an_error) {
    PostOffice office;
    Envelope envelope;
    envelope.recipients.push_back({.address = "ghost@example.test"});
    EXPECT_EQ(office.accept(std::move(envelope), letter).at(0).result.error().code, ErrorCode::not_found);
}

TEST(Accept, a_message_without_an_id_gets_one) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    Envelope envelope = office.envelope({"bob@example.test"});
    envelope.id = {};
    EXPECT_TRUE(office.accept(envelope, letter)[0].result);
    EXPECT_TRUE(office.accept(envelope, letter)[0].result);
    EXPECT_EQ(office.inbox(bob).size(), 2U);
}

// ---- when something fails

TEST(AcceptFailing, nothing_is_queued_when_all_local_recipients_fail) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol", 10);
    office.fail_writes({partition(bob)});
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "carol@example.test"}), letter);
    EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::unavailable);
    EXPECT_EQ(outcomes[1].result.error().code, ErrorCode::over_quota);
    EXPECT_FALSE(outcomes[0].queued || outcomes[1].queued);
    EXPECT_TRUE(office.queued().empty());
    EXPECT_TRUE(office.inbox(carol).empty());
}

TEST(AcceptFailing, those_that_fail_for_the_moment_are_queued_when_others_succeed) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    office.fail_writes({partition(bob)});
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "carol@example.test"}), letter);
    EXPECT_TRUE(outcomes[0].result);
    EXPECT_TRUE(outcomes[0].queued);
    EXPECT_TRUE(outcomes[1].result);
    EXPECT_FALSE(outcomes[1].queued);
    EXPECT_EQ(office.inbox(carol).size(), 1U);
    EXPECT_EQ(office.inbox(bob).size(), 0U);
    const QueueEntry entry = office.queued().at(0);
    ASSERT_EQ(entry.recipients.size(), 1U);
    const QueuedRecipient& recipient = entry.recipients[0];
    EXPECT_TRUE(recipient.local);
    EXPECT_EQ(recipient.report, Report::none);
    EXPECT_EQ(recipient.account, bob);
    EXPECT_EQ(recipient.address, "bob@example.test");
    EXPECT_EQ(recipient.attempts, 1U);
    EXPECT_EQ(recipient.last_error, "a write error");
    EXPECT_EQ(recipient.due, entry.arrived + std::chrono::minutes(1));
}

TEST(AcceptFailing, those_that_fail_for_good_are_queued_to_tell_the_sender_when_others_succeed) {
    PostOffice office;
    office.add_account("small", 10);
    const auto carol = office.add_account("carol");
    const auto outcomes = office.accept(office.envelope({"small@example.test", "carol@example.test"}), letter);
    EXPECT_TRUE(outcomes[0].result);
    EXPECT_TRUE(outcomes[0].queued);
    EXPECT_TRUE(outcomes[1].result);
    EXPECT_EQ(office.inbox(carol).size(), 1U);
    const QueuedRecipient recipient = office.queued().at(0).recipients.at(0);
    EXPECT_TRUE(recipient.local);
    EXPECT_EQ(recipient.report, Report::failed);
    EXPECT_NE(recipient.last_error, "");
    EXPECT_EQ(office.run(office.queue.due(Work::tell_sender, Time::now(), 10)).value().size(), 1U);
}

TEST(AcceptFailing, the_only_recipient_gets_the_plain_error) {
    PostOffice office;
    office.add_account("small", 10);
    EXPECT_EQ(office.accept(office.envelope({"small@example.test"}), letter)[0].result.error().code, ErrorCode::over_quota);
    EXPECT_TRUE(office.queued().empty());
}

TEST(AcceptFailing, an_alias_of_which_one_account_is_full_is_accepted) {
    PostOffice office;
    office.add_account("small", 10);
    const auto carol = office.add_account("carol");
    office.add_alias("team", {"small@example.test", "carol@example.test"});
    for (const bool each_alone : {false, true}) {
        const auto outcomes = office.accept(office.envelope({"team@example.test"}), letter, each_alone);
        EXPECT_TRUE(outcomes[0].result);
        EXPECT_TRUE(outcomes[0].queued);
    }
    EXPECT_EQ(office.inbox(carol).size(), 2U);
    ASSERT_EQ(office.queued().size(), 2U);
    EXPECT_EQ(office.queued()[0].recipients.at(0).original, "team@example.test");
}

TEST(AcceptFailing, with_each_alone_every_recipient_gets_its_own_answer) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    office.add_account("small", 10);
    office.fail_writes({partition(bob)});
    const auto outcomes = office.accept(
        office.envelope({"bob@example.test", "carol@example.test", "small@example.test", "bob+x@example.test"}), letter, true);
    EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(outcomes[1].result);
    EXPECT_EQ(outcomes[2].result.error().code, ErrorCode::over_quota);
    EXPECT_EQ(outcomes[3].result.error().code, ErrorCode::unavailable);
    EXPECT_EQ(office.inbox(carol).size(), 1U);
    EXPECT_TRUE(office.queued().empty());
}

TEST(AcceptFailing, an_account_that_was_removed_after_rcpt_is_refused) {
    PostOffice office;
    office.add_account("dave");
    for (const bool each_alone : {false, true}) {
        const Envelope envelope = office.envelope({"dave@example.test"});
        office.remove_account("dave");
        const auto outcomes = office.accept(envelope, letter, each_alone);
        ASSERT_EQ(outcomes.size(), 1U);
        ASSERT_FALSE(outcomes[0].result);
        EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::not_found);
        EXPECT_TRUE(office.queued().empty());
        office.add_account("dave");  // another one, for which the letter was not meant
    }
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptFailing, a_removed_account_among_others_is_told_to_the_sender_or_answered_alone) {
    for (const bool each_alone : {false, true}) {
        PostOffice office;
        office.add_account("dave");
        const auto carol = office.add_account("carol");
        const Envelope envelope = office.envelope({"carol@example.test", "dave@example.test"});
        office.remove_account("dave");
        const auto outcomes = office.accept(envelope, letter, each_alone);
        EXPECT_TRUE(outcomes[0].result);
        EXPECT_EQ(office.inbox(carol).size(), 1U);
        if (each_alone) {
            ASSERT_FALSE(outcomes[1].result);
            EXPECT_EQ(outcomes[1].result.error().code, ErrorCode::not_found);
            EXPECT_TRUE(office.queued().empty());
        } else {
            EXPECT_TRUE(outcomes[1].result);
            EXPECT_EQ(office.queued().at(0).recipients.at(0).report, Report::failed);
            EXPECT_EQ(office.queued()[0].recipients[0].last_error, "the account has been removed");
        }
        EXPECT_EQ(office.findings(), std::vector<std::string>());
    }
}

TEST(AcceptFailing, a_removed_account_does_not_make_another_s_passing_failure_final) {
    for (const bool each_alone : {false, true}) {
        PostOffice office;
        office.add_account("dave");
        const auto carol = office.add_account("carol");
        office.add_alias("team", {"dave@example.test", "carol@example.test"});
        office.add_alias("crew", {"carol@example.test", "dave@example.test"});
        const Envelope envelope = office.envelope({"team@example.test", "crew@example.test"});
        office.remove_account("dave");
        office.fail_writes({partition(carol)});
        for (const Outcome& outcome : office.accept(envelope, letter, each_alone)) {
            ASSERT_FALSE(outcome.result);
            EXPECT_EQ(outcome.result.error().code, ErrorCode::unavailable);
        }
    }
}

TEST(AcceptFailing, elsewhere_and_a_mailbox_that_fails_share_one_entry) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    office.fail_writes({partition(bob)});
    for (const Outcome& outcome : office.accept(office.envelope({"bob@example.test", "x@example.org"}), letter)) {
        EXPECT_TRUE(outcome.result);
        EXPECT_TRUE(outcome.queued);
    }
    ASSERT_EQ(office.queued().size(), 1U);
    EXPECT_EQ(addresses(office.queued()[0]), (std::vector<std::string>{"x@example.org", "bob@example.test"}));
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptFailing, when_the_queue_refuses_nobody_has_got_anything_yet) {
    PostOffice office({.queue = {.entries_max = 0}});
    const auto bob = office.add_account("bob");
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "x@example.org"}), letter);
    EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::too_many);
    EXPECT_EQ(outcomes[1].result.error().code, ErrorCode::too_many);
    EXPECT_TRUE(office.inbox(bob).empty());
}

TEST(AcceptFailing, with_each_alone_a_queue_that_refuses_is_nothing_to_the_others) {
    PostOffice office({.queue = {.entries_max = 0}});
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    office.add_alias("mixed", {"carol@example.test", "x@example.org"});
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "x@example.org", "mixed@example.test"}), letter, true);
    EXPECT_TRUE(outcomes[0].result);
    EXPECT_EQ(outcomes[1].result.error().code, ErrorCode::too_many);
    EXPECT_EQ(outcomes[2].result.error().code, ErrorCode::too_many);
    EXPECT_EQ(office.inbox(bob).size(), 1U);
    EXPECT_TRUE(office.inbox(carol).empty());
}

TEST(AcceptFailing, what_can_be_neither_stored_nor_queued_is_an_error) {
    PostOffice office({.queue = {.entries_max = 0}});
    const auto bob = office.add_account("bob");
    office.add_account("carol");
    office.fail_writes({partition(bob)});
    const auto outcomes = office.accept(office.envelope({"bob@example.test", "carol@example.test"}), letter);
    EXPECT_EQ(outcomes[0].result.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(outcomes[0].queued);
    EXPECT_TRUE(outcomes[1].result);
}

// ---- the same message again

TEST(AcceptAgain, the_same_envelope_after_an_unknown_outcome_duplicates_nothing) {
    PostOffice office;
    const auto bob = office.add_account("bob");
    const auto carol = office.add_account("carol");
    const Envelope envelope = office.envelope({"bob@example.test", "carol@example.test", "x@example.org"});
    // What was written is not known: both accounts and the queue answer an error for a commit that is there.
    office.fail_writes({partition(bob), partition(carol), {"q"}}, Fate::fail_after);
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_FALSE(outcome.result);
    office.fail_writes({partition(bob)}, Fate::fail_after);
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    office.mend();
    for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);

    EXPECT_EQ(office.inbox(bob).size(), 1U);
    EXPECT_EQ(office.inbox(carol).size(), 1U);
    ASSERT_EQ(office.queued().size(), 1U);
    // Bob's mailbox answered an error the second time: he is tried again, and gets nothing twice.
    EXPECT_EQ(addresses(office.queued()[0]), (std::vector<std::string>{"x@example.org", "bob@example.test"}));
    EXPECT_EQ(office.findings(), std::vector<std::string>());
}

TEST(AcceptAgain, a_stop_after_any_write_is_made_good_by_the_next_attempt) {
    // The machine stops after 0, 1, 2 … writes: everything later fails. Then the same message comes again.
    for (int survivors = 0; survivors <= 4; ++survivors) {
        PostOffice office;
        const auto bob = office.add_account("bob");
        const auto carol = office.add_account("carol");
        const Envelope envelope = office.envelope({"bob@example.test", "x@example.org", "carol@example.test"});
        int left = survivors;
        office.store.fate_of_write = [&left](const store::Partition&) { return left-- > 0 ? Fate::succeed : Fate::fail_before; };
        (void)office.accept(envelope, letter);
        office.mend();
        for (const Outcome& outcome : office.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
        EXPECT_EQ(office.inbox(bob).size(), 1U) << survivors;
        EXPECT_EQ(office.inbox(carol).size(), 1U) << survivors;
        ASSERT_EQ(office.queued().size(), 1U) << survivors;
        EXPECT_EQ(addresses(office.queued()[0]), std::vector<std::string>{"x@example.org"}) << survivors;
        EXPECT_EQ(office.findings(), std::vector<std::string>());
    }
}

}  // namespace
}  // namespace packetboat::delivery
