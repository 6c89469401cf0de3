#include "delivery/reporter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "delivery/local_retry.h"
#include "delivery/queue_read.h"
#include "delivery/testing/post_office.h"
#include "delivery/testing/report_reader.h"

namespace packetboat::delivery {
namespace {

using Fate = FailingStore::Fate;
using std::chrono::hours;
using std::chrono::minutes;

const std::string letter = std::string(return_path) + "Subject: hi\r\n\r\nthe text\r\n";

QueuedRecipient failed(std::string address) {
    return {.address = std::move(address), .attempts = 1, .last_error = "no such user", .report = Report::failed, .status = "5.1.1"};
}

// Alice, who has an account here, has sent messages of which there is something to tell.
class ReporterTest : public testing::Test {
protected:
    void SetUp() override { alice_ = office_.add_account("alice"); }

    Id128 queue(std::vector<QueuedRecipient> recipients, std::string reverse_path = "alice@example.test", std::string content = letter,
                bool require_tls = false) {
        for (QueuedRecipient& recipient : recipients) recipient.due = now_;
        QueueEntry entry{.reverse_path = std::move(reverse_path),
                         .require_tls = require_tls,
                         .arrived = now_ - hours(1),
                         .skip_bytes = return_path.size(),
                         .recipients = std::move(recipients)};
        const auto size = content.size();
        return office_
            .run(office_.queue.add(std::move(entry), {std::make_shared<const std::string>(std::move(content)), std::nullopt, size}))
            .value();
    }
    std::size_t report() { return office_.run(reporter_.report_due(now_)); }
    std::vector<ReadReport> inbox() {
        std::vector<ReadReport> reports;
        for (const std::string& message : office_.inbox(alice_)) {
            EXPECT_TRUE(message.starts_with("Return-Path: <>\r\nFrom: Mail Delivery System")) << message;
            reports.push_back(read_report(message).value());
        }
        return reports;
    }
    void expect_nothing_is_left() {
        EXPECT_TRUE(office_.queued().empty());
        EXPECT_TRUE(office_.run(office_.queue.due(Work::tell_sender, now_ + hours(1000), 10)).value().empty());
        EXPECT_EQ(office_.findings(), std::vector<std::string>());
    }

