#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "server/admin.h"

// The control socket: a Unix-domain socket in the data directory, for its owner only. One JSON line asks, one JSON line answers,
// then the connection ends.
namespace packetboat::server {

inline constexpr std::size_t control_request_max_bytes = 4 << 20;

std::filesystem::path control_socket_path(const std::filesystem::path& data);

class ControlSocket {
public:
    // Requests are run on threads of its own, so that a long one does not hold up the others. `admin` outlives the socket.
    static Result<std::unique_ptr<ControlSocket>> listen(const std::filesystem::path& data, Admin& admin);
    ~ControlSocket();  // takes no more, lets what runs end

private:
    ControlSocket();
    struct State;
    std::unique_ptr<State> state_;
};

// Asks the server that runs on `data`. nullopt: none does.
std::optional<Result<AdminResponse>> ask_server(const std::filesystem::path& data, const AdminRequest& request);

}  // namespace packetboat::server
