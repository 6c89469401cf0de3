#include "directory/scram.h"

#include <array>

#include "base/cursor.h"
#include "base/id.h"
#include "base/text.h"
#include "directory/credentials.h"

namespace packetboat::directory {

namespace {

constexpr std::size_t message_max_bytes = 4096;
constexpr std::size_t nonce_max_bytes = 512;

// printable = %x21-2B / %x2D-7E                                    RFC 5802 §7
bool is_printable(char c) { return c >= '!' && c <= '~' && c != ','; }
bool is_base64_char(char c) { return is_alnum(c) || c == '+' || c == '/' || c == '='; }
bool is_value_char(char c) { return c != ',' && c != '\0'; }
bool is_cb_name_char(char c) { return is_alnum(c) || c == '.' || c == '-'; }

// saslname = 1*(value-safe-char / "=2C" / "=3D")
std::optional<std::string> decode_saslname(std::string_view text) {
    if (!is_utf8(text)) return std::nullopt;
    std::string name;
    Cursor in(text);
    while (!in.at_end()) {
        name += in.while_([](char c) { return c != '='; });
        if (in.at_end()) break;
        const std::string_view escape = in.take_bytes(3);
        if (escape != "=2C" && escape != "=3D") return std::nullopt;
        name += escape == "=2C" ? ',' : '=';
    }
    if (in.failed()) return std::nullopt;
    return name;
}

// extensions = attr-val *("," attr-val); those we do not know are to be ignored.
void extension(Cursor& in) {
    if (!is_alpha(in.peek())) in.fail();
    in.take_bytes(1);
    in.expect('=');
    in.some(is_value_char);
}

std::string_view attribute(Cursor& in, char name, bool (*is)(char)) {
    in.expect(name);
    in.expect('=');
    return in.some(is);
}

Unexpected invalid(std::string server_error_value) { return fail(ErrorCode::invalid, std::move(server_error_value)); }

// gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
void gs2_cbind_flag(Cursor& in, ScramClientFirst& first) {
    if (in.take('n')) return;
    if (in.take('y')) {
        first.binding = ScramClientFirst::Binding::unoffered;
        return;
    }
    first.binding = ScramClientFirst::Binding::required;
    first.binding_name = attribute(in, 'p', is_cb_name_char);
}

}  // namespace

// client-first-message      = gs2-header client-first-message-bare
// gs2-header                = gs2-cbind-flag "," [ "a=" saslname ] ","
// client-first-message-bare = [reserved-mext ","] "n=" saslname "," "r=" c-nonce ["," extensions]
Result<ScramClientFirst> parse_scram_client_first(std::string_view message) {
    if (message.size() > message_max_bytes) return invalid("other-error");
    ScramClientFirst first;
    Cursor in(message);
    gs2_cbind_flag(in, first);
    in.expect(',');
    const std::string_view authzid = in.peek() == 'a' ? attribute(in, 'a', is_value_char) : std::string_view();
    in.expect(',');
    if (in.failed()) return invalid("other-error");
    first.gs2_header = message.substr(0, in.offset());
    first.bare = in.rest();
    if (in.peek() == 'm') return invalid("extensions-not-supported");  // reserved-mext: mandatory, and we know none
    const std::string_view user = attribute(in, 'n', is_value_char);
    in.expect(',');
    first.nonce = attribute(in, 'r', is_printable);
    while (in.take(',')) extension(in);
    if (!in.ok_and_done() || first.nonce.size() > nonce_max_bytes) return invalid("other-error");
    std::optional<std::string> user_name = decode_saslname(user);
    std::optional<std::string> authzid_name = decode_saslname(authzid);
    if (!user_name || !authzid_name) return invalid("invalid-username-encoding");
    first.user = *std::move(user_name);
    first.authzid = *std::move(authzid_name);
    return first;
}

// client-final-message-without-proof = "c=" base64 "," "r=" nonce ["," extensions]
// client-final-message               = client-final-message-without-proof "," "p=" base64
Result<ScramClientFinal> parse_scram_client_final(std::string_view message) {
    if (message.size() > message_max_bytes) return invalid("other-error");
    Cursor in(message);
    const std::string_view binding = attribute(in, 'c', is_base64_char);
    in.expect(',');
    ScramClientFinal final;
    final.nonce = attribute(in, 'r', is_printable);
    for (;;) {
        final.without_proof = message.substr(0, in.offset());
        in.expect(',');
        if (in.failed() || in.peek() == 'p') break;
        extension(in);
    }
    const std::string_view proof = attribute(in, 'p', is_base64_char);
    if (!in.ok_and_done()) return invalid("other-error");
    std::optional<std::string> binding_bytes = base64_decode(binding);
    std::optional<std::string> proof_bytes = base64_decode(proof);
    if (!binding_bytes || !proof_bytes) return invalid("invalid-encoding");
    final.channel_binding = *std::move(binding_bytes);
    final.proof = *std::move(proof_bytes);
    return final;
}

// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
std::string scram_server_first(std::string_view nonce, const ScramKeys& keys) {
    return "r=" + std::string(nonce) + ",s=" + base64_encode(keys.salt) + ",i=" + std::to_string(keys.iterations);
}

// ClientSignature := HMAC(StoredKey, AuthMessage)
// ClientProof     := ClientKey XOR ClientSignature
// ServerSignature := HMAC(ServerKey, AuthMessage)                      RFC 5802 §3
std::optional<std::string> scram_verify(const ScramKeys& keys, std::string_view auth_message, std::string_view proof) {
    std::string client_key = hmac_sha256(keys.stored_key, auth_message);
    std::string signature = hmac_sha256(keys.server_key, auth_message);
    if (proof.size() != client_key.size()) return std::nullopt;
    for (std::size_t i = 0; i < proof.size(); ++i) client_key[i] = static_cast<char>(client_key[i] ^ proof[i]);
    if (!equal_constant_time(sha256(client_key), keys.stored_key)) return std::nullopt;
    return signature;
}

std::string make_scram_nonce() {
    std::array<std::uint8_t, 18> bytes{};
    random_bytes(bytes);
    return base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace packetboat::directory
