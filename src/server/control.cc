#include "server/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "base/executor.h"
#include "base/log.h"
#include "base/worker_pool.h"

namespace packetboat::server {

namespace {

constexpr int backlog = 16;
constexpr timeval client_timeout{.tv_sec = 30, .tv_usec = 0};

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    int number() const { return number_; }

private:
    int number_;
};

// The socket of a data directory. Paths in sockaddr_un are short (108 bytes) and those of data directories need not be, so the
// address goes by way of the directory's descriptor, which `directory` holds.
struct Address {
    Descriptor directory;
    sockaddr_un address{};
};
Address socket_in(const std::filesystem::path& data) {
    Address made{.directory = Descriptor(::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), .address = {}};
    made.address.sun_family = AF_UNIX;
    const std::string text = "/proc/self/fd/" + std::to_string(made.directory.number()) + "/" + control_socket_path("").string();
    std::memcpy(made.address.sun_path, text.c_str(), text.size() + 1);
    return made;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Up to the first newline, without it. nullopt: the other end closed, was silent too long, or sent too much.
std::optional<std::string> read_line(int descriptor, std::size_t max_bytes) {
    std::string line;
    char block[16 * 1024];
    while (line.size() <= max_bytes) {
        const ssize_t got = ::recv(descriptor, block, sizeof block, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        line.append(block, static_cast<std::size_t>(got));
        if (const std::size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
    return std::nullopt;
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

struct ControlSocket::State {
    Admin* admin = nullptr;
    std::filesystem::path path;
    Descriptor listener{-1};
    Descriptor stop{-1};
    std::thread acceptor;
    std::unique_ptr<WorkerPool> workers;

    void accept_all() {
        for (;;) {
            pollfd waits[2] = {{.fd = listener.number(), .events = POLLIN, .revents = 0},
                               {.fd = stop.number(), .events = POLLIN, .revents = 0}};
            if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
            if ((waits[1].revents & POLLIN) != 0) return;
            Descriptor client(::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
            if (client.number() < 0) continue;
            // Refused when too many are under way: the client sees the connection end.
            (void)workers->submit([this, held = std::make_shared<Descriptor>(std::move(client))] { serve(held->number()); });
        }
    }

    void serve(int client) const {
        ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &client_timeout, sizeof client_timeout);
        ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &client_timeout, sizeof client_timeout);
        const std::optional<std::string> line = read_line(client, control_request_max_bytes);
        if (!line) return;
        AdminResponse response;
        if (Result<AdminRequest> request = AdminRequest::parse(*line); request) {
            try {
                response = run_to_end(admin->execute(std::move(*request)));
            } catch (const std::exception& exception) {
                log_error("control.failed", "", {{"command", request->command}, {"reason", exception.what()}});
                response = {.exit = Exit::failed, .error = "the server could not do it; its log says why", .result = {}};
            }
        } else {
            response = {.exit = Exit::usage, .error = request.error().text, .result = {}};
        }
        (void)write_all(client, response.json() + "\n");
    }
};

ControlSocket::ControlSocket() : state_(std::make_unique<State>()) {}

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(const std::filesystem::path& data, Admin& admin) {
    std::unique_ptr<ControlSocket> socket(new ControlSocket());
    State& state = *socket->state_;
    state.admin = &admin;
    state.path = control_socket_path(data);
    const auto broken = [&](std::string_view what) {
        return fail(ErrorCode::unavailable, std::string(what) + " " + state.path.string() + ": " + std::strerror(errno));
    };
    const Address at = socket_in(data);
    // The store's lock says that no other server runs here, so what is there was left by one that was killed.
    ::unlink(state.path.c_str());
    state.listener = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const mode_t mask = ::umask(0077);
    const bool bound = ::bind(state.listener.number(), generic(at.address), sizeof at.address) == 0;
    ::umask(mask);
    if (!bound) return broken("cannot bind");
    if (::listen(state.listener.number(), backlog) != 0) return broken("cannot listen on");
    state.stop = Descriptor(::eventfd(0, EFD_CLOEXEC));
    state.workers = std::make_unique<WorkerPool>(WorkerPool::Options{.threads = 4, .queue_max = 16, .name = "control"});
    state.acceptor = std::thread([&state] { state.accept_all(); });
    return socket;
}

ControlSocket::~ControlSocket() {
    if (state_->acceptor.joinable()) {
        const std::uint64_t one = 1;
        (void)!::write(state_->stop.number(), &one, sizeof one);
        state_->acceptor.join();
    }
    state_->workers.reset();
    if (state_->listener.number() >= 0) ::unlink(state_->path.c_str());
}

std::optional<Result<AdminResponse>> ask_server(const std::filesystem::path& data, const AdminRequest& request) {
    const std::filesystem::path path = control_socket_path(data);
    const Address at = socket_in(data);
    const Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(descriptor.number(), generic(at.address), sizeof at.address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return std::nullopt;
        return fail(errno == EACCES || errno == EPERM ? ErrorCode::denied : ErrorCode::closed,
                    "cannot speak to the server on " + path.string() + ": " + std::strerror(errno));
    }
    if (!write_all(descriptor.number(), request.json() + "\n")) return fail(ErrorCode::closed, "the server closed its control socket");
    const std::optional<std::string> line = read_line(descriptor.number(), SIZE_MAX);
    if (!line) return fail(ErrorCode::closed, "the server closed its control socket without an answer");
    return AdminResponse::parse(*line);
}

}  // namespace packetboat::server
