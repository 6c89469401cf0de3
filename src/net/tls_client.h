#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

struct ssl_st;

namespace packetboat::net {

// What a client does about a certificate that is not to be trusted.
enum class TlsTrust : std::uint8_t {
    verify,         // the handshake fails; trusted is what an authority has issued (PKIX, RFC 5280) for the name that was asked for
    opportunistic,  // goes on, and says so in ServerCertificate (RFC 7435): encryption for nobody in particular beats none
    dane,           // the handshake fails; trusted is what the TLSA records say (RFC 7671, 7672), and authorities count for nothing
};

// A TLSA record, as it stands in the DNS (RFC 6698 §2.1). Usable for mail are DANE-TA(2) and DANE-EE(3); PKIX-TA(0) and PKIX-EE(1) are
// not (RFC 7672 §3.1.3).
struct TlsaRecord {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;  // 0: the certificate, 1: its public key
    std::uint8_t matching = 0;  // 0: the thing itself, 1: its SHA-256, 2: its SHA-512
    std::string data;           // bytes
    friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

// What one connection demands of the server's certificate, where that is not what its context demands anyway.
struct TlsDemand {
    std::optional<TlsTrust> trust;         // none: the context's
    std::vector<std::string> other_names;  // host names in ASCII that the certificate may be for instead; 16 at most
    // For `dane`, validated by DNSSEC. Those that are unusable are left out. When none is left the connection is made as an opportunistic
    // one, which must be encrypted but not authenticated (RFC 7672 §2.2), and ServerCertificate::tlsa_unusable says so.
    std::vector<TlsaRecord> tlsa;
};

// What a client found when it looked at the server's certificate. All texts are fit to be shown.
struct ServerCertificate {
    // Issued by who is trusted here, valid now, and for the name that was asked for; or, for DANE, what the TLSA records say.
    bool trusted = false;
    std::string problem;         // why it is not: "it expired on 2024-03-01"; empty: it is, or there was no certificate yet
    std::string tlsa;            // the record that it is trusted by: "DANE-EE(3) SPKI(1) SHA2-256(1)"; empty: by an authority
    bool tlsa_unusable = false;  // DANE was demanded, and none of the TLSA records can be used
    std::string subject;         // RFC 4514: "CN=mail.example.test"
    std::string issuer;          // the same
    std::string valid_until;     // "2026-11-24"
    std::string fingerprint;     // SHA-256 of the certificate, in hex
};

// The client side of TLS: 1.2 and newer. When a connection verifies (also by DANE), ciphers are those of our own server; an opportunistic
// one takes weaker ones too. Sessions are not resumed.
class TlsClientContext {
public:
    struct Options {
        TlsTrust trust = TlsTrust::verify;  // of connections that demand nothing else; verify or opportunistic
        std::filesystem::path ca_file;      // PEM; its certificates are trusted and no others. Empty: the system's are.
    };
    // Reads the file. (The system's certificates are looked up one by one when they are asked for.)
    // Errors: unavailable (the file cannot be read), invalid (no certificates in it).
    static Result<std::unique_ptr<TlsClientContext>> make(Options options);
    ~TlsClientContext();

    // A new connection's state, bound to the descriptor, which stays the caller's; to be freed with SSL_free. It fills in `shown`, which
    // outlives it. `server_name` is a host name in ASCII (a final dot is ignored) or an IP address; SNI is sent for a name only (RFC 6066
    // §3). For DANE it is the TLSA base domain (RFC 7672 §8.1, §3.2.2), and a name. One context serves connections of every kind.
    // Errors: invalid (no such name, too many names), unavailable (no memory). From any thread.
    Result<ssl_st*> new_connection(int descriptor, const std::string& server_name, const TlsDemand& demand, ServerCertificate& shown) const;

private:
    TlsClientContext();
    struct State;
    std::unique_ptr<State> state_;
};

// After the handshake: fills in what the certificate says of itself, and whether it is trusted.
void describe_server(ssl_st* connection, ServerCertificate& shown);

}  // namespace packetboat::net
