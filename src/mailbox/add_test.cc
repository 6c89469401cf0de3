#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

class MailAdd : public MailTest {};
PACKETBOAT_EVERY_ENGINE(MailAdd);

TEST_P(MailAdd, a_fresh_account_is_read_as_if_its_standard_mailboxes_were_there) {
    const std::vector<Mailbox> before = must(mail->mailboxes(account));
    ASSERT_EQ(before.size(), 6U);
    EXPECT_EQ(before[0].name, "Inbox");
    EXPECT_EQ(before[0].role, Role::inbox);
    EXPECT_EQ(before[0].uidnext, 1U);
    EXPECT_EQ(must(mail->usage(account)).emails, 0U);
    EXPECT_EQ(must(mail->rows(account, before[0].id)).size(), 0U);
    EXPECT_EQ(must(mail->modseq(account)), 0U);
    EXPECT_EQ(keys(), std::vector<std::string>()) << "reading writes nothing";

    add("hello");
    const std::vector<Mailbox> after = must(mail->mailboxes(account));
    ASSERT_EQ(after.size(), 6U);
    for (std::size_t i = 0; i < after.size(); ++i) {
        EXPECT_EQ(after[i].id, before[i].id);
        EXPECT_EQ(after[i].uidvalidity, before[i].uidvalidity);
        EXPECT_EQ(after[i].name, before[i].name);
    }
    expect_sound();
}

