#pragma once

#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/ip.h"

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

namespace packetboat::net::testing {

// A blocking client for tests. What it waits for in vain for 30 s is a std::runtime_error, so that a test fails and does not hang.
class Client {
public:
    static Client to(const Endpoint& endpoint);
    static Client to(const Endpoint& endpoint, Descriptor socket);
    explicit Client(Descriptor socket);
    Client(Client&& other) noexcept;
    ~Client();

    void send(std::string_view bytes);
    // Without its CRLF; throws when the connection ends before it.
    std::string line();
    std::string bytes(std::size_t count);
    // Everything up to the end of the connection.
    std::string rest();

    void close_write();  // "no more from me": FIN
    void reset();        // RST
    void close();

    // `version` 0: the newest; else TLS1_2_VERSION, TLS1_3_VERSION. `session`: to resume. False: the handshake failed.
    bool start_tls(int version = 0, ssl_session_st* session = nullptr);
    ssl_st* tls() { return tls_; }
    int descriptor() const { return socket_.get(); }

private:
    bool receive();  // more into buffer_; false: the end

    Descriptor socket_;
    ssl_ctx_st* context_ = nullptr;
    ssl_st* tls_ = nullptr;
    std::string buffer_;
};

}  // namespace packetboat::net::testing
