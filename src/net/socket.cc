#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace packetboat::net {

namespace {

constexpr int backlog = 1024;  // the kernel's own net.core.somaxconn bounds it too

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint) {
    SocketAddress address;
    if (endpoint.address.is_v4()) {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(endpoint.port);
        std::memcpy(&four.sin_addr, endpoint.address.bytes.data() + 12, 4);
        std::memcpy(&address.storage, &four, sizeof four);
        address.size = sizeof four;
    } else {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(endpoint.port);
        std::memcpy(&six.sin6_addr, endpoint.address.bytes.data(), 16);
        std::memcpy(&address.storage, &six, sizeof six);
        address.size = sizeof six;
    }
    return address;
}

Endpoint to_endpoint(const SocketAddress& address) {
    Endpoint endpoint;
    if (address.storage.ss_family == AF_INET) {
        sockaddr_in four;
        std::memcpy(&four, &address.storage, sizeof four);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
        endpoint.address = IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
        endpoint.port = ntohs(four.sin_port);
    } else if (address.storage.ss_family == AF_INET6) {
        sockaddr_in6 six;
        std::memcpy(&six, &address.storage, sizeof six);
        std::memcpy(endpoint.address.bytes.data(), &six.sin6_addr, endpoint.address.bytes.size());
        endpoint.port = ntohs(six.sin6_port);
    }
    return endpoint;
}

void enable(int socket, int level, int option) {
    const int on = 1;
    ::setsockopt(socket, level, option, &on, sizeof on);
}

Unexpected cannot_listen(const Endpoint& endpoint) {
    const ErrorCode code = errno == EACCES || errno == EPERM ? ErrorCode::denied : ErrorCode::unavailable;
    return fail(code, "cannot listen at " + endpoint.text() + ": " + std::strerror(errno));
}

Unexpected cannot_connect(const Endpoint& remote, int error) {
    switch (error) {
        case ECONNREFUSED: return fail(ErrorCode::closed, remote.text() + " refuses the connection");
        case ECONNRESET: return fail(ErrorCode::closed, remote.text() + " has broken off the connection");
        case ETIMEDOUT: return fail(ErrorCode::timed_out, remote.text() + " does not answer");
        case ENETUNREACH:
        case EHOSTUNREACH: return fail(ErrorCode::unavailable, "there is no way to " + remote.text() + " in the network");
        default: return fail(ErrorCode::unavailable, "cannot connect to " + remote.text() + ": " + std::strerror(error));
    }
}

}  // namespace

Result<Descriptor> listen_at(const Endpoint& endpoint, Sharing sharing) {
    SocketAddress address = to_socket_address(endpoint);
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket) return cannot_listen(endpoint);
    enable(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    if (sharing == Sharing::reuse_port) enable(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    if (address.storage.ss_family == AF_INET6) enable(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    // Accepted sockets inherit these, which saves system calls a connection. Urgent data is no more than data
    // (RFC 6093 §6).
    enable(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    enable(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
    enable(socket.get(), SOL_SOCKET, SO_OOBINLINE);
    if (::bind(socket.get(), address.get(), address.size) != 0) return cannot_listen(endpoint);
    if (::listen(socket.get(), backlog) != 0) return cannot_listen(endpoint);
    return socket;
}

Endpoint local_endpoint(int socket) {
    SocketAddress address;
    if (::getsockname(socket, address.get(), &address.size) != 0) return {};
    return to_endpoint(address);
}

Result<Descriptor> begin_connect(const Endpoint& remote, const std::optional<IpAddress>& source) {
    SocketAddress address = to_socket_address(remote);
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket) return cannot_connect(remote, errno);
    enable(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    enable(socket.get(), SOL_SOCKET, SO_KEEPALIVE);
    if (source) {
        if (source->is_v4() != remote.address.is_v4())
            return fail(ErrorCode::unavailable, "there is no way from " + source->text() + " to " + remote.text() + ": one is IPv4");
        SocketAddress from = to_socket_address({.address = *source, .port = 0});
        // The port is chosen by connect, which knows the other end: so there are as many as ports for each of them, not in all.
        enable(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        if (::bind(socket.get(), from.get(), from.size) != 0)
            return fail(ErrorCode::unavailable, "cannot send from " + source->text() + ": " + std::strerror(errno));
    }
    while (::connect(socket.get(), address.get(), address.size) != 0) {
        if (errno == EINPROGRESS) break;
        if (errno != EINTR) return cannot_connect(remote, errno);
    }
    return socket;
}

Result<> take_connect_error(int socket, const Endpoint& remote) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return cannot_connect(remote, error);
    return {};
}

Accepted accept_one(int socket) {
    SocketAddress address;
    Descriptor descriptor(::accept4(socket, address.get(), &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!descriptor) return {};
    return {std::move(descriptor), to_endpoint(address)};
}

}  // namespace packetboat::net
