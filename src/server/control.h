#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "base/task.h"
#include "server/admin.h"

// The control socket: a Unix-domain socket in the data directory, for its owner only. One JSON line asks, one JSON line answers,
// then the connection ends.
namespace packetboat::server {

inline constexpr std::size_t control_request_max_bytes = 4 << 20;

std::filesystem::path control_socket_path(const std::filesystem::path& data);

class ControlSocket {
public:
    // What answers a request; it may look at the token to end a long one early. Called on several threads at once.
    using Execute = std::function<Task<AdminResponse>(AdminRequest request, std::stop_token stopping)>;
    struct Options {
        std::chrono::milliseconds request_timeout{2'000};  // for the whole line; the other end is a program on this machine
        std::chrono::milliseconds answer_timeout{10'000};  // without progress
    };

    // Requests are run on threads of its own, so that a long one does not hold up the others.
    static Result<std::unique_ptr<ControlSocket>> listen(const std::filesystem::path& data, Execute execute, Options options);
    static Result<std::unique_ptr<ControlSocket>> listen(const std::filesystem::path& data, Execute execute) {
        return listen(data, std::move(execute), Options());
    }
    ~ControlSocket();  // begin_stop(), and waits for what runs, however long it takes

    // Takes no more requests, sends away clients that have not asked yet, and tells what runs that it should end.
    void begin_stop();
    // After begin_stop(). False: something still runs then; its client has been told that it was not finished.
    bool wait_until(std::chrono::steady_clock::time_point time);

private:
    ControlSocket();
    struct State;
    std::unique_ptr<State> state_;
};

// Asks the server that runs on `data`. nullopt: none does.
std::optional<Result<AdminResponse>> ask_server(const std::filesystem::path& data, const AdminRequest& request);

}  // namespace packetboat::server
