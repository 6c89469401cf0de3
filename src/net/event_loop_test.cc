#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <stdexcept>
#include <string>
#include <thread>

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;

struct Pair {
    Pair() {
        int both[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, both), 0);
        ours = Descriptor(both[0]);
        theirs = Descriptor(both[1]);
    }
    Descriptor ours;
    Descriptor theirs;
};

struct Heard final : Watcher {
    void on_events(std::uint32_t events) override { told(events); }
    std::function<void(std::uint32_t)> told = [](std::uint32_t) {};
};

struct Alarm final : Timer {
    using Timer::Timer;
    void on_time() override { fired(); }
    std::function<void()> fired = [] {};
};

TEST(EventLoop, runs_jobs_in_the_order_they_were_posted) {
    EventLoop loop;
    std::string said;
    loop.post([&] { said += 'a'; });
    loop.post([&] {
        said += 'b';
        loop.post([&] {
            said += 'd';
            loop.stop();
        });
    });
    loop.post([&] { said += 'c'; });
    loop.run();
    EXPECT_EQ(said, "abcd");
}

TEST(EventLoop, wakes_for_a_job_of_another_thread) {
    EventLoop loop;
    int jobs = 0;
    // Each is posted after the one before has run, so that the loop is asleep, or just going to sleep.
    std::jthread other;
    std::function<void()> again = [&] {
        if (++jobs == 1000) return loop.stop();
        if (other.joinable()) other.join();
        other = std::jthread([&] { loop.post([&] { again(); }); });
    };
    loop.post([&] { again(); });
    loop.run();
    EXPECT_EQ(jobs, 1000);
}

TEST(EventLoop, tells_of_input_once_and_again_when_more_has_come) {
    EventLoop loop;
    Pair pair;
    int times = 0;
    Heard watcher;
    ASSERT_TRUE(loop.watch(pair.ours.get(), watcher));
    watcher.told = [&](std::uint32_t events) {
        if ((events & EPOLLIN) == 0) return;
        ++times;
        // Nothing is read: it is told again all the same, because this is new.
        if (times == 1) EXPECT_EQ(::write(pair.theirs.get(), "b", 1), 1);
        if (times == 2) loop.stop();
    };
    EXPECT_EQ(::write(pair.theirs.get(), "a", 1), 1);
    loop.run();
    EXPECT_EQ(times, 2);
}

TEST(EventLoop, tells_of_the_other_sides_end) {
    EventLoop loop;
    Pair pair;
    std::uint32_t seen = 0;
    Heard watcher;
    ASSERT_TRUE(loop.watch(pair.ours.get(), watcher));
    watcher.told = [&](std::uint32_t events) {
        seen |= events;
        if ((events & EPOLLRDHUP) != 0) loop.stop();
    };
    pair.theirs.close();
    loop.run();
    EXPECT_NE(seen & EPOLLRDHUP, 0U);
}

TEST(EventLoop, keeps_a_watcher_that_is_retired_while_events_are_told) {
    EventLoop loop;
    Pair one;
    Pair two;
    auto first = std::make_unique<Heard>();
    auto second = std::make_unique<Heard>();
    int told = 0;
    // Both have input at once; the first to hear of it retires the other, whose event is already in hand.
    const auto retires = [&](std::unique_ptr<Heard>& other, Descriptor& descriptor) {
        return [&](std::uint32_t events) {
            if ((events & EPOLLIN) == 0) return;
            ++told;
            descriptor.close();
            if (other) loop.retire(std::move(other));
            loop.post([&] { loop.stop(); });
        };
    };
    ASSERT_TRUE(loop.watch(one.ours.get(), *first));
    ASSERT_TRUE(loop.watch(two.ours.get(), *second));
    first->told = retires(second, two.ours);
    second->told = [&](std::uint32_t events) {
        if ((events & EPOLLIN) != 0) ++told;
    };
    EXPECT_EQ(::write(one.theirs.get(), "a", 1), 1);
    EXPECT_EQ(::write(two.theirs.get(), "a", 1), 1);
    loop.run();
    EXPECT_GE(told, 1);
}

TEST(EventLoop, fires_timers_in_the_order_of_their_times) {
    EventLoop loop;
    constexpr int count = 200;
    std::mt19937 random(1);
    std::vector<std::unique_ptr<Alarm>> alarms;
    const Timer::Clock::time_point begin = Timer::Clock::now();
    std::vector<int> fired;
    std::vector<int> offsets;
    for (int i = 0; i < count; ++i) {
        alarms.push_back(std::make_unique<Alarm>(loop));
        alarms.back()->fired = [&, i] { fired.push_back(i); };
        offsets.push_back(static_cast<int>(random() % 40));
        alarms.back()->set(begin + milliseconds{50});
        alarms.back()->set(begin + milliseconds{offsets.back()});  // moved before it fires
    }
    // Every third is cancelled, so that the heap loses some from its middle.
    for (int i = 0; i < count; i += 3) alarms[static_cast<std::size_t>(i)]->cancel();
    Alarm last(loop);
    last.fired = [&] { loop.stop(); };
    last.set(begin + milliseconds{45});
    loop.run();
    EXPECT_EQ(fired.size(), static_cast<std::size_t>(count - (count + 2) / 3));
    for (std::size_t i = 1; i < fired.size(); ++i) {
        EXPECT_LE(offsets[static_cast<std::size_t>(fired[i - 1])], offsets[static_cast<std::size_t>(fired[i])]);
    }
    for (const int i : fired) EXPECT_NE(i % 3, 0);
}

TEST(EventLoop, goes_on_after_what_throws) {
    EventLoop loop;
    Pair pair;
    Heard watcher;
    ASSERT_TRUE(loop.watch(pair.ours.get(), watcher));
    watcher.told = [&](std::uint32_t) { throw std::runtime_error("as the test asked for"); };
    Alarm throws(loop);
    throws.fired = [] { throw std::runtime_error("as the test asked for"); };
    throws.set(Timer::Clock::now());
    loop.post([] { throw std::runtime_error("as the test asked for"); });
    Alarm last(loop);
    last.fired = [&] { loop.stop(); };
    last.set(Timer::Clock::now() + milliseconds{1});
    EXPECT_EQ(::write(pair.theirs.get(), "a", 1), 1);
    loop.run();
}

TEST(EventLoop, is_stopped_before_it_runs) {
    EventLoop loop;
    loop.stop();
    loop.run();
}

}  // namespace
}  // namespace packetboat::net
