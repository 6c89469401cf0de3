#include "net/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"
#include "net/certificate_text.h"
#include "net/openssl_ptr.h"
#include "net/socket_bio.h"
#include "net/tls.h"

namespace packetboat::net {

namespace {

using Context = OpensslPtr<SSL_CTX, SSL_CTX_free>;

constexpr std::size_t name_max_bytes = 255;

constexpr const char* verified_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// An old server's cipher or short key is better than the plain text that would be sent instead.
constexpr const char* opportunistic_ciphers = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=1";

// Called with the first thing that is wrong. What it answers decides when the context verifies, and nothing when it does not.
int note_problem(int well, X509_STORE_CTX* chain) {
    if (well == 1) return 1;
    auto* connection = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* shown = static_cast<ServerCertificate*>(SSL_get_app_data(connection));
    if (shown->problem.empty()) shown->problem = problem_text(chain);
    return 0;
}

Result<> set_trusted(SSL_CTX* context, const std::filesystem::path& file) {
    if (file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            return fail(ErrorCode::unavailable, "the system's certificates: " + take_tls_error());
        return {};
    }
    if (::access(file.c_str(), R_OK) != 0) return fail(ErrorCode::unavailable, file.string() + ": " + std::strerror(errno));
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
        return fail(ErrorCode::invalid, file.string() + " has no certificates: " + take_tls_error());
    // Whatever stands in the file is trusted by itself, a server's own certificate too.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return {};
}

// The name without a final dot; nullopt where it can be no host's.
std::optional<std::string> host_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    const auto fits = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
    if (name.empty() || name.size() > name_max_bytes || name.front() == '.' || !std::ranges::all_of(name, fits)) return std::nullopt;
    return std::string(name);
}

// RFC 6125 and RFC 9525: what the certificate must be for.
bool expect_name(SSL* connection, const std::string& host) {
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(connection, host.c_str()) == 1 && SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
}
bool expect_address(SSL* connection, const IpAddress& address) {
    const std::size_t size = address.is_v4() ? 4 : 16;
    const unsigned char* bytes = address.bytes.data() + (address.bytes.size() - size);
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(connection), bytes, size) == 1;
}

}  // namespace

struct TlsClientContext::State {
    Context context;
    bool verifies = true;
};

TlsClientContext::TlsClientContext() : state_(std::make_unique<State>()) {}
TlsClientContext::~TlsClientContext() = default;
bool TlsClientContext::verifies() const { return state_->verifies; }

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(Options options) {
    ERR_clear_error();
    std::unique_ptr<TlsClientContext> made(new TlsClientContext());
    made->state_->verifies = options.trust == TlsTrust::verify;
    made->state_->context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = made->state_->context.get();
    if (!context) return fail(ErrorCode::unavailable, "TLS: " + take_tls_error());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // As on the server's side (net/tls.cc).
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // Without SSL_VERIFY_PEER the chain is looked at all the same, and the handshake goes on whatever comes of it.
    SSL_CTX_set_verify(context, made->verifies() ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, note_problem);
    if (SSL_CTX_set_cipher_list(context, made->verifies() ? verified_ciphers : opportunistic_ciphers) != 1)
        return fail(ErrorCode::internal, "TLS ciphers: " + take_tls_error());
    if (Result<> trusted = set_trusted(context, options.ca_file); !trusted) return fail(std::move(trusted).error());
    return made;
}

Result<ssl_st*> TlsClientContext::new_connection(int descriptor, const std::string& server_name, ServerCertificate& shown) const {
    const std::optional<IpAddress> address = IpAddress::parse(server_name);
    const std::optional<std::string> host = address ? std::nullopt : host_name(server_name);
    if (!address && !host) return fail(ErrorCode::invalid, "no certificate can be for \"" + escape_control(server_name) + "\"");
    OpensslPtr<SSL, SSL_free> connection(SSL_new(state_->context.get()));
    BIO* bio = connection ? new_socket_bio(descriptor) : nullptr;
    if (!bio) return fail(ErrorCode::unavailable, "TLS: no memory");
    SSL_set_bio(connection.get(), bio, bio);
    SSL_set_connect_state(connection.get());
    SSL_set_app_data(connection.get(), &shown);
    if (!(address ? expect_address(connection.get(), *address) : expect_name(connection.get(), *host)))
        return fail(ErrorCode::unavailable, "TLS: " + take_tls_error());
    return connection.release();
}

void describe_server(ssl_st* connection, ServerCertificate& shown) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    if (!certificate) {
        shown.problem = "it shows none";
        return;
    }
    shown.trusted = shown.problem.empty() && SSL_get_verify_result(connection) == X509_V_OK;
    shown.subject = name_text(X509_get_subject_name(certificate));
    shown.issuer = name_text(X509_get_issuer_name(certificate));
    shown.valid_until = date_text(X509_get0_notAfter(certificate));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1)
        shown.fingerprint = hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace packetboat::net
