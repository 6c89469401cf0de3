#include "server/control.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <thread>

#include "base/descriptor.h"
#include "server/control_address.h"
#include "store/testing/test_directory.h"

namespace packetboat::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds limit{60};  // for what should come at once

Task<AdminResponse> answered(std::string result) { co_return AdminResponse{.exit = Exit::done, .error = {}, .result = std::move(result)}; }

ControlSocket::Execute echo() {
    return [](const AdminRequest& request, const std::stop_token&) { return answered("\"" + request.command + "\""); };
}

// What a test lets a command wait for.
class Gate {
public:
    void open() { promise_.set_value(); }
    void wait() { future_.wait(); }

private:
    std::promise<void> promise_;
    std::shared_future<void> future_ = promise_.get_future().share();
};

struct Control : testing::Test {
    store::TestDirectory folder{store::TestDirectory::Where::memory};
    std::unique_ptr<ControlSocket> socket;

    void listen(ControlSocket::Execute execute, ControlSocket::Options options = {}) {
        Result<std::unique_ptr<ControlSocket>> made = ControlSocket::listen(folder.path(), std::move(execute), options);
        ASSERT_TRUE(made) << made.error().text;
        socket = std::move(*made);
    }
    Descriptor connect() const {
        Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const ControlAddress at = ControlAddress::in(folder.path());
        EXPECT_EQ(::connect(client.get(), at.generic(), sizeof at.address), 0) << std::strerror(errno);
        return client;
    }
    Result<AdminResponse> ask(const std::string& command) const {
        std::optional<Result<AdminResponse>> answer = ask_server(folder.path(), {.command = command, .args = {}});
        if (!answer) return fail(ErrorCode::not_found, "no server");
        return std::move(*answer);
    }
    std::future<Result<AdminResponse>> ask_aside(const std::string& command) const {
        return std::async(std::launch::async, [this, command] { return ask(command); });
    }
};

// Everything until the other end closes.
std::string read_all(const Descriptor& client) {
    std::string all;
    char block[4096];
    for (;;) {
        const ssize_t got = ::recv(client.get(), block, sizeof block, 0);
        if (got <= 0) return all;
        all.append(block, static_cast<std::size_t>(got));
    }
}

TEST_F(Control, answers_what_it_is_asked) {
    listen(echo());
    const Result<AdminResponse> answer = ask("account.list");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->result, "\"account.list\"");
    socket.reset();
    EXPECT_FALSE(ask_server(folder.path(), {.command = "status", .args = {}}));
    EXPECT_FALSE(std::filesystem::exists(control_socket_path(folder.path())));
}

TEST_F(Control, a_client_that_says_nothing_does_not_hold_up_the_end) {
    listen(echo(), {.request_timeout = 10min});
    const Descriptor silent = connect();
    // Served before the one that asks, if by another thread.
    ASSERT_TRUE(ask("status"));
    std::future<void> ended = std::async(std::launch::async, [this] { socket.reset(); });
    ASSERT_EQ(ended.wait_for(limit), std::future_status::ready);
    EXPECT_NE(read_all(silent).find("stopping"), std::string::npos);
}

TEST_F(Control, as_many_silent_clients_as_threads_are_sent_away_after_a_while) {
    listen(echo(), {.request_timeout = 50ms});
    std::vector<Descriptor> silent;
    for (int i = 0; i < 8; ++i) silent.push_back(connect());
    std::future<Result<AdminResponse>> answer = ask_aside("status");
    ASSERT_EQ(answer.wait_for(limit), std::future_status::ready);
    EXPECT_TRUE(answer.get());
    for (const Descriptor& client : silent) EXPECT_EQ(read_all(client), "");
}

TEST_F(Control, a_request_that_dribbles_in_has_one_deadline_for_all_of_it) {
    listen(echo(), {.request_timeout = 200ms});
    const Descriptor client = connect();
    const Clock::time_point end = Clock::now() + limit;
    while (::send(client.get(), " ", 1, MSG_NOSIGNAL) == 1) {
        ASSERT_LT(Clock::now(), end);
        pollfd wait{.fd = client.get(), .events = POLLIN, .revents = 0};
        (void)::poll(&wait, 1, 20);
    }
    EXPECT_EQ(errno, EPIPE);
}

TEST_F(Control, a_long_command_sees_the_stop) {
    Gate begun;
    listen([&](const AdminRequest&, const std::stop_token& stopping) -> Task<AdminResponse> {
        begun.open();
        Gate stop;
        const std::stop_callback wake(stopping, [&] { stop.open(); });
        stop.wait();
        return answered("\"stopped\"");
    });
    std::future<Result<AdminResponse>> answer = ask_aside("store.verify");
    begun.wait();
    socket->begin_stop();
    EXPECT_TRUE(socket->wait_until(Clock::now() + limit));
    const Result<AdminResponse> got = answer.get();
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(got->result, "\"stopped\"");
}

TEST_F(Control, a_command_that_does_not_end_is_left_and_its_client_told) {
    Gate begun;
    Gate release;
    listen([&](const AdminRequest&, const std::stop_token&) -> Task<AdminResponse> {
        begun.open();
        release.wait();
        return answered("\"done\"");
    });
    std::future<Result<AdminResponse>> answer = ask_aside("store.verify");
    begun.wait();
    socket->begin_stop();
    EXPECT_FALSE(socket->wait_until(Clock::now()));
    const Result<AdminResponse> got = answer.get();
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(got->exit, exit_status(ErrorCode::unavailable));
    EXPECT_NE(got->error.find("stopping"), std::string::npos);
    release.open();
    socket.reset();
}

}  // namespace
}  // namespace packetboat::server
