#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

class MailUpdate : public MailTest {};
PACKETBOAT_EVERY_ENGINE(MailUpdate);

TEST_P(MailUpdate, keywords_are_set_added_and_removed_in_lower_case) {
    const Added added = add("x", {.keywords = {"old"}});
    EXPECT_TRUE(update({.id = added.id, .add_keywords = {"$SEEN", "b"}}).result);
    EXPECT_EQ(must(mail->email(account, added.id)).keywords, (Keywords{"$seen", "b", "old"}));
    EXPECT_TRUE(update({.id = added.id, .remove_keywords = {"OLD", "absent"}}).result);
    EXPECT_EQ(must(mail->email(account, added.id)).keywords, (Keywords{"$seen", "b"}));
    EXPECT_TRUE(update({.id = added.id, .add_keywords = {"z"}, .remove_keywords = {"x"}, .set_keywords = Keywords{"x", "y"}}).result);
    EXPECT_EQ(must(mail->email(account, added.id)).keywords, (Keywords{"y", "z"}));
    expect_sound();
}

TEST_P(MailUpdate, unseen_counts_follow_seen_in_every_mailbox) {
    const Added added = add("x");
    const MailboxId archive = box(Role::archive).id;
    EXPECT_TRUE(update({.id = added.id, .add_to = {archive}}).result);
    EXPECT_EQ(box(Role::inbox).unseen, 1U);
    EXPECT_EQ(box(Role::archive).unseen, 1U);
    EXPECT_TRUE(update({.id = added.id, .add_keywords = {"$seen"}}).result);
    EXPECT_EQ(box(Role::inbox).unseen, 0U);
    EXPECT_EQ(box(Role::archive).unseen, 0U);
    EXPECT_TRUE(update({.id = added.id, .remove_keywords = {"$seen"}, .remove_from = {archive}}).result);
    EXPECT_EQ(box(Role::inbox).unseen, 1U);
    EXPECT_EQ(box(Role::archive).unseen, 0U);
    expect_sound();
}

TEST_P(MailUpdate, modseqs_move_with_the_commit) {
    const Added one = add("1");
    const Added two = add("2");
    const Mail::Updated updated = must(mail->update(account, {{.id = one.id, .add_keywords = {"$seen"}}}));
    EXPECT_EQ(updated.modseq, two.modseq + 1);
    EXPECT_EQ(must(mail->email(account, one.id)).modseq, updated.modseq);
    EXPECT_EQ(must(mail->email(account, two.id)).modseq, two.modseq);
    EXPECT_EQ(box(Role::inbox).highest_modseq, updated.modseq);
    EXPECT_LT(box(Role::sent).highest_modseq, updated.modseq);
    const std::vector<Row> rows = must(mail->rows(account, one.mailbox));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].modseq, updated.modseq);
    EXPECT_EQ(rows[1].modseq, two.modseq);
}

TEST_P(MailUpdate, an_update_that_changes_nothing_is_no_commit) {
    const Added added = add("x", {.keywords = {"$seen"}});
    const Mail::Updated updated =
        must(mail->update(account, {{.id = added.id, .add_keywords = {"$seen"}, .add_to = {added.mailbox}}, {.id = EmailId{99}}}));
    EXPECT_EQ(updated.modseq, added.modseq);
    ASSERT_EQ(updated.outcomes.size(), 2U);
    EXPECT_TRUE(updated.outcomes[0].result);
    EXPECT_EQ(updated.outcomes[1].result.error().code, ErrorCode::not_found);
    EXPECT_EQ(must(mail->modseq(account)), added.modseq);
    EXPECT_EQ(must(mail->update(account, {})).outcomes.size(), 0U);
    EXPECT_EQ(must(mail->update({"a-fresh"}, {{.id = EmailId{1}}})).modseq, 0U);
}

