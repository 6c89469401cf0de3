#include "dns/testing/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace packetboat::dns::testing {

namespace {

[[noreturn]] void give_up(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// With the address in use for the other kind of socket: -1.
Socket bound(int kind, std::uint16_t port) {
    Socket socket(::socket(AF_INET, kind | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) give_up("socket");
    const sockaddr_in address = loopback(port);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return socket;
    if (errno != EADDRINUSE) give_up("bind");
    return {};
}

std::uint16_t port_of(const Socket& socket) {
    sockaddr_in address{};
    socklen_t bytes = sizeof(address);
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0) give_up("getsockname");
    return ntohs(address.sin_port);
}

}  // namespace

Socket::~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Loopback::Loopback() {
    constexpr int tries_max = 100;
    for (int tries = 0; tries < tries_max; ++tries) {
        udp = bound(SOCK_DGRAM, 0);
        port = port_of(udp);
        tcp = bound(SOCK_STREAM, port);
        if (tcp.get() < 0) continue;
        if (::listen(tcp.get(), 64) != 0) give_up("listen");
        return;
    }
    give_up("no port is free for both UDP and TCP");
}

std::string relay(const Endpoint& server, std::string_view datagram, std::chrono::milliseconds patience) {
    const Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(server.port);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return {};
    ::send(socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
    pollfd readable{socket.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return {};
    std::array<char, 4096> reply;
    const ssize_t count = ::recv(socket.get(), reply.data(), reply.size(), 0);
    return count > 0 ? std::string(reply.data(), static_cast<std::size_t>(count)) : std::string{};
}

}  // namespace packetboat::dns::testing
