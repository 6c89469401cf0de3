#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/peer.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "sasl/scram_client.h"

namespace packetboat::sasl {

// One exchange. Bytes here are raw; base64 is the protocol's.
class Client {
public:
    virtual ~Client() = default;
    // What the client says before it is asked; nullopt: it waits to be.
    virtual std::optional<std::string> initial() = 0;
    // Errors end the exchange.
    virtual Task<Result<std::string>> answer(std::string challenge) = 0;
    // The server says that all went well. An error: it does not for us.
    virtual Result<> finish() { return {}; }
};

// The connection's bindings, as Peer::channel_binding has them. Null: there is no TLS.
using ChannelBindings = std::function<std::optional<std::string>(ChannelBinding kind)>;

struct ClientContext {
    // These outlive the exchange.
    std::string_view user;
    std::string_view password;
    std::string_view authorize_as;  // empty: the user
    ChannelBindings channel_bindings;
    bool plus_offered = false;      // the server offers SCRAM-SHA-256-PLUS
    ScramWork scram;                // what a server may make us compute
    WorkerPool* hashing = nullptr;  // for that; null: on the thread that awaits
};

// Whether the connection has what SCRAM-SHA-256-PLUS needs.
bool has_channel_binding(const ChannelBindings& bindings);

// `mechanism` is one of mechanisms.
inline constexpr std::string_view mechanisms[] = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"};  // strongest first
std::unique_ptr<Client> make_client(std::string_view mechanism, ClientContext context);

}  // namespace packetboat::sasl
