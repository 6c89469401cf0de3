#include <atomic>
#include <set>
#include <thread>

#include "mailbox/maildrop_lock.h"
#include "mailbox/testing/fixture.h"

namespace packetboat::mailbox {
namespace {

class MailThreads : public MailTest {};
PACKETBOAT_EVERY_ENGINE(MailThreads);

TEST_P(MailThreads, adds_from_many_threads_get_uids_of_their_own) {
    constexpr int threads = 4;
    constexpr int each = 50;
    std::vector<std::vector<Added>> added(threads);
    std::atomic<int> told = 0;
    {
        const Mail::Subscription subscription = *mail->watch(account, [&](std::uint64_t) { ++told; });
        std::vector<std::jthread> running;
        for (auto& mine : added) {
            running.emplace_back([&mine, this] {
                RunLoop loop;
                for (int i = 0; i < each; ++i) {
                    Result<Added> one = loop.run(mail->add(account, Id128::random(), {.content = content_of("x")}));
                    if (one) mine.push_back(*one);
                }
            });
        }
    }
    std::set<std::uint32_t> uids;
    std::set<EmailId> ids;
    for (const std::vector<Added>& mine : added) {
        for (const Added& one : mine) {
            uids.insert(one.uid);
            ids.insert(one.id);
        }
    }
    EXPECT_EQ(uids.size(), static_cast<std::size_t>(threads * each));
    EXPECT_EQ(*uids.rbegin(), static_cast<std::uint32_t>(threads * each));
    EXPECT_EQ(ids.size(), uids.size());
    EXPECT_EQ(told, threads * each);
    expect_sound();
}

TEST_P(MailThreads, mail_may_come_while_its_mailbox_is_removed) {
    const MailboxId work = must(mail->create_mailbox(account, "Work", {}, Role::none));
    for (int i = 0; i < 600; ++i) add("x", {.where = work});
    std::atomic<bool> gone = false;
    std::jthread adding([&] {
        RunLoop loop;
        while (true) {
            const Result<Added> one = loop.run(mail->add(account, {}, {.content = content_of("y"), .where = work}));
            if (one) continue;
            gone = one.error().code == ErrorCode::not_found;
            return;
        }
    });
    must(mail->remove_mailbox(account, work));
    adding.join();
    EXPECT_TRUE(gone);
    EXPECT_EQ(must(mail->usage(account)).emails, 0U);
    expect_sound();
}

TEST_P(MailThreads, an_account_may_be_verified_while_it_changes) {
    for (int i = 0; i < 50; ++i) add("x");
    std::atomic<bool> stop = false;
    std::jthread changing([&] {
        RunLoop loop;
        while (!stop) {
            const Result<Added> one = loop.run(mail->add(account, {}, {.content = content_of("y")}));
            if (!one) return;
            std::vector<Mail::EmailUpdate> updates;
            updates.push_back({.id = one->id, .remove_from = {one->mailbox}});
            if (!loop.run(mail->update(account, std::move(updates)))) return;
        }
    });
    for (int i = 0; i < 20; ++i) EXPECT_EQ(must(mail->verify(account)).size(), 0U);
    stop = true;
}

TEST_P(MailThreads, a_subscription_that_has_ended_is_not_being_called) {
    std::atomic<bool> stop = false;
    std::jthread changing([&] {
        RunLoop loop;
        while (!stop) {
            if (!loop.run(mail->add(account, {}, {.content = content_of("y")}))) return;
        }
    });
    for (int i = 0; i < 200; ++i) {
        // The watcher writes to what goes with the subscription: a sanitizer sees a call that comes too late.
        auto calls = std::make_unique<int>(0);
        std::optional<Mail::Subscription> subscription = *mail->watch(account, [at = calls.get()](std::uint64_t) { ++*at; });
        if (i % 2 == 0) std::this_thread::yield();
        subscription.reset();
        calls.reset();
    }
    stop = true;
}

TEST(MaildropLockTest, is_held_by_one_at_a_time_and_released_at_its_end) {
    const store::Partition account{"a-locked"};
    std::optional<MaildropLock> first = lock_maildrop(account);
    ASSERT_TRUE(first);
    EXPECT_FALSE(lock_maildrop(account));
    EXPECT_TRUE(lock_maildrop({"a-other"}));
    std::optional<MaildropLock> moved(std::move(*first));
    first.reset();
    EXPECT_FALSE(lock_maildrop(account));
    moved = lock_maildrop({"a-other"});
    EXPECT_TRUE(lock_maildrop(account)) << "assigning another has released it";
    moved.reset();
    EXPECT_TRUE(lock_maildrop({"a-other"}));
}

TEST(MaildropLockTest, of_many_threads_one_gets_it) {
    std::atomic<int> holders = 0;
    std::atomic<bool> twice = false;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2'000; ++i) {
                const std::optional<MaildropLock> lock = lock_maildrop({"a-contended"});
                if (!lock) continue;
                if (++holders > 1) twice = true;
                --holders;
            }
        });
    }
    threads.clear();
    EXPECT_FALSE(twice);
}

}  // namespace
}  // namespace packetboat::mailbox