    PostOffice office_;
    Reporter reporter_{office_.store, office_.delivery, office_.queue, {.hostname = "mail.example.test"}};
    directory::AccountId alice_{};
    Time now_ = Time::now();
};

TEST_F(ReporterTest, a_sender_here_gets_it_in_the_inbox_and_the_entry_goes) {
    queue({failed("bob@example.org")});
    EXPECT_EQ(report(), 1U);
    ASSERT_EQ(inbox().size(), 1U);
    const ReadReport told = inbox()[0];
    EXPECT_EQ(value_of(told.header, "Auto-Submitted"), "auto-replied");
    EXPECT_EQ(value_of(told.groups.at(1), "Final-Recipient"), "rfc822; bob@example.org");
    EXPECT_EQ(value_of(told.groups[1], "Last-Attempt-Date"), now_.rfc5322());
    // As it came, without the Return-Path that we have put before it.
    EXPECT_EQ(told.returned, letter.substr(return_path.size()));
    expect_nothing_is_left();
    EXPECT_EQ(report(), 0U);
}

TEST_F(ReporterTest, a_sender_elsewhere_gets_an_entry_without_a_sender) {
    queue({failed("bob@example.org")}, "Carol@example.net", letter, true);
    EXPECT_EQ(report(), 1U);
    ASSERT_EQ(office_.queued().size(), 1U);
    const QueueEntry entry = office_.queued()[0];
    EXPECT_EQ(entry.reverse_path, "");
    EXPECT_EQ(entry.body, Body::seven_bit);
    EXPECT_TRUE(entry.require_tls);
    EXPECT_EQ(entry.recipients.at(0).address, "Carol@example.net");
    EXPECT_EQ(entry.recipients[0].notify, notify_never);
    const std::string bytes = *office_.run(office_.queue.content(entry.id)).value().bytes;
    EXPECT_TRUE(read_report(bytes.substr(entry.skip_bytes)));
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(ReporterTest, what_needs_utf8_or_eight_bits_says_so) {
    queue({failed("b\xc3\xb6@example.org")}, "\xc3\xa4@example.net");
    queue({failed("b@example.org")}, "carol@example.net", letter + "\xff\r\n");
    EXPECT_EQ(report(), 2U);
    for (const QueueEntry& entry : office_.queued()) {
        EXPECT_EQ(entry.body, Body::eight_bit_mime);
        EXPECT_EQ(entry.smtputf8, entry.recipients.at(0).address != "carol@example.net");
    }
}

TEST_F(ReporterTest, nobody_is_told_of_a_message_that_has_no_sender) {
    queue({failed("bob@example.org")}, "");
    EXPECT_EQ(report(), 0U);
    EXPECT_TRUE(inbox().empty());
    expect_nothing_is_left();
}

TEST_F(ReporterTest, notify_decides) {
    const std::vector<std::tuple<Report, unsigned, bool>> cases = {
        {Report::failed, 0, true},
        {Report::failed, notify_failure, true},
        {Report::failed, notify_failure | notify_success, true},
        {Report::failed, notify_success, false},
        {Report::failed, notify_delay, false},
        {Report::failed, notify_never, false},
        {Report::delivered, 0, false},
        {Report::delivered, notify_success, true},
        {Report::delivered, notify_failure | notify_delay, false},
        {Report::relayed, 0, false},
        {Report::relayed, notify_success | notify_failure, true},
        {Report::relayed, notify_never, false},
        {Report::delayed, 0, true},
        {Report::delayed, notify_delay, true},
        {Report::delayed, notify_failure | notify_success, false},
        {Report::delayed, notify_never, false},
        {Report::none, notify_success, false},
    };
    for (const auto& [kind, notify, wanted] : cases) {
        const QueuedRecipient recipient{.address = "bob@example.org", .notify = static_cast<std::uint8_t>(notify), .report = kind};
        EXPECT_EQ(wants_report(recipient), wanted) << static_cast<int>(kind) << " " << notify;
        if (kind == Report::none) continue;
        const std::size_t before = inbox().size();
        const Id128 id = queue({recipient});
        EXPECT_EQ(report(), wanted ? 1U : 0U);
        EXPECT_EQ(inbox().size(), before + (wanted ? 1 : 0));
        if (kind == Report::delayed) {
            const QueueEntry kept = office_.run(office_.queue.get(id)).value();
            EXPECT_EQ(kept.recipients.at(0).report, Report::none);
            EXPECT_TRUE(kept.recipients[0].warned);
            ASSERT_TRUE(office_.run(office_.queue.remove(id)));
        }
        expect_nothing_is_left();
    }
}

TEST_F(ReporterTest, all_of_an_entry_is_told_in_one_and_the_others_are_left) {
    QueuedRecipient delayed{.address = "d@example.org", .last_error = "no answer", .report = Report::delayed};
    QueuedRecipient silent = failed("never@example.org");
    silent.notify = notify_never;
    QueuedRecipient held = failed("held@example.org");
    held.held = true;
    QueuedRecipient waiting{.address = "w@example.org"};
    queue({failed("a@example.org"), failed("b@example.org"), delayed, silent, held, waiting});
    EXPECT_EQ(report(), 1U);
    ASSERT_EQ(inbox().size(), 1U);
    EXPECT_EQ(inbox()[0].groups.size(), 4U);
    EXPECT_NE(value_of(inbox()[0].groups.at(3), "Will-Retry-Until"), "(none)");
    const QueueEntry kept = office_.queued().at(0);
    ASSERT_EQ(kept.recipients.size(), 3U);
    EXPECT_EQ(kept.recipients[0].address, "d@example.org");
    EXPECT_TRUE(kept.recipients[0].warned);
    EXPECT_EQ(kept.recipients[0].report, Report::none);
    EXPECT_EQ(kept.recipients[1].report, Report::failed);
    EXPECT_EQ(kept.recipients[2].address, "w@example.org");
    EXPECT_EQ(report(), 0U);
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(ReporterTest, a_stop_between_the_notification_and_the_queue_makes_it_once) {
    const Id128 id = queue({failed("bob@example.org"), {.address = "d@example.org", .report = Report::delayed}});
    office_.fail_writes({queue_partition()});
    EXPECT_EQ(report(), 0U);
    EXPECT_EQ(inbox().size(), 1U);
    office_.mend();
    // Meanwhile the delayed one was tried again.
    ASSERT_TRUE(office_.run(office_.queue.change(id, [](QueueEntry& entry) -> Result<> {
        ++entry.recipients[1].attempts;
        return {};
    })));
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().size(), 1U);
    EXPECT_EQ(office_.queued().at(0).recipients.size(), 1U);
}

TEST_F(ReporterTest, the_same_holds_for_senders_elsewhere_and_for_writes_of_which_nobody_knows) {
    for (int failing = 0; failing < 2; ++failing) {
        queue({failed("bob@example.org")}, "carol@example.net");
        int writes = 0;
        office_.store.fate_of_write = [&](const store::Partition&) { return writes++ == failing ? Fate::fail_after : Fate::succeed; };
        EXPECT_EQ(report(), 0U);
        office_.mend();
        now_ = now_ + minutes(1);
        report();
        ASSERT_EQ(office_.queued().size(), 1U) << failing;
        EXPECT_EQ(office_.queued()[0].reverse_path, "");
        ASSERT_TRUE(office_.run(office_.queue.remove(office_.queued()[0].id)));
        expect_nothing_is_left();
    }
}

TEST_F(ReporterTest, a_stop_after_any_write_is_made_good_by_the_next_run) {
    for (int survivors = 0; survivors <= 3; ++survivors) {
        const std::size_t before = inbox().size();
        queue({failed("bob@example.org")});
        int left = survivors;
        office_.store.fate_of_write = [&left](const store::Partition&) { return left-- > 0 ? Fate::succeed : Fate::fail_before; };
        report();
        office_.mend();
        now_ = now_ + minutes(1);
        report();
        EXPECT_EQ(inbox().size(), before + 1) << survivors;
        expect_nothing_is_left();
    }
}

TEST_F(ReporterTest, what_failed_again_after_it_was_tried_anew_is_told_again) {
    QueuedRecipient bob = failed("bob@example.org");
    const Id128 id = queue({bob, {.address = "w@example.org"}});
    EXPECT_EQ(report(), 1U);
    ASSERT_TRUE(office_.run(office_.queue.change(id, [&](QueueEntry& entry) -> Result<> {
        bob.attempts = 2;
        bob.number = 1;
        entry.recipients.insert(entry.recipients.begin(), bob);
        return {};
    })));
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().size(), 2U);
}

TEST_F(ReporterTest, a_report_that_changes_meanwhile_is_kept) {
    const Id128 id = queue({{.address = "d@example.org", .report = Report::delayed}});
    // It fails for good while its sender is being told of the delay.
    const auto fail_for_good = [](Queue& queue, Id128 entry) -> Task<> {
        (void)co_await queue.change(entry, [](QueueEntry& kept) -> Result<> {
            kept.recipients[0].report = Report::failed;
            return {};
        });
    };
    office_.store.fate_of_write = [&](const store::Partition& partition) {
        if (partition == directory::account_partition(alice_)) spawn(fail_for_good(office_.queue, id), [](const std::exception_ptr&) {});
        return Fate::succeed;
    };
    EXPECT_EQ(report(), 1U);
    office_.mend();
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(value_of(inbox().at(0).groups.at(1), "Action"), "delayed");
    EXPECT_EQ(value_of(inbox().at(1).groups.at(1), "Action"), "failed");
    expect_nothing_is_left();
}

TEST_F(ReporterTest, a_forwarded_sender_hears_of_the_recipient_that_failed_after_250) {
    office_.add_account("gone");
    Envelope envelope = office_.envelope({"alice@example.test", "gone@example.test"});
    envelope.reverse_path = "SRS0=HHH=TT=example.org=" + std::string(80, 'x') + "@forwarder.example";
    office_.remove_account("gone");
    for (const Outcome& outcome : office_.accept(envelope, letter)) EXPECT_TRUE(outcome.result);
    now_ = Time::now();
    EXPECT_EQ(report(), 1U);
    ASSERT_EQ(office_.queued().size(), 1U);
    EXPECT_EQ(office_.queued()[0].recipients.at(0).address, envelope.reverse_path);
    EXPECT_EQ(office_.findings(), std::vector<std::string>());
}

TEST_F(ReporterTest, senders_such_as_only_others_have_are_told) {
    const std::string srs = "SRS0=HHH=TT=example.org=" + std::string(80, 'x') + "@Forwarder.example";
    for (const std::string& sender : {srs, std::string(255, 'v') + "@example.net", std::string("a@mail_1.example.net"),
                                      std::string("Alice@[192.0.2.1]"), std::string("a@[IPv6:2001:db8::7]")}) {
        queue({failed("bob@example.org")}, sender);
        EXPECT_EQ(report(), 1U) << sender;
        ASSERT_EQ(office_.queued().size(), 1U) << sender;
        const QueueEntry told = office_.queued()[0];
        // Only the host it goes to may say that case means nothing, and SRS has hashes in it.
        EXPECT_EQ(lower(told.recipients.at(0).address), lower(sender));
        EXPECT_EQ(told.recipients[0].address.substr(0, 3), sender.substr(0, 3));
        ASSERT_TRUE(office_.run(office_.queue.remove(told.id)));
    }
    expect_nothing_is_left();
}

// ---- senders that cannot be reached

TEST_F(ReporterTest, a_sender_that_does_not_exist_is_dropped) {
    for (const char* sender : {"nobody@example.test", "no address", "a@[x400:c=de]"}) {
        queue({failed("bob@example.org")}, sender);
        EXPECT_EQ(report(), 0U) << sender;
        expect_nothing_is_left();
    }
}

TEST_F(ReporterTest, a_sender_that_cannot_be_reached_now_is_tried_ever_more_rarely) {
    queue({failed("bob@example.org")});
    office_.fail_writes({directory::account_partition(alice_), queue_partition()});
    const auto tries = [&] { return office_.store.writes[directory::account_partition(alice_).name]; };
    const int before = tries();
    int count = 0;
    for (const minutes wait : {minutes(1), minutes(5), minutes(15), minutes(60), minutes(60)}) {
        EXPECT_EQ(report(), 0U);
        EXPECT_EQ(tries(), before + ++count);
        now_ = now_ + wait - std::chrono::seconds(1);
        EXPECT_EQ(report(), 0U);
        EXPECT_EQ(tries(), before + count);
        now_ = now_ + std::chrono::seconds(1);
    }
    office_.mend();
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().size(), 1U);
    expect_nothing_is_left();
}

TEST_F(ReporterTest, those_whose_mailboxes_fail_hold_up_nobody_else) {
    const auto carol = office_.add_account("carol");
    for (int i = 0; i < 70; ++i) queue({failed("bob@example.org")});
    for (int i = 0; i < 70; ++i) queue({failed("bob@example.org")}, "carol@example.test");
    office_.fail_writes({directory::account_partition(alice_)});
    EXPECT_EQ(report(), 140U);
    EXPECT_EQ(office_.inbox(carol).size(), 70U);
    // What a mailbox here does not take now waits in the queue, as any other message does.
    EXPECT_EQ(office_.queued().size(), 70U);
    office_.mend();
    LocalRetry retry(office_.directory, office_.mail, office_.queue, {});
    EXPECT_EQ(office_.run(retry.retry_all(Time::now())), 70U);
    EXPECT_EQ(inbox().size(), 70U);
    expect_nothing_is_left();
}

TEST_F(ReporterTest, so_many_that_wait_are_the_only_ones_tried) {
    Reporter reporter(office_.store, office_.delivery, office_.queue,
                      {.hostname = "mail.example.test", .entries_at_once = 2, .postponed_max = 3});
    for (int i = 0; i < 10; ++i) queue({failed("bob@example.org")});
    office_.fail_writes({directory::account_partition(alice_), queue_partition()});
    const int before = office_.store.writes[directory::account_partition(alice_).name];
    EXPECT_EQ(office_.run(reporter.report_due(now_)), 0U);
    EXPECT_EQ(office_.run(reporter.report_due(now_)), 0U);
    EXPECT_EQ(office_.store.writes[directory::account_partition(alice_).name], before + 3);
    office_.mend();
    now_ = now_ + minutes(1);
    EXPECT_EQ(office_.run(reporter.report_due(now_)), 10U);
    expect_nothing_is_left();
}

TEST_F(ReporterTest, a_full_mailbox_waits_and_then_is_given_up) {
    office_.add_account("small", 10);
    queue({failed("bob@example.org")}, "small@example.test");
    EXPECT_EQ(report(), 1U);
    ASSERT_EQ(office_.queued().size(), 1U);
    EXPECT_EQ(office_.queued()[0].reverse_path, "");
    EXPECT_EQ(office_.queued()[0].recipients.at(0).address, "small@example.test");
    LocalRetry retry(office_.directory, office_.mail, office_.queue, {});
    EXPECT_EQ(office_.run(retry.retry_due(Time::now() + hours(5 * 24) - minutes(1))), 0U);
    EXPECT_EQ(report(), 0U);
    EXPECT_EQ(office_.queued().size(), 1U);
    now_ = Time::now() + hours(5 * 24 + 5);
    EXPECT_EQ(office_.run(retry.retry_due(now_)), 0U);
    EXPECT_EQ(report(), 0U);
    expect_nothing_is_left();
}

TEST_F(ReporterTest, it_ends_when_it_is_told_to_stop_or_nothing_can_be_read) {
    queue({failed("bob@example.org")});
    office_.store.reads_fail = true;
    EXPECT_EQ(report(), 0U);
    office_.store.reads_fail = false;
    reporter_.stop();
    EXPECT_EQ(report(), 0U);
    EXPECT_EQ(office_.queued().size(), 1U);
}

// ---- contents

TEST_F(ReporterTest, a_content_on_disk_comes_back_whole_or_its_header_does) {
    std::string large = letter;
    while (large.size() < 100'000) large += "a line of text\r\n";
    queue({failed("bob@example.org")}, "alice@example.test", large);
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().at(0).returned, large.substr(return_path.size()));
    while (large.size() < 2 * dsn_whole_max_bytes) large += "a line of text\r\n";
    queue({failed("bob@example.org")}, "alice@example.test", large);
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().at(1).returned_type, "text/rfc822-headers");
    EXPECT_EQ(inbox().at(1).returned, "Subject: hi\r\n");
    expect_nothing_is_left();
}

