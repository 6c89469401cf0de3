#include "sasl/scram_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/cursor.h"
#include "base/id.h"
#include "base/text.h"

namespace packetboat::sasl {

namespace {

constexpr std::size_t message_max_bytes = 8192;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), bytes_of(out), &size);
    return out;
}

std::string sha256(std::string_view text) {
    std::string out(32, '\0');
    EVP_Digest(text.data(), text.size(), bytes_of(out), nullptr, EVP_sha256(), nullptr);
    return out;
}

// saslname = 1*(value-safe-char / "=2C" / "=3D")                                           RFC 5802 §7
std::string saslname(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == ',') {
            out += "=2C";
        } else if (c == '=') {
            out += "=3D";
        } else {
            out += c;
        }
    }
    return out;
}

std::string gs2_header_of(const ScramClient::Channel& channel, std::string_view authorize_as) {
    std::string out = "n";
    if (channel.binding == ScramClient::Binding::unoffered) out = "y";
    if (channel.binding == ScramClient::Binding::used) out = "p=" + channel.name;
    out += ",";
    if (!authorize_as.empty()) out += "a=" + saslname(authorize_as);
    return out + ",";
}

bool is_value_char(char c) { return c != ',' && c != '\0'; }

std::string_view attribute(Cursor& in, char name) {
    in.expect(name);
    in.expect('=');
    return in.some(is_value_char);
}

}  // namespace

ScramClient::ScramClient(std::string_view user, std::string_view authorize_as, Channel channel, std::string nonce)
    : gs2_header_(gs2_header_of(channel, authorize_as)),
      first_bare_("n=" + saslname(user) + ",r=" + nonce),
      binding_data_(std::move(channel.data)),
      nonce_(std::move(nonce)) {}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
// A mandatory extension ("m=") is none that we know, and fails as the nonce that it is not.
Result<ScramClient::Salting> ScramClient::read_server_first(std::string_view message, const ScramWork& allowed) {
    Cursor in(message);
    const std::string_view nonce = attribute(in, 'r');
    in.expect(',');
    const std::string_view salt = attribute(in, 's');
    in.expect(',');
    in.expect_word("i=");
    const std::uint64_t iterations = in.number();
    if (!in.at_end()) in.expect(',');
    std::optional<std::string> salt_bytes = base64_decode(salt);
    if (in.failed() || message.size() > message_max_bytes || !salt_bytes || salt_bytes->empty())
        return fail(ErrorCode::invalid, "the server's SCRAM challenge is malformed");
    // Another's answer, played to us.
    if (nonce.size() <= nonce_.size() || !nonce.starts_with(nonce_))
        return fail(ErrorCode::invalid, "the server's SCRAM challenge is not an answer to ours");
    if (iterations < allowed.iterations_min)
        return fail(ErrorCode::denied,
                    "the server wants so few SCRAM iterations (" + std::to_string(iterations) + ") that the password could be guessed");
    if (iterations > std::min<std::uint64_t>(allowed.iterations_max, std::numeric_limits<int>::max()))
        return fail(ErrorCode::too_large, "the server wants " + std::to_string(iterations) + " SCRAM iterations, and we do at most " +
                                              std::to_string(allowed.iterations_max));
    nonce_ = nonce;
    server_first_ = message;
    return Salting{.salt = std::move(*salt_bytes), .iterations = iterations};
}

// ClientKey       := HMAC(SaltedPassword, "Client Key")
// ClientSignature := HMAC(H(ClientKey), AuthMessage)
// ClientProof     := ClientKey XOR ClientSignature
// ServerSignature := HMAC(HMAC(SaltedPassword, "Server Key"), AuthMessage)                 RFC 5802 §3
std::string ScramClient::client_final(std::string_view salted_password) {
    const std::string without_proof = "c=" + base64_encode(gs2_header_ + binding_data_) + ",r=" + nonce_;
    const std::string auth_message = first_bare_ + "," + server_first_ + "," + without_proof;
    std::string proof = hmac(salted_password, "Client Key");
    const std::string signature = hmac(sha256(proof), auth_message);
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    server_signature_ = hmac(hmac(salted_password, "Server Key"), auth_message);
    return without_proof + ",p=" + base64_encode(proof);
}

// server-final-message = (server-error / verifier) ["," extensions]
Result<> ScramClient::read_server_final(std::string_view message) {
    Cursor in(message);
    if (in.peek() == 'e')
        return fail(ErrorCode::denied, "the server refuses the login: " + escape_control(attribute(in, 'e').substr(0, 100)));
    const std::optional<std::string> signature = base64_decode(attribute(in, 'v'));
    if (in.failed() || !signature || server_signature_.empty() || !equal_constant_time(*signature, server_signature_))
        return fail(ErrorCode::denied, "the server does not know the password: it is not the one we want to talk to");
    verified_ = true;
    return {};
}

std::string salted_password(std::string_view password, const ScramClient::Salting& salting) {
    std::string out(32, '\0');
    PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(std::string_view(salting.salt)),
                      static_cast<int>(salting.salt.size()), static_cast<int>(salting.iterations), EVP_sha256(),
                      static_cast<int>(out.size()), bytes_of(out));
    return out;
}

std::string new_scram_nonce() {
    std::array<std::uint8_t, 18> bytes{};
    random_bytes(bytes);
    return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace packetboat::sasl
