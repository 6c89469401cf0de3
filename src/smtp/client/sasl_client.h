#pragma once

#include <memory>
#include <string_view>

#include "sasl/client.h"
#include "smtp/client/client.h"

// What sasl/ needs to know of an SMTP login.
namespace packetboat::smtp {

using SaslClient = sasl::Client;

struct SaslClientContext {
    const LoginCredentials& credentials;  // outlives the exchange
    const ClientPeer& peer;               // for channel bindings
    bool plus_offered = false;
    ScramWork scram;
    WorkerPool* hashing = nullptr;
};

// Whether the connection has what SCRAM-SHA-256-PLUS needs.
bool has_channel_binding(const ClientPeer& peer);

// `mechanism` is one of sasl_mechanisms.
inline constexpr const auto& sasl_mechanisms = sasl::mechanisms;  // strongest first
std::unique_ptr<SaslClient> make_sasl_client(std::string_view mechanism, SaslClientContext context);

}  // namespace packetboat::smtp