TEST_F(ReporterTest, a_content_that_cannot_be_read_does_not_keep_the_sender_from_being_told) {
    const Id128 id = queue({failed("bob@example.org")});
    ASSERT_TRUE(
        office_.run(office_.store.write(queue_partition(), std::nullopt, [&](store::Transaction& transaction) -> Result<std::string> {
            transaction.erase(content_key(id));
            return std::string();
        })));
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().at(0).returned, "");
    EXPECT_TRUE(office_.queued().empty());
}

// ---- with the others

TEST_F(ReporterTest, what_a_mailbox_could_not_take_is_told_at_last) {
    const auto bob = office_.add_account("bob");
    office_.add_account("carol");
    office_.fail_writes({directory::account_partition(bob)});
    Envelope envelope = office_.envelope({"bob@example.test", "carol@example.test"});
    envelope.reverse_path = "alice@example.test";
    (void)office_.accept(envelope, "Subject: x\r\n\r\n");
    LocalRetry retry(office_.directory, office_.mail, office_.queue, {});
    now_ = now_ + hours(6 * 24);
    EXPECT_EQ(office_.run(retry.retry_due(now_)), 0U);
    office_.mend();
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(value_of(inbox().at(0).groups.at(1), "Diagnostic-Code"), "x-packetboat; given up after 5 days: a write error");
    EXPECT_EQ(value_of(inbox()[0].groups[1], "Status"), "4.4.7");
    expect_nothing_is_left();
}

