#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/peer.h"
#include "directory/directory.h"

// The server's side of SASL (RFC 4422) for every protocol that has it. Bytes here are raw; base64 is the protocol's.
namespace packetboat::directory {

struct SaslChallenge {
    std::string data;
};
struct SaslSuccess {
    Account account;
    std::string data;  // additional data for the client (SCRAM's server-final-message), else empty
};
// code: denied (credentials), invalid (malformed exchange), too_many, unavailable.
using SaslStep = std::variant<SaslChallenge, SaslSuccess, Error>;

// One exchange.
class SaslServer {
public:
    virtual ~SaslServer() = default;
    // The client's initial response, or nullopt when it sent none; then each answer to a challenge.
    virtual Task<SaslStep> step(std::optional<std::string> response) = 0;
};

struct SaslContext {
    Client client;
    bool tls = false;
    // nullopt where the connection has no such binding; never called without TLS.
    std::function<std::optional<std::string>(ChannelBinding)> channel_binding;
};

// The mechanisms to advertise, best first: SCRAM-SHA-256-PLUS (with TLS only), SCRAM-SHA-256, PLAIN, LOGIN (these two only where
// `plain_text` is allowed: under TLS, or on loopback in the try-out mode).
std::vector<std::string_view> sasl_mechanisms(bool tls, bool plain_text);

// Null for a mechanism that sasl_mechanisms would not advertise. PLAIN: RFC 4616. LOGIN: draft-murchison-sasl-login. SCRAM-SHA-256 and
// -PLUS: RFC 5802, 7677, with tls-exporter (RFC 9266), tls-server-end-point and tls-unique (RFC 5929).
std::unique_ptr<SaslServer> make_sasl_server(std::string_view mechanism, Directory& directory, SaslContext context, bool plain_text);

}  // namespace packetboat::directory
