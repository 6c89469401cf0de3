#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

class Erase : public MailTest {
protected:
    MailboxId create(const std::string& name, std::optional<MailboxId> parent = {}) {
        return must(mail->create_mailbox(account, name, parent, Role::none));
    }
    void add_many(int count, std::variant<Role, MailboxId> where = Role::inbox) {
        for (int i = 0; i < count; ++i) add("x" + std::to_string(i), {.where = where});
    }
    std::optional<ErrorCode> erase(std::stop_token stop = {}) { return error(mail->erase_account(account, std::move(stop))); }
    std::optional<ErrorCode> late_add(std::optional<store::CommitId> id = {}) {
        NewEmail email;
        email.content = content_of("late");
        return error(mail->add(account, id, std::move(email)));
    }
    AccountState state() { return must(mail->account_state(account)); }
    static constexpr std::optional<ErrorCode> done = std::nullopt;
};
PACKETBOAT_EVERY_ENGINE(Erase);

TEST_P(Erase, leaves_nothing_but_the_mark) {
    const MailboxId work = create("Work");
    create("Plans", work);
    create("Below", box(Role::inbox).id);
    add_many(600, work);
    add(std::string(100'000, 'x'));
    EXPECT_EQ(state(), AccountState::open);
    EXPECT_EQ(erase(), done);
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_EQ(keys(), std::vector<std::string>{"A"});
    expect_sound();
    const std::uint64_t modseq = must(mail->modseq(account));
    EXPECT_EQ(erase(), done);
    EXPECT_EQ(must(mail->modseq(account)), modseq);
}

TEST_P(Erase, many_mailboxes_go_too) {
    limit({.mailboxes_max = 2'000});
    for (int i = 0; i < 1'100; ++i) create("m" + std::to_string(i), i > 0 && i % 3 == 0 ? std::optional(MailboxId{7}) : std::nullopt);
    expect_sound();
    EXPECT_EQ(erase(), done);
    EXPECT_EQ(keys(), std::vector<std::string>{"A"});
    expect_sound();
}

TEST_P(Erase, nothing_is_written_or_shown_ever_after) {
    const Added email = add("x");
    EXPECT_EQ(erase(), done);
    const auto expect_none = [&] {
        EXPECT_EQ(late_add(), ErrorCode::not_found);
        std::vector<Mail::EmailUpdate> updates(1);
        updates[0] = {.id = email.id, .add_keywords = {"$seen"}};
        EXPECT_EQ(error(mail->update(account, updates)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->create_mailbox(account, "Work", {}, Role::none)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->update_mailbox(account, email.mailbox, {.subscribed = false})), ErrorCode::not_found);
        EXPECT_EQ(error(mail->remove_mailbox(account, email.mailbox)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->email(account, email.id)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->mailboxes(account)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->mailbox(account, Role::inbox)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->rows(account, email.mailbox)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->usage(account)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->has_room(account, 1000, 1)), ErrorCode::not_found);
        EXPECT_EQ(error(mail->changes(account, email.modseq, 10)), ErrorCode::not_found);
        EXPECT_EQ(keys(), std::vector<std::string>{"A"});
    };
    expect_none();
    limit({});  // as after a restart
    expect_none();
    expect_sound();
}

TEST_P(Erase, marks_an_account_that_never_had_mail) {
    EXPECT_EQ(erase(), done);
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_EQ(late_add(), ErrorCode::not_found);
    EXPECT_EQ(keys(), std::vector<std::string>{"A"});
    expect_sound();
}

TEST_P(Erase, lets_nothing_in_from_its_first_commit_on_and_goes_on_after_a_stop) {
    add_many(700);
    const Id128 before = Id128::random();
    EXPECT_EQ(late_add(before), done);
    int stops = 0;
    while (state() != AccountState::erased) {
        // Stopped from without, after each of its commits in turn.
        std::stop_source stop;
        const Mail::Subscription subscription = *mail->watch(account, [&](std::uint64_t) { stop.request_stop(); });
        const std::optional<ErrorCode> ended = erase(stop.get_token());
        EXPECT_EQ(late_add(), ErrorCode::not_found);
        EXPECT_EQ(late_add(before), done);  // a retry of what was acknowledged is answered as it was
        expect_sound();
        if (ended == done) break;
        EXPECT_EQ(ended, ErrorCode::unavailable);
        EXPECT_EQ(state(), AccountState::removed);
        ++stops;
        ASSERT_LT(stops, 20);
    }
    EXPECT_GE(stops, 2);
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_EQ(keys(), std::vector<std::string>{"A"});
}

TEST_P(Erase, stopped_before_it_began_nothing_has_happened) {
    add("x");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(erase(stop.get_token()), ErrorCode::unavailable);
    EXPECT_EQ(state(), AccountState::open);
    EXPECT_EQ(late_add(), done);
}

TEST_P(Erase, may_be_done_by_several_side_by_side_and_beside_mail_that_comes) {
    add_many(1200);
    const auto step = [](Task<Result<>> erase) -> Task<Result<std::uint64_t>> {
        const Result<> erased = co_await std::move(erase);
        if (!erased) co_return fail(erased.error());
        co_return 0;
    };
    const auto come = [](Task<Result<Added>> add) -> Task<Result<std::uint64_t>> {
        const Result<Added> added = co_await std::move(add);
        if (!added) co_return fail(added.error());
        co_return added->modseq;
    };
    const auto all = [&]() -> Task<Result<std::vector<Result<std::uint64_t>>>> {
        std::vector<Task<Result<std::uint64_t>>> tasks;
        for (int i = 0; i < 60; ++i) {
            NewEmail email;
            email.content = content_of("late " + std::to_string(i));
            tasks.push_back(come(mail->add(account, std::nullopt, std::move(email))));
            if (i % 20 == 10) tasks.push_back(step(mail->erase_account(account)));
        }
        co_return co_await when_all(std::move(tasks));
    };
    std::size_t refused = 0;
    for (const Result<std::uint64_t>& result : must(all())) {
        if (result) continue;
        EXPECT_EQ(result.error().code, ErrorCode::not_found);
        ++refused;
    }
    EXPECT_GT(refused, 0U);
    EXPECT_EQ(state(), AccountState::erased);
    EXPECT_EQ(keys(), std::vector<std::string>{"A"});
    expect_sound();
}

}  // namespace
}  // namespace packetboat::mailbox
