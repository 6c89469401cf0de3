#include "net/reactor.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>

#include "base/worker_pool.h"
#include "net/testing/on_reactor.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::TestReactor;

Task<std::string> thread_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    co_return name.data();
}

Task<bool> is_current(Reactor& reactor) { co_return &Reactor::current() == &reactor && &Executor::current() == &reactor; }

TEST(Reactor, runs_on_a_thread_of_its_own_with_its_name) {
    TestReactor reactor;
    EXPECT_EQ(reactor.run(thread_name()), "reactor-0");
    EXPECT_TRUE(reactor.run(is_current(*reactor)));
}

Task<bool> comes_back(WorkerPool& pool) {
    const std::thread::id here = std::this_thread::get_id();
    const Result<std::thread::id> there = co_await pool.run([] { return std::this_thread::get_id(); });
    co_return there && *there != here&& std::this_thread::get_id() == here;
}

TEST(Reactor, takes_a_coroutine_back_from_a_worker) {
    TestReactor reactor;
    WorkerPool pool({.threads = 1});
    EXPECT_TRUE(reactor.run(comes_back(pool)));
}

TEST(Reactor, takes_jobs_from_many_threads) {
    TestReactor reactor;
    constexpr int threads = 4;
    constexpr int jobs = 1000;
    int done = 0;  // the reactor's thread's alone
    std::promise<void> all;
    std::vector<std::jthread> posters;
    for (int i = 0; i < threads; ++i) {
        posters.emplace_back([&] {
            for (int job = 0; job < jobs; ++job)
                reactor->post([&] {
                    if (++done == threads * jobs) all.set_value();
                });
        });
    }
    all.get_future().wait();
}

TEST(Reactor, goes_on_after_a_job_that_throws) {
    TestReactor reactor;
    reactor->post([] { throw std::runtime_error("as the test asked for"); });
    EXPECT_EQ(reactor.run(thread_name()), "reactor-0");
}

TEST(Reactor, sleeps_for_a_while) {
    TestReactor reactor;
    const auto before = std::chrono::steady_clock::now();
    const auto nap = []() -> Task<bool> { co_return co_await sleep_for(milliseconds{20}); };
    EXPECT_TRUE(reactor.run(nap()));
    EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds{20});
}

TEST(Reactor, ends_sleeps_now_and_later_when_it_is_stopping) {
    TestReactor reactor;
    const auto sleep_twice = [](Reactor& own) -> Task<int> {
        own.post([&own] { own.end_sleeps(); });
        int whole = co_await sleep_for(std::chrono::hours{1});
        whole += co_await sleep_for(std::chrono::hours{1});
        co_return whole;
    };
    EXPECT_EQ(reactor.run(sleep_twice(*reactor)), 0);
}

TEST(BufferPool, lends_the_same_buffer_again) {
    BufferPool pool;
    std::unique_ptr<char[]> first = pool.borrow();
    const char* at = first.get();
    pool.give_back(std::move(first));
    EXPECT_EQ(pool.borrow().get(), at);
}

}  // namespace
}  // namespace packetboat::net