TEST_F(ReporterTest, who_asked_for_it_is_told_of_success_at_once_or_after_a_retry) {
    const auto bob = office_.add_account("bob");
    const auto carol = office_.add_account("carol");
    Envelope envelope = office_.envelope({"bob@example.test", "carol@example.test"});
    envelope.reverse_path = "alice@example.test";
    envelope.recipients[0].notify = notify_success;
    envelope.recipients[1].notify = notify_success;
    office_.fail_writes({directory::account_partition(bob)});
    (void)office_.accept(envelope, "Subject: x\r\n\r\n");
    office_.mend();
    now_ = Time::now();
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(inbox().at(0).groups.size(), 2U);
    EXPECT_EQ(value_of(inbox()[0].groups.at(1), "Final-Recipient"), "rfc822; carol@example.test");
    EXPECT_EQ(value_of(inbox()[0].groups[1], "Action"), "delivered");
    LocalRetry retry(office_.directory, office_.mail, office_.queue, {});
    now_ = now_ + minutes(1);
    EXPECT_EQ(office_.run(retry.retry_due(now_)), 1U);
    EXPECT_EQ(office_.run(retry.retry_due(now_)), 0U);
    EXPECT_EQ(report(), 1U);
    EXPECT_EQ(value_of(inbox().at(1).groups.at(1), "Final-Recipient"), "rfc822; bob@example.test");
    EXPECT_EQ(office_.inbox(bob).size(), 1U);
    EXPECT_EQ(office_.inbox(carol).size(), 1U);
    expect_nothing_is_left();
}

}  // namespace
}  // namespace packetboat::delivery