TEST_P(MailUpdate, a_move_gives_a_new_uid_and_keeps_the_email) {
    const Added added = add("x");
    const MailboxId trash = box(Role::trash).id;
    const Mail::UpdateOutcome outcome = update({.id = added.id, .add_to = {trash}, .remove_from = {added.mailbox}});
    ASSERT_TRUE(outcome.result);
    ASSERT_EQ(outcome.placed.size(), 1U);
    EXPECT_EQ(outcome.placed[0].mailbox, trash);
    EXPECT_EQ(outcome.placed[0].uid, 1U);
    EXPECT_EQ(must(mail->rows(account, added.mailbox)).size(), 0U);
    EXPECT_EQ(must(mail->rows(account, trash)).size(), 1U);
    EXPECT_EQ(read(added.id), "x");
    EXPECT_EQ(must(mail->usage(account)).emails, 1U);
    expect_sound();
}

TEST_P(MailUpdate, a_move_to_where_it_is_gives_a_new_uid_there) {
    const Added added = add("x");
    const Mail::UpdateOutcome outcome = update({.id = added.id, .add_to = {added.mailbox}, .remove_from = {added.mailbox}});
    ASSERT_EQ(outcome.placed.size(), 1U);
    EXPECT_EQ(outcome.placed[0].uid, added.uid + 1);
    EXPECT_EQ(box(Role::inbox).emails, 1U);
    expect_sound();
}

