#include "net/testing/client.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "net/socket_bio.h"

namespace packetboat::net::testing {

namespace {
constexpr time_t patience_s = 30;
}

Client Client::to(const Endpoint& endpoint) {
    return to(endpoint, Descriptor(::socket(endpoint.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)));
}

Client Client::to(const Endpoint& endpoint, Descriptor socket) {
    const bool four = endpoint.address.is_v4();
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    v4.sin_port = v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data() + 12, 4);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    const auto* address = four ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    if (::connect(socket.get(), address, four ? sizeof v4 : sizeof v6) != 0)
        throw std::runtime_error("cannot connect to " + endpoint.text() + ": " + std::strerror(errno));
    return Client(std::move(socket));
}

Client::Client(Descriptor socket) : socket_(std::move(socket)) {
    const timeval patience{patience_s, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Client::Client(Client&& other) noexcept
    : socket_(std::move(other.socket_)),
      context_(std::exchange(other.context_, nullptr)),
      tls_(std::exchange(other.tls_, nullptr)),
      buffer_(std::move(other.buffer_)) {}

Client::~Client() { close(); }

void Client::close() {
    SSL_free(std::exchange(tls_, nullptr));
    SSL_CTX_free(std::exchange(context_, nullptr));
    socket_.close();
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = tls_ ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) throw std::runtime_error("cannot send");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

bool Client::receive() {
    std::array<char, 16384> piece;
    const ssize_t count = tls_ ? SSL_read(tls_, piece.data(), piece.size()) : ::recv(socket_.get(), piece.data(), piece.size(), 0);
    const bool waited_in_vain = tls_ ? count <= 0 && SSL_get_error(tls_, static_cast<int>(count)) == SSL_ERROR_WANT_READ
                                     : count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    ERR_clear_error();
    if (waited_in_vain) throw std::runtime_error("nothing came");
    if (count <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
}

std::string Client::line() {
    std::size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!receive()) throw std::runtime_error("the connection ended after \"" + buffer_ + "\"");
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return line;
}

std::string Client::bytes(std::size_t count) {
    while (buffer_.size() < count) {
        if (!receive()) throw std::runtime_error("the connection ended");
    }
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
}

std::string Client::rest() {
    while (receive()) {
    }
    return std::exchange(buffer_, {});
}

void Client::close_write() { ::shutdown(socket_.get(), SHUT_WR); }

void Client::reset() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.close();
}

bool Client::start_tls(int version, ssl_session_st* session) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (version != 0) {
        SSL_CTX_set_min_proto_version(context_, version);
        SSL_CTX_set_max_proto_version(context_, version);
    }
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT);
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_.get());
    if (session) SSL_set_session(tls_, session);
    const bool done = SSL_connect(tls_) == 1;
    ERR_clear_error();
    return done;
}

}  // namespace packetboat::net::testing
