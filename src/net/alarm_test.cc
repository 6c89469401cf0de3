#include "net/alarm.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/reactor.h"
#include "net/testing/on_reactor.h"

namespace packetboat::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::TestReactor;

struct Ringing : ::testing::Test {
    TestReactor reactor;
    Alarm alarm{*reactor};
};

TEST_F(Ringing, wakes_by_itself_when_its_time_has_come) { EXPECT_TRUE(reactor.run(alarm.wait(milliseconds{1}))); }

TEST_F(Ringing, wakes_at_once_when_it_was_rung_before) {
    alarm.ring();
    alarm.ring();
    EXPECT_TRUE(reactor.run(alarm.wait(hours{1})));
}

TEST_F(Ringing, wakes_whoever_sleeps_each_time_it_is_rung_from_elsewhere) {
    constexpr int times = 1000;
    std::atomic<int> woken = 0;
    const std::jthread ringer([&] {
        for (int i = 0; i < times; ++i) {
            alarm.ring();
            while (woken.load() <= i) std::this_thread::yield();
        }
    });
    EXPECT_TRUE(reactor.run([](Alarm& waits, std::atomic<int>& count) -> Task<bool> {
        bool all = true;
        for (int i = 0; i < times; ++i) {
            all = co_await waits.wait(hours{1}) && all;
            ++count;
        }
        co_return all;
    }(alarm, woken)));
}

TEST_F(Ringing, ends_every_wait_now_and_later) {
    const std::jthread ender([&] { alarm.end(); });
    EXPECT_FALSE(reactor.run(alarm.wait(hours{1})));
    EXPECT_FALSE(reactor.run(alarm.wait(hours{1})));
}

}  // namespace
}  // namespace packetboat::net
