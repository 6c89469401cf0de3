#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

class Mailboxes : public MailTest {
protected:
    MailboxId create(const std::string& name, std::optional<MailboxId> parent = {}, Role role = Role::none) {
        return must(mail->create_mailbox(account, name, parent, role));
    }
    std::optional<ErrorCode> create_error(const std::string& name, std::optional<MailboxId> parent = {}, Role role = Role::none) {
        return error(mail->create_mailbox(account, name, parent, role));
    }
    std::optional<ErrorCode> change(MailboxId id, Mail::MailboxUpdate update) {
        return error(mail->update_mailbox(account, id, std::move(update)));
    }
    static constexpr std::optional<ErrorCode> done = std::nullopt;
};
PACKETBOAT_EVERY_ENGINE(Mailboxes);

TEST_P(Mailboxes, are_made_with_ids_and_uidvalidities_of_their_own) {
    const Mailbox work = box(create("Work"));
    const Mailbox plans = box(create("Plans", work.id, Role::important));
    EXPECT_EQ(plans.parent, work.id);
    EXPECT_EQ(plans.role, Role::important);
    EXPECT_GT(plans.id, work.id);
    EXPECT_GT(plans.uidvalidity, work.uidvalidity);
    EXPECT_GT(work.uidvalidity, box(Role::archive).uidvalidity);
    EXPECT_LE(work.uidvalidity, static_cast<std::uint32_t>(Time::now().seconds()));
    EXPECT_EQ(box(Role::important).id, plans.id);
    EXPECT_EQ(must(mail->mailboxes(account)).size(), 8U);
    expect_sound();
}

TEST_P(Mailboxes, a_name_made_again_has_another_id_and_a_larger_uidvalidity) {
    const Mailbox first = box(create("Work"));
    EXPECT_EQ(error(mail->remove_mailbox(account, first.id)), done);
    const Mailbox second = box(create("Work"));
    EXPECT_GT(second.id, first.id);
    EXPECT_GT(second.uidvalidity, first.uidvalidity);
    expect_sound();
}

TEST_P(Mailboxes, names_are_unique_among_siblings_only) {
    const MailboxId work = create("Work");
    EXPECT_EQ(create_error("Work"), ErrorCode::exists);
    EXPECT_EQ(create_error("inBOX"), ErrorCode::exists);
    EXPECT_NE(create("work"), work);
    create("Work", work);
    create("INBOX", work);
    EXPECT_EQ(create_error("Other", {}, Role::junk), ErrorCode::exists);
    expect_sound();
}

TEST_P(Mailboxes, names_that_cannot_be_are_refused) {
    for (const char* name : {"", "a/b", "a\nb", "a\x7f", "\xff"}) EXPECT_EQ(create_error(name), ErrorCode::invalid) << name;
    EXPECT_EQ(create_error(std::string(256, 'n')), ErrorCode::too_large);
    create(std::string(255, 'n'));
    create("Entw\xc3\xbcrfe");
    EXPECT_EQ(create_error("x", MailboxId{99}), ErrorCode::not_found);
    expect_sound();
}

TEST_P(Mailboxes, number_and_depth_are_limited) {
    limit({.mailboxes_max = 9, .mailbox_depth_max = 2});
    const MailboxId top = create("1");
    const MailboxId below = create("2", top);
    EXPECT_EQ(create_error("3", below), ErrorCode::too_many);
    const MailboxId other = create("3");
    EXPECT_EQ(create_error("4"), ErrorCode::too_many) << "nine there are";
    EXPECT_EQ(change(top, {.parent = std::optional(other)}), ErrorCode::too_many) << "what lies below would be too deep";
    EXPECT_EQ(change(below, {.parent = std::optional(other)}), done);
    expect_sound();
}

TEST_P(Mailboxes, are_renamed_moved_and_marked) {
    const MailboxId work = create("Work");
    const MailboxId plans = create("Plans", work);
    EXPECT_EQ(change(plans, {.name = "Old plans", .parent = std::optional<MailboxId>(), .subscribed = false, .sort_order = 9}), done);
    const Mailbox after = box(plans);
    EXPECT_EQ(after.name, "Old plans");
    EXPECT_EQ(after.parent, std::nullopt);
    EXPECT_FALSE(after.subscribed);
    EXPECT_EQ(after.sort_order, 9U);
    create("Plans", work);
    EXPECT_EQ(change(plans, {.name = "Work"}), ErrorCode::exists);
    EXPECT_EQ(change(plans, {.name = "Plans", .parent = std::optional(work)}), ErrorCode::exists);
    EXPECT_EQ(change(work, {.parent = std::optional(work)}), ErrorCode::invalid);
    EXPECT_EQ(change(plans, {.parent = std::optional(MailboxId{99})}), ErrorCode::not_found);
    EXPECT_EQ(change(MailboxId{99}, {.name = "x"}), ErrorCode::not_found);
    EXPECT_EQ(change(plans, {.name = ""}), ErrorCode::invalid);
    expect_sound();
}

