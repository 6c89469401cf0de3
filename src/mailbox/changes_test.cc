#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

using Kind = Change::Kind;

class MailChanges : public MailTest {
protected:
    std::vector<Kind> kinds(std::uint64_t since) {
        std::vector<Kind> out;
        for (const Change& change : must(mail->changes(account, since, 1'000)).changes) out.push_back(change.kind);
        return out;
    }
};
PACKETBOAT_EVERY_ENGINE(MailChanges);

TEST_P(MailChanges, the_log_tells_every_kind_of_change) {
    const Added first = add("1");
    EXPECT_EQ(kinds(0), (std::vector<Kind>{Kind::mailbox_added, Kind::mailbox_added, Kind::mailbox_added, Kind::mailbox_added,
                                           Kind::mailbox_added, Kind::mailbox_added, Kind::email_added, Kind::placed}));
    update({.id = first.id, .add_keywords = {"$seen"}});
    EXPECT_EQ(kinds(first.modseq), std::vector<Kind>{Kind::email_changed});
    const MailboxId archive = box(Role::archive).id;
    std::uint64_t at = must(mail->modseq(account));
    update({.id = first.id, .add_to = {archive}, .remove_from = {first.mailbox}});
    EXPECT_EQ(kinds(at), (std::vector<Kind>{Kind::displaced, Kind::placed, Kind::email_changed}));
    at = must(mail->modseq(account));
    update({.id = first.id, .remove_from = {archive}});
    const Mail::Changes gone = must(mail->changes(account, at, 10));
    ASSERT_EQ(gone.changes.size(), 2U);
    EXPECT_EQ(gone.changes[0].kind, Kind::displaced);
    EXPECT_EQ(gone.changes[0].mailbox, archive);
    EXPECT_EQ(gone.changes[0].uid, 1U);
    EXPECT_EQ(gone.changes[0].email, first.id);
    EXPECT_EQ(gone.changes[0].modseq, at + 1);
    EXPECT_EQ(gone.changes[1].kind, Kind::email_removed);
    at = gone.modseq;
    const MailboxId work = must(mail->create_mailbox(account, "Work", {}, Role::none));
    must(mail->update_mailbox(account, work, {.name = "Play"}));
    must(mail->remove_mailbox(account, work));
    EXPECT_EQ(kinds(at), (std::vector<Kind>{Kind::mailbox_added, Kind::mailbox_changed, Kind::mailbox_removed}));
    expect_sound();
}

TEST_P(MailChanges, are_answered_in_whole_commits_up_to_the_limit) {
    const std::uint64_t start = add("0").modseq;
    for (int i = 0; i < 5; ++i) add("x");
    Mail::Changes some = must(mail->changes(account, start, 5));
    EXPECT_EQ(some.changes.size(), 4U) << "two commits of two changes";
    EXPECT_FALSE(some.complete);
    EXPECT_EQ(some.modseq, start + 2);
    some = must(mail->changes(account, some.modseq, 6));
    EXPECT_EQ(some.changes.size(), 6U);
    EXPECT_TRUE(some.complete);
    EXPECT_EQ(some.modseq, start + 5);
    some = must(mail->changes(account, some.modseq, 1));
    EXPECT_EQ(some.changes.size(), 0U);
    EXPECT_TRUE(some.complete);
    EXPECT_EQ(some.modseq, start + 5);
    EXPECT_EQ(must(mail->changes(account, start, 1)).changes.size(), 2U) << "the first commit comes whole, however small the limit";
}

TEST_P(MailChanges, a_commit_with_very_many_changes_is_read_whole) {
    std::vector<Mail::EmailUpdate> updates;
    for (int i = 0; i < 100; ++i) updates.push_back({.id = add("x").id});
    const std::uint64_t before = must(mail->modseq(account));
    std::vector<Mail::EmailUpdate> many;
    for (int i = 0; i < 8'000; ++i) {
        many.push_back(updates[static_cast<std::size_t>(i) % updates.size()]);
        (i / 100 % 2 == 0 ? many.back().add_keywords : many.back().remove_keywords) = {"$flagged"};
    }
    EXPECT_EQ(must(mail->update(account, many)).modseq, before + 1);
    const Mail::Changes all = must(mail->changes(account, before, 10));
    EXPECT_EQ(all.changes.size(), 8'000U);
    EXPECT_TRUE(all.complete);
    expect_sound();
}

TEST_P(MailChanges, an_account_without_records_has_none) {
    const Mail::Changes none = must(mail->changes(account, 0, 10));
    EXPECT_EQ(none.changes.size(), 0U);
    EXPECT_EQ(none.modseq, 0U);
    EXPECT_EQ(error(mail->changes(account, 1, 10)), ErrorCode::conflict) << "a state of the future";
}

TEST_P(MailChanges, the_log_is_trimmed_and_who_is_too_far_behind_starts_over) {
    limit({.change_log_entries_max = 100});
    const std::uint64_t first = add("0").modseq;
    for (int i = 0; i < 200; ++i) add("x");
    EXPECT_EQ(error(mail->changes(account, first, 1'000)), ErrorCode::conflict);
    const std::uint64_t now = must(mail->modseq(account));
    const Mail::Changes recent = must(mail->changes(account, now - 40, 1'000));
    EXPECT_EQ(recent.changes.size(), 80U);
    std::size_t records = 0;
    for (const std::string& key : keys()) records += key[0] == 'L' ? 1 : 0;
    EXPECT_LE(records, 50U);
    expect_sound();
}

TEST_P(MailChanges, a_log_limit_that_was_lowered_is_reached_in_steps) {
    for (int i = 0; i < 900; ++i) add("x");
    limit({.change_log_entries_max = 10});
    add("x");
    expect_sound();
    add("x");
    add("x");
    std::size_t records = 0;
    for (const std::string& key : keys()) records += key[0] == 'L' ? 1 : 0;
    EXPECT_LE(records, 5U);
    expect_sound();
}

TEST_P(MailChanges, a_log_of_no_entries_forgets_all_but_the_last_commit) {
    limit({.change_log_entries_max = 0});
    const std::uint64_t first = add("x").modseq;
    EXPECT_EQ(kinds(first - 1).size(), 8U);
    add("y");
    EXPECT_EQ(error(mail->changes(account, first - 1, 10)), ErrorCode::conflict);
    EXPECT_EQ(kinds(first).size(), 2U);
    expect_sound();
}

TEST_P(MailChanges, watchers_are_told_after_a_commit_of_their_account) {
    std::vector<std::uint64_t> told;
    std::optional<Mail::Subscription> subscription = *mail->watch(account, [&](std::uint64_t modseq) { told.push_back(modseq); });
    const Id128 id = Id128::random();
    const NewEmail email{.content = content_of("x"), .quota_bytes = 1};
    const std::uint64_t modseq = must(mail->add(account, id, email)).modseq;
    EXPECT_EQ(told, std::vector<std::uint64_t>{modseq});
    must(mail->add(account, id, email));
    EXPECT_EQ(error(mail->add(account, {}, email)), ErrorCode::over_quota);
    must(mail->add({"a-other"}, {}, email));
    EXPECT_EQ(told.size(), 1U) << "a replay, a failure and another account are no change";
    Mail::Subscription moved = std::move(*subscription);
    subscription.reset();
    add("y");
    EXPECT_EQ(told.size(), 2U);
    moved = *mail->watch({"a-other"}, [](std::uint64_t) {});
    add("z");
    EXPECT_EQ(told.size(), 2U);
}

TEST_P(MailChanges, a_watcher_may_end_its_own_subscription_and_others) {
    int calls = 0;
    std::optional<Mail::Subscription> first;
    std::optional<Mail::Subscription> second;
    first = *mail->watch(account, [&](std::uint64_t) {
        ++calls;
        second.reset();
        first.reset();
    });
    second = *mail->watch(account, [&](std::uint64_t) { calls += 100; });
    add("x");
    add("y");
    EXPECT_EQ(calls, 1);
}

TEST_P(MailChanges, watchers_are_limited_per_account) {
    limit({.watchers_per_account_max = 2});
    std::vector<Mail::Subscription> held;
    for (int i = 0; i < 2; ++i) held.push_back(*mail->watch(account, [](std::uint64_t) {}));
    EXPECT_EQ(mail->watch(account, [](std::uint64_t) {}).error().code, ErrorCode::too_many);
    EXPECT_TRUE(mail->watch({"a-other"}, [](std::uint64_t) {}));
    held.pop_back();
    EXPECT_TRUE(mail->watch(account, [](std::uint64_t) {}));
    held.clear();
}

}  // namespace
}  // namespace packetboat::mailbox
