#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"

struct ssl_st;

namespace packetboat::net {

// What a client does about a certificate that is not to be trusted.
enum class TlsTrust : std::uint8_t {
    verify,         // the handshake fails
    opportunistic,  // goes on, and says so in ServerCertificate (RFC 7435): encryption for nobody in particular beats none
};

// What a client found when it looked at the server's certificate. All texts are fit to be shown.
struct ServerCertificate {
    bool trusted = false;     // issued by who is trusted here, valid now, and for the name that was asked for
    std::string problem;      // why it is not: "it expired on 2024-03-01"; empty: it is, or there was no certificate yet
    std::string subject;      // RFC 4514: "CN=mail.example.test"
    std::string issuer;       // the same
    std::string valid_until;  // "2026-11-24"
    std::string fingerprint;  // SHA-256 of the certificate, in hex
};

// The client side of TLS: 1.2 and newer. When it verifies, ciphers are those of our own server. Sessions are not resumed.
class TlsClientContext {
public:
    struct Options {
        TlsTrust trust = TlsTrust::verify;
        std::filesystem::path ca_file;  // PEM; its certificates are trusted and no others. Empty: the system's are.
    };
    // Reads the file. (The system's certificates are looked up one by one when they are asked for.)
    // Errors: unavailable (the file cannot be read), invalid (no certificates in it).
    static Result<std::unique_ptr<TlsClientContext>> make(Options options);
    ~TlsClientContext();

    bool verifies() const;

    // A new connection's state, bound to the descriptor, which stays the caller's; to be freed with SSL_free. It fills in `shown`, which
    // outlives it. `server_name` is a host name in ASCII (a final dot is ignored) or an IP address; SNI is sent for a name only (RFC 6066
    // §3). Errors: invalid (no such name), unavailable (no memory). From any thread.
    Result<ssl_st*> new_connection(int descriptor, const std::string& server_name, ServerCertificate& shown) const;

private:
    TlsClientContext();
    struct State;
    std::unique_ptr<State> state_;
};

// After the handshake: fills in what the certificate says of itself, and whether it is trusted.
void describe_server(ssl_st* connection, ServerCertificate& shown);

}  // namespace packetboat::net