TEST_P(Mailboxes, cannot_be_moved_below_themselves) {
    const MailboxId one = create("1");
    const MailboxId two = create("2", one);
    const MailboxId three = create("3", two);
    EXPECT_EQ(change(one, {.parent = std::optional(three)}), ErrorCode::invalid);
    expect_sound();
}

TEST_P(Mailboxes, a_role_is_held_by_one_and_can_be_given_on) {
    const MailboxId bin = create("Bin");
    EXPECT_EQ(change(bin, {.role = Role::trash}), ErrorCode::exists);
    EXPECT_EQ(change(box(Role::trash).id, {.role = Role::none}), done);
    EXPECT_EQ(error(mail->mailbox(account, Role::trash)), ErrorCode::not_found);
    EXPECT_EQ(change(bin, {.role = Role::trash}), done);
    EXPECT_EQ(box(Role::trash).id, bin);
    EXPECT_EQ(change(bin, {.role = Role::trash}), done) << "again is no harm";
    expect_sound();
}

TEST_P(Mailboxes, the_inbox_stays_as_it_is) {
    const MailboxId inbox = box(Role::inbox).id;
    EXPECT_EQ(change(inbox, {.name = "Other"}), ErrorCode::invalid);
    EXPECT_EQ(change(inbox, {.role = Role::none}), ErrorCode::invalid);
    EXPECT_EQ(change(inbox, {.parent = std::optional(box(Role::sent).id)}), ErrorCode::invalid);
    EXPECT_EQ(error(mail->remove_mailbox(account, inbox)), ErrorCode::invalid);
    EXPECT_EQ(change(inbox, {.subscribed = false}), done);
    expect_sound();
}

TEST_P(Mailboxes, with_children_are_not_removed) {
    const MailboxId work = create("Work");
    const MailboxId plans = create("Plans", work);
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), ErrorCode::conflict);
    EXPECT_EQ(error(mail->remove_mailbox(account, plans)), done);
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), done);
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), ErrorCode::not_found);
    expect_sound();
}

TEST_P(Mailboxes, are_removed_with_the_emails_that_are_nowhere_else) {
    const MailboxId work = create("Work");
    const Added only = add("only here", {.where = work});
    const Added both = add("in both", {.where = work});
    EXPECT_TRUE(update({.id = both.id, .add_to = {box(Role::inbox).id}}).result);
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), done);
    EXPECT_EQ(error(mail->email(account, only.id)), ErrorCode::not_found);
    EXPECT_EQ(read(both.id), "in both");
    EXPECT_EQ(must(mail->usage(account)).emails, 1U);
    EXPECT_EQ(error(mail->rows(account, work)), ErrorCode::not_found);
    expect_sound();
}

TEST_P(Mailboxes, large_ones_are_removed_in_several_whole_commits) {
    const MailboxId work = create("Work");
    for (int i = 0; i < 1201; ++i) add("x" + std::to_string(i), {.where = work});
    add("stays");
    const std::uint64_t before = must(mail->modseq(account));
    std::vector<std::uint64_t> modseqs;
    const Mail::Subscription subscription = *mail->watch(account, [&](std::uint64_t modseq) { modseqs.push_back(modseq); });
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), done);
    EXPECT_EQ(modseqs, (std::vector<std::uint64_t>{before + 1, before + 2, before + 3}));
    EXPECT_EQ(must(mail->usage(account)).emails, 1U);
    EXPECT_EQ(must(mail->mailboxes(account)).size(), 6U);
    expect_sound();
}

TEST_P(Mailboxes, what_is_left_of_a_removal_that_was_stopped_is_whole) {
    const MailboxId work = create("Work");
    for (int i = 0; i < 700; ++i) add("x", {.where = work});
    {
        // Stopped from without, after its first commit.
        struct Stop {};
        int commits = 0;
        const Mail::Subscription subscription = *mail->watch(account, [&](std::uint64_t) {
            if (++commits == 1) throw Stop();
        });
        EXPECT_THROW(must(mail->remove_mailbox(account, work)), Stop);
    }
    EXPECT_EQ(box(work).emails, 200U);
    expect_sound();
    EXPECT_EQ(error(mail->remove_mailbox(account, work)), done);
    expect_sound();
}

}  // namespace
}  // namespace packetboat::mailbox
