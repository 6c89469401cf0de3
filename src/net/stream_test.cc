#include "net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "net/testing/client.h"
#include "net/testing/on_reactor.h"

namespace packetboat::net {
namespace {

using std::chrono::milliseconds;
using testing::Client;
using testing::TestReactor;

// A stream on a reactor, and the test's own end of the socket pair.
struct StreamTest : ::testing::Test {
    struct Pair {
        std::unique_ptr<Stream> stream;
        std::unique_ptr<Client> client;
    };
    Pair pair() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        return {std::make_unique<Stream>(*reactor, ends[0], Endpoint{}, Endpoint{}), std::make_unique<Client>(Descriptor(ends[1]))};
    }

    // The stream is used, and goes, on its reactor.
    template <class Use>
    auto with_stream(Use use) {
        const auto body = [](StreamTest& test,
                             Use& inner) -> Task<decltype(use(std::declval<Pair&>()).operator co_await().await_resume())> {
            Pair both = test.pair();
            co_return co_await inner(both);
        };
        return reactor.run(body(*this, use));
    }

    TestReactor reactor;
};

Task<std::string> read_text(Stream& stream) {
    std::array<char, 64> into;
    const Result<std::size_t> got = co_await stream.read_some(into);
    co_return got ? std::string(into.data(), *got) : std::string(to_string(got.error().code));
}

TEST_F(StreamTest, reads_what_is_there_then_the_end) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        pair.client->send("abc");
        pair.client->close_write();
        const std::string first = co_await read_text(*pair.stream);
        co_return first + " " + co_await read_text(*pair.stream);
    };
    EXPECT_EQ(with_stream(use), "abc closed");
}

TEST_F(StreamTest, waits_for_bytes_that_come_later) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        Reactor::current().post([&client = *pair.client] { client.send("late"); });
        co_return co_await read_text(*pair.stream);
    };
    EXPECT_EQ(with_stream(use), "late");
}

TEST_F(StreamTest, has_nothing_now_without_waiting) {
    const auto use = [](Pair& pair) -> Task<std::size_t> {
        std::array<char, 4> into;
        co_return pair.stream->read_now(into).value_or(99);
    };
    EXPECT_EQ(with_stream(use), 0U);
}

TEST_F(StreamTest, deadline_ends_a_wait) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        pair.stream->deadline(milliseconds{20});
        co_return co_await read_text(*pair.stream);
    };
    EXPECT_EQ(with_stream(use), "timed_out");
}

TEST_F(StreamTest, deadline_can_be_moved_to_later_and_to_earlier) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        Stream& stream = *pair.stream;
        stream.deadline(milliseconds{30});
        Reactor::current().post([&] { pair.client->send("a"); });
        std::string all = co_await read_text(stream);  // arms the timer
        stream.deadline(std::chrono::hours{1});        // it will fire too early
        const auto late = [](Client& client) -> Task<> {
            co_await sleep_for(milliseconds{100});
            client.send("b");
        };
        spawn(late(*pair.client), [](std::exception_ptr) {});
        all += co_await read_text(stream);
        stream.deadline(milliseconds{10});
        all += co_await read_text(stream);
        co_return all;
    };
    EXPECT_EQ(with_stream(use), "abtimed_out");
}

TEST_F(StreamTest, a_deadline_that_has_passed_ends_a_wait_even_when_bytes_are_there) {
    const auto use = [](Pair& pair) -> Task<bool> {
        pair.client->send("a");
        pair.stream->deadline(milliseconds{0});
        const Result<> ready = co_await pair.stream->readable();
        co_return !ready && ready.error().code == ErrorCode::timed_out;
    };
    EXPECT_TRUE(with_stream(use));
}

TEST_F(StreamTest, interrupt_ends_the_wait_under_way_or_the_next_one_once) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        Stream& stream = *pair.stream;
        Reactor::current().post([&stream] { stream.interrupt(); });
        std::string all = co_await read_text(stream);
        stream.interrupt();
        all += " " + co_await read_text(stream);
        stream.deadline(milliseconds{1});
        co_return all + " " + co_await read_text(stream);
    };
    EXPECT_EQ(with_stream(use), "unavailable unavailable timed_out");
}

TEST_F(StreamTest, cut_ends_waits_now_and_later) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        Stream& stream = *pair.stream;
        Reactor::current().post([&stream] { stream.cut(); });
        std::string all = co_await read_text(stream);
        all += " " + co_await read_text(stream);
        const Result<> written = co_await stream.write("x");
        co_return all + " " + std::string(to_string(written.error().code));
    };
    EXPECT_EQ(with_stream(use), "closed closed closed");
}

TEST_F(StreamTest, writes_all_of_it_to_a_slow_reader) {
    const std::string big(3'000'000, 'x');
    const auto use = [&big](Pair& pair) -> Task<std::size_t> {
        std::string got;
        std::jthread reader([&] { got = pair.client->bytes(big.size()); });
        const Result<> written = co_await pair.stream->write(big);
        reader.join();
        co_return written&& got == big ? pair.stream->bytes_written() : 0;
    };
    EXPECT_EQ(with_stream(use), big.size());
}

TEST_F(StreamTest, write_waits_no_longer_than_the_deadline_and_interrupt_does_not_end_it) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        const std::string big(3'000'000, 'x');
        pair.stream->deadline(milliseconds{20});
        pair.stream->interrupt();
        const Result<> written = co_await pair.stream->write(big);
        pair.stream->deadline(std::nullopt);
        co_return std::string(to_string(written.error().code)) + " " + co_await read_text(*pair.stream);
    };
    EXPECT_EQ(with_stream(use), "timed_out unavailable");
}

TEST_F(StreamTest, a_client_that_has_gone_is_an_error_and_no_signal) {
    const auto use = [](Pair& pair) -> Task<bool> {
        pair.client->close();
        const Result<> first = co_await pair.stream->write("x");
        const Result<> second = co_await pair.stream->write("x");
        co_return !first && !second && second.error().code == ErrorCode::closed;
    };
    EXPECT_TRUE(with_stream(use));
}

TEST_F(StreamTest, close_waits_for_the_client_to_close_too) {
    const auto use = [](Pair& pair) -> Task<std::string> {
        pair.client->send("unread");
        (void)co_await pair.stream->write("the last word");
        std::string got;
        std::jthread client([&] {
            got = pair.client->rest();
            pair.client->close();
        });
        co_await pair.stream->close();
        client.join();
        co_return got + " " + std::to_string(pair.stream->descriptor());
    };
    EXPECT_EQ(with_stream(use), "the last word -1");
}

TEST_F(StreamTest, close_does_not_wait_for_ever) {
    const auto use = [](Pair& pair) -> Task<bool> {
        const auto before = std::chrono::steady_clock::now();
        co_await pair.stream->close();
        co_return std::chrono::steady_clock::now() - before >= Stream::linger_max;
    };
    EXPECT_TRUE(with_stream(use));
}

TEST_F(StreamTest, a_sender_that_never_pauses_lets_the_others_have_their_turn) {
    const auto use = [](Pair& pair) -> Task<bool> {
        bool turn = false;
        pair.client->send(std::string(1000, 'x'));
        std::array<char, 1> into;
        (void)pair.stream->read_now(into);
        Reactor::current().post([&turn] { turn = true; });
        for (int i = 0; i < 100 && !turn; ++i) {
            if (!co_await pair.stream->readable()) co_return false;
            (void)pair.stream->read_now(into);
        }
        co_return turn;
    };
    EXPECT_TRUE(with_stream(use));
}

}  // namespace
}  // namespace packetboat::net
