#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "server/control.h"
#include "server/control_address.h"

// The asking side of the control socket.
namespace packetboat::server {

namespace {

std::optional<std::string> read_line(int descriptor) {
    std::string line;
    char block[16 * 1024];
    for (;;) {
        const ssize_t got = ::recv(descriptor, block, sizeof block, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        line.append(block, static_cast<std::size_t>(got));
        if (line.ends_with('\n')) {
            line.pop_back();
            return line;
        }
    }
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

std::filesystem::path control_socket_path(const std::filesystem::path& data) { return data / "control.sock"; }

ControlAddress ControlAddress::in(const std::filesystem::path& data) {
    ControlAddress made{.directory = Descriptor(::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), .address = {}};
    made.address.sun_family = AF_UNIX;
    const std::string text = "/proc/self/fd/" + std::to_string(made.directory.get()) + "/" + control_socket_path("").string();
    std::memcpy(made.address.sun_path, text.c_str(), text.size() + 1);
    return made;
}

std::optional<Result<AdminResponse>> ask_server(const std::filesystem::path& data, const AdminRequest& request) {
    const std::filesystem::path path = control_socket_path(data);
    const ControlAddress at = ControlAddress::in(data);
    const Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(descriptor.get(), at.generic(), sizeof at.address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return std::nullopt;
        return fail(errno == EACCES || errno == EPERM ? ErrorCode::denied : ErrorCode::closed,
                    "cannot speak to the server on " + path.string() + ": " + std::strerror(errno));
    }
    // A server that stops answers before it has read the request, so the answer is looked for even when not all could be written.
    const bool written = write_all(descriptor.get(), request.json() + "\n");
    const std::optional<std::string> line = read_line(descriptor.get());
    if (!line)
        return fail(ErrorCode::closed, "the server closed its control socket without " + std::string(written ? "an answer" : "reading"));
    return AdminResponse::parse(*line);
}

}  // namespace packetboat::server
