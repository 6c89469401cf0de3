#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "directory/directory.h"
#include "directory/sasl.h"

// SCRAM's messages and arithmetic: RFC 5802 with SHA-256 (RFC 7677). Pure. Internal to the room.
namespace packetboat::directory {

struct ScramClientFirst {
    enum class Binding : std::uint8_t {
        unsupported,  // "n"
        unoffered,    // "y": the client could, but thinks that we cannot
        required,     // "p="
    };
    Binding binding = Binding::unsupported;
    std::string binding_name;  // with required
    std::string authzid;
    std::string user;
    std::string nonce;
    std::string gs2_header;  // as it came
    std::string bare;
};

struct ScramClientFinal {
    std::string channel_binding;  // the GS2 header and the channel's data, decoded
    std::string nonce;
    std::string proof;
    std::string without_proof;  // as it came
};

// Error: invalid, its text a server-error-value of RFC 5802 §7.
Result<ScramClientFirst> parse_scram_client_first(std::string_view message);
Result<ScramClientFinal> parse_scram_client_final(std::string_view message);

std::string scram_server_first(std::string_view nonce, const ScramKeys& keys);

// Whether the proof fits: then the ServerSignature.
std::optional<std::string> scram_verify(const ScramKeys& keys, std::string_view auth_message, std::string_view proof);

// `plus`: the mechanism is SCRAM-SHA-256-PLUS. `make_nonce` gives our half, printable and without commas.
std::unique_ptr<SaslServer> make_scram_server(Directory& directory, SaslContext context, bool plus,
                                              std::function<std::string()> make_nonce);

// 144 random bits.
std::string make_scram_nonce();

}  // namespace packetboat::directory