TEST_P(MailUpdate, an_email_that_loses_its_last_mailbox_is_gone_with_its_body_and_usage) {
    const Added small = add("small");
    const Added large = add(std::string(100'000, 'x'));
    const MailboxId archive = box(Role::archive).id;
    EXPECT_TRUE(update({.id = small.id, .add_to = {archive}}).result);
    EXPECT_TRUE(update({.id = small.id, .remove_from = {small.mailbox}}).result);
    EXPECT_EQ(read(small.id), "small");
    EXPECT_TRUE(update({.id = small.id, .remove_from = {archive, MailboxId{55}}}).result);
    EXPECT_TRUE(update({.id = large.id, .remove_from = {large.mailbox}}).result);
    EXPECT_EQ(error(mail->email(account, small.id)), ErrorCode::not_found);
    EXPECT_EQ(error(mail->body(account, large.id)), ErrorCode::not_found);
    EXPECT_EQ(must(mail->usage(account)).bytes, 0U);
    EXPECT_EQ(must(mail->usage(account)).emails, 0U);
    for (const std::string& key : keys()) EXPECT_FALSE(key[0] == 'B' || key[0] == 'E' || key[0] == 'P') << key;
    expect_sound();
}

TEST_P(MailUpdate, unchangedsince_is_answered_conflict_for_what_changed_since) {
    const Added one = add("1");
    const Added two = add("2");
    const Mail::Updated updated = must(mail->update(account, {{.id = one.id, .add_keywords = {"$seen"}, .if_modseq_at_most = one.modseq},
                                                              {.id = two.id, .add_keywords = {"$seen"}, .if_modseq_at_most = one.modseq}}));
    EXPECT_TRUE(updated.outcomes[0].result);
    EXPECT_EQ(updated.outcomes[1].result.error().code, ErrorCode::conflict);
    EXPECT_EQ(box(Role::inbox).unseen, 1U);
}

TEST_P(MailUpdate, those_that_fail_do_nothing_and_the_others_are_done) {
    limit({.keywords_max = 2, .keyword_max_bytes = 8, .mailboxes_per_email_max = 2});
    const Added added = add("x", {.keywords = {"a", "b"}});
    const MailboxId archive = box(Role::archive).id;
    const MailboxId sent = box(Role::sent).id;
    const Mail::Updated updated = must(mail->update(account, {{.id = added.id, .add_keywords = {"c"}, .add_to = {archive}},
                                                              {.id = added.id, .add_keywords = {"too long a keyword"}},
                                                              {.id = added.id, .set_keywords = Keywords{"(bad)"}},
                                                              {.id = added.id, .add_to = {archive, sent}},
                                                              {.id = added.id, .add_to = {MailboxId{99}}, .remove_from = {added.mailbox}},
                                                              {.id = added.id, .add_to = {archive}}}));
    std::vector<std::optional<ErrorCode>> codes;
    for (const Mail::UpdateOutcome& outcome : updated.outcomes) {
        codes.push_back(outcome.result ? std::nullopt : std::optional(outcome.result.error().code));
    }
    EXPECT_EQ(codes, (std::vector<std::optional<ErrorCode>>{ErrorCode::too_many, ErrorCode::too_large, ErrorCode::invalid,
                                                            ErrorCode::too_many, ErrorCode::not_found, std::nullopt}));
    const Email email = must(mail->email(account, added.id));
    EXPECT_EQ(email.keywords, (Keywords{"a", "b"}));
    EXPECT_EQ(email.placements.size(), 2U);
    expect_sound();
}

TEST_P(MailUpdate, the_same_email_may_come_twice_in_one_update) {
    const Added added = add("x");
    const Mail::Updated updated = must(mail->update(
        account, {{.id = added.id, .add_keywords = {"$seen"}}, {.id = added.id, .remove_from = {added.mailbox}}, {.id = added.id}}));
    EXPECT_TRUE(updated.outcomes[0].result);
    EXPECT_TRUE(updated.outcomes[1].result);
    EXPECT_EQ(updated.outcomes[2].result.error().code, ErrorCode::not_found);
    EXPECT_EQ(box(Role::inbox).emails, 0U);
    expect_sound();
}

TEST_P(MailUpdate, ten_thousand_emails_are_one_commit_and_more_are_too_many) {
    std::vector<Mail::EmailUpdate> updates(10'001);
    EXPECT_EQ(error(mail->update(account, updates)), ErrorCode::too_many);
    std::vector<EmailId> ids;
    for (int i = 0; i < 200; ++i) ids.push_back(add("x").id);
    updates.resize(10'000);
    for (std::size_t i = 0; i < updates.size(); ++i) {
        updates[i].id = ids[i % ids.size()];
        (i / ids.size() % 2 == 0 ? updates[i].add_keywords : updates[i].remove_keywords) = {"$seen"};
    }
    const std::uint64_t before = must(mail->modseq(account));
    EXPECT_EQ(must(mail->update(account, updates)).modseq, before + 1);
    expect_sound();
}

TEST_P(MailUpdate, more_than_one_commit_holds_is_too_many_and_changes_nothing) {
    const Added added = add("x");
    Keywords large;
    for (int i = 0; i < 60; ++i) large.push_back(std::string(100, 'k') + std::to_string(i));
    std::vector<Mail::EmailUpdate> updates(400);
    for (std::size_t i = 0; i < updates.size(); ++i) {
        updates[i].id = added.id;
        updates[i].set_keywords = i % 2 == 0 ? large : Keywords{};
    }
    EXPECT_EQ(error(mail->update(account, updates)), ErrorCode::too_many);
    EXPECT_EQ(must(mail->modseq(account)), added.modseq);
    expect_sound();
}

TEST_P(MailUpdate, rows_have_the_keywords_when_asked_for) {
    const Added one = add("1", {.keywords = {"$seen", "$flagged"}});
    add("2", {.keywords = {"mine", "$answered"}});
    add("3");
    const std::vector<Row> rows = must(mail->rows(account, one.mailbox, RowDetail::keywords));
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].keywords, (Keywords{"$flagged", "$seen"}));
    EXPECT_EQ(rows[1].keywords, (Keywords{"$answered", "mine"}));
    EXPECT_EQ(rows[2].keywords, Keywords());
    EXPECT_EQ(must(mail->rows(account, one.mailbox))[0].keywords, Keywords());
}

}  // namespace
}  // namespace packetboat::mailbox