TEST_P(MailAdd, an_email_comes_back_as_it_came) {
    const Added added =
        add("From: a\r\n\r\nhello\r\n", {.received = {1'700'000'000'000'001}, .keywords = {"$Flagged", "blue", "$flagged"}});
    EXPECT_EQ(added.uid, 1U);
    EXPECT_EQ(added.uidvalidity, box(Role::inbox).uidvalidity);
    EXPECT_FALSE(added.replayed);
    EXPECT_EQ(added.modseq, must(mail->modseq(account)));

    const Email email = must(mail->email(account, added.id));
    EXPECT_EQ(email.keywords, (Keywords{"$flagged", "blue"}));
    EXPECT_EQ(email.received.micros, 1'700'000'000'000'001);
    EXPECT_EQ(email.size_bytes, 18U);
    ASSERT_EQ(email.placements.size(), 1U);
    EXPECT_EQ(email.placements[0].uid, 1U);
    EXPECT_FALSE(email.blob);
    EXPECT_EQ(read(added.id), "From: a\r\n\r\nhello\r\n");

    const Mailbox inbox = box(Role::inbox);
    EXPECT_EQ(inbox.emails, 1U);
    EXPECT_EQ(inbox.unseen, 1U);
    EXPECT_EQ(inbox.bytes, 18U);
    EXPECT_EQ(inbox.uidnext, 2U);
    EXPECT_EQ(inbox.highest_modseq, added.modseq);
    expect_sound();
}

TEST_P(MailAdd, uids_and_email_ids_grow_and_never_come_again) {
    const Added first = add("one");
    const Added second = add("two");
    EXPECT_EQ(second.uid, first.uid + 1);
    EXPECT_GT(second.id, first.id);
    EXPECT_TRUE(update({.id = second.id, .remove_from = {second.mailbox}}).result);
    const Added third = add("three");
    EXPECT_EQ(third.uid, second.uid + 1);
    EXPECT_GT(third.id, second.id);
    expect_sound();
}

TEST_P(MailAdd, an_email_goes_where_it_is_told_by_role_or_id) {
    const Added sent = add("x", {.keywords = {"$seen"}, .where = Role::sent});
    EXPECT_EQ(box(Role::sent).id, sent.mailbox);
    EXPECT_EQ(box(Role::sent).unseen, 0U);
    EXPECT_EQ(add("y", {.where = sent.mailbox}).uid, 2U);
    NewEmail nowhere{.content = content_of("z"), .where = Role::flagged};
    EXPECT_EQ(error(mail->add(account, {}, nowhere)), ErrorCode::not_found);
    nowhere.where = MailboxId{999};
    EXPECT_EQ(error(mail->add(account, {}, nowhere)), ErrorCode::not_found);
    EXPECT_EQ(must(mail->usage(account)).emails, 2U);
    expect_sound();
}

TEST_P(MailAdd, the_same_commit_id_answers_the_same_and_adds_nothing) {
    const Id128 id = Id128::random();
    const NewEmail email{.content = content_of("once")};
    const Added first = must(mail->add(account, id, email));
    add("between");
    const Added again = must(mail->add(account, id, email));
    EXPECT_FALSE(first.replayed);
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(again.uid, first.uid);
    EXPECT_EQ(again.mailbox, first.mailbox);
    EXPECT_EQ(again.uidvalidity, first.uidvalidity);
    EXPECT_EQ(again.modseq, first.modseq);
    EXPECT_EQ(must(mail->usage(account)).emails, 2U);
    expect_sound();
}

TEST_P(MailAdd, a_retry_is_answered_even_when_the_account_has_become_full) {
    const Id128 id = Id128::random();
    const NewEmail email{.content = content_of("12345678"), .quota_bytes = 10};
    must(mail->add(account, id, email));
    EXPECT_TRUE(must(mail->add(account, id, email)).replayed);
    EXPECT_EQ(error(mail->add(account, Id128::random(), email)), ErrorCode::over_quota);
}

TEST_P(MailAdd, quota_is_usage_and_size_and_zero_is_no_quota) {
    NewEmail email{.content = content_of("12345"), .quota_bytes = 10};
    must(mail->add(account, {}, email));
    EXPECT_TRUE(must(mail->has_room(account, 10, 5)));
    EXPECT_FALSE(must(mail->has_room(account, 10, 6)));
    EXPECT_FALSE(must(mail->has_room(account, 4, 0)));
    EXPECT_TRUE(must(mail->has_room(account, 0, 1'000'000)));
    must(mail->add(account, {}, email));
    EXPECT_EQ(error(mail->add(account, {}, email)), ErrorCode::over_quota);
    email.quota_bytes = 0;
    must(mail->add(account, {}, email));
    EXPECT_EQ(must(mail->usage(account)).bytes, 15U);
    expect_sound();
}

TEST_P(MailAdd, a_copy_in_another_mailbox_takes_no_quota) {
    const Added added = add("12345");
    EXPECT_TRUE(update({.id = added.id, .add_to = {box(Role::archive).id}}).result);
    EXPECT_EQ(must(mail->usage(account)).bytes, 5U);
    EXPECT_EQ(must(mail->usage(account)).emails, 1U);
    EXPECT_EQ(box(Role::archive).bytes, 5U);
    expect_sound();
}

TEST_P(MailAdd, a_body_up_to_the_limit_rides_in_the_store_and_a_larger_one_is_a_blob) {
    limit({.inline_body_max_bytes = 1000});
    const Added small = add(std::string(1000, 's'));
    const Added large = add(std::string(1001, 'l'));
    EXPECT_FALSE(must(mail->email(account, small.id)).blob);
    EXPECT_TRUE(must(mail->email(account, large.id)).blob);
    EXPECT_EQ(read(small.id), std::string(1000, 's'));
    EXPECT_EQ(read(large.id), std::string(1001, 'l'));
    expect_sound();
}

TEST_P(MailAdd, a_blob_is_read_in_pieces_of_64_kib_and_an_inline_body_in_one) {
    std::string large;
    for (int i = 0; i < 200'000; ++i) large += static_cast<char>(i * 7);
    const std::unique_ptr<Body> body = must(mail->body(account, add(large).id));
    EXPECT_EQ(body->size_bytes(), large.size());
    std::string all;
    std::vector<std::size_t> sizes;
    for (std::string piece = must(body->next()); !piece.empty(); piece = must(body->next())) {
        sizes.push_back(piece.size());
        all += piece;
    }
    EXPECT_EQ(all, large);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{65'536, 65'536, 65'536, 3'392}));
    EXPECT_EQ(must(body->next()), "") << "the end stays the end";

    const std::unique_ptr<Body> small = must(mail->body(account, add(std::string(65'536, 'x')).id));
    EXPECT_EQ(must(small->next()).size(), 65'536U);
    EXPECT_EQ(must(small->next()), "");
    EXPECT_EQ(must(small->next()), "");
}

TEST_P(MailAdd, an_inline_body_over_64_kib_comes_in_pieces_too) {
    limit({.inline_body_max_bytes = 1 << 20});
    const std::string large(150'000, 'x');
    const Added added = add(large);
    EXPECT_FALSE(must(mail->email(account, added.id)).blob);
    EXPECT_EQ(must(must(mail->body(account, added.id))->next()).size(), 65'536U);
    EXPECT_EQ(read(added.id), large);
    EXPECT_EQ(read(add(std::string(1 << 20, 'y')).id).size(), 1U << 20) << "what a value cannot hold becomes a blob";
    expect_sound();
}

TEST_P(MailAdd, settled_content_is_written_once_for_many_accounts) {
    const Content content = must(mail->settle(content_of(std::string(100'000, 'x'))));
    ASSERT_TRUE(content.blob);
    EXPECT_EQ(content.bytes, nullptr);
    const Content again = must(mail->settle(content));
    EXPECT_EQ(again.blob, content.blob);
    std::vector<Added> all;
    for (const char* name : {"a-1", "a-2", "a-3"}) all.push_back(must(mail->add({name}, {}, {.content = content})));
    EXPECT_EQ(must(mail->email({"a-1"}, all[0].id)).guid, must(mail->email({"a-2"}, all[1].id)).guid);
    EXPECT_EQ(must(store->stats()).blobs, 1U);
    for (const char* name : {"a-1", "a-2", "a-3"}) EXPECT_EQ(must(mail->verify({name})).size(), 0U);
    EXPECT_EQ(must(store->verify()).size(), 0U);
}

TEST_P(MailAdd, small_content_is_settled_where_it_is) {
    const Content content = must(mail->settle(content_of("small")));
    EXPECT_TRUE(content.bytes);
    EXPECT_TRUE(content.guid);
    EXPECT_EQ(must(mail->email(account, must(mail->add(account, {}, {.content = content})).id)).guid, *content.guid);
}

TEST_P(MailAdd, an_empty_body_is_a_body) {
    const Added added = add("");
    EXPECT_EQ(read(added.id), "");
    expect_sound();
}

TEST_P(MailAdd, content_that_contradicts_itself_is_invalid) {
    EXPECT_EQ(error(mail->settle({})), ErrorCode::invalid);
    Content lies = content_of("abc");
    lies.size_bytes = 2;
    EXPECT_EQ(error(mail->add(account, {}, {.content = lies})), ErrorCode::invalid);
    Content both = content_of("abc");
    both.blob = store::BlobRef{.size_bytes = 3};
    EXPECT_EQ(error(mail->settle(both)), ErrorCode::invalid);
}

TEST_P(MailAdd, keywords_over_the_limits_are_refused_with_their_own_error) {
    limit({.keywords_max = 2, .keyword_max_bytes = 5});
    const Content content = content_of("x");
    EXPECT_EQ(error(mail->add(account, {}, {.content = content, .keywords = {"a", "b", "c"}})), ErrorCode::too_many);
    EXPECT_EQ(error(mail->add(account, {}, {.content = content, .keywords = {"abcdef"}})), ErrorCode::too_large);
    for (const char* bad : {"", "a b", "a(b", "a\x7f", "caf\xc3\xa9", "a\\"}) {
        EXPECT_EQ(error(mail->add(account, {}, {.content = content, .keywords = {bad}})), ErrorCode::invalid) << bad;
    }
    EXPECT_EQ(keys(), std::vector<std::string>());
}

TEST_P(MailAdd, a_mailbox_takes_no_more_emails_than_its_limit) {
    limit({.emails_per_mailbox_max = 2});
    add("1");
    const Added second = add("2");
    EXPECT_EQ(error(mail->add(account, {}, {.content = content_of("3")})), ErrorCode::too_many);
    EXPECT_TRUE(update({.id = second.id, .remove_from = {second.mailbox}}).result);
    EXPECT_EQ(add("3").uid, 3U);
    expect_sound();
}

TEST_P(MailAdd, what_is_not_there_is_not_found) {
    EXPECT_EQ(error(mail->email(account, EmailId{1})), ErrorCode::not_found);
    EXPECT_EQ(error(mail->body(account, EmailId{1})), ErrorCode::not_found);
    EXPECT_EQ(error(mail->rows(account, MailboxId{77})), ErrorCode::not_found);
    EXPECT_EQ(error(mail->mailbox(account, Role::all)), ErrorCode::not_found);
    EXPECT_EQ(error(mail->mailbox(account, Role::none)), ErrorCode::not_found);
    add("x");
    EXPECT_EQ(error(mail->mailbox(account, Role::all)), ErrorCode::not_found);
    EXPECT_EQ(error(mail->mailbox(account, Role::none)), ErrorCode::not_found);
    EXPECT_EQ(error(mail->email(account, EmailId{2})), ErrorCode::not_found);
}

TEST_P(MailAdd, accounts_do_not_see_each_other) {
    add("mine");
    EXPECT_EQ(must(mail->usage({"a-other"})).emails, 0U);
    EXPECT_NE(must(mail->mailbox({"a-other"}, Role::inbox)).uidvalidity, box(Role::inbox).uidvalidity);
}

}  // namespace
}  // namespace packetboat::mailbox
