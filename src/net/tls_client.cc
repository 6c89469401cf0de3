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
constexpr std::size_t other_names_max = 16;

// RFC 7218 §2.1.
constexpr std::uint8_t usage_dane_ta = 2;
constexpr std::uint8_t usage_dane_ee = 3;

constexpr const char* verified_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// An old server's cipher or short key is better than the plain text that would be sent instead.
constexpr const char* opportunistic_ciphers = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=1";

// Called with the first thing that is wrong. What it answers decides when the connection verifies, and nothing when it does not.
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

// RFC 6125 and RFC 9525: what the certificate must be for. DANE expects its first name when it is enabled.
bool expect_host(SSL* connection, const std::string& host, TlsTrust trust) {
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (trust == TlsTrust::dane) return SSL_dane_enable(connection, host.c_str()) == 1;
    return SSL_set1_host(connection, host.c_str()) == 1 && SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
}
bool expect_address(SSL* connection, const IpAddress& address) {
    const std::size_t size = address.is_v4() ? 4 : 16;
    const unsigned char* bytes = address.bytes.data() + (address.bytes.size() - size);
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(connection), bytes, size) == 1;
}

Unexpected no_certificate_for(const std::string& name) {
    return fail(ErrorCode::invalid, "no certificate can be for \"" + escape_control(name) + "\"");
}
Unexpected tls_unavailable() { return fail(ErrorCode::unavailable, "TLS: " + take_tls_error()); }

Result<> expect_names(SSL* connection, const std::string& name, const TlsDemand& demand, TlsTrust trust) {
    if (demand.other_names.size() > other_names_max) return fail(ErrorCode::invalid, "a certificate for more names than are looked at");
    const std::optional<IpAddress> address = IpAddress::parse(name);
    const std::optional<std::string> host = address ? std::nullopt : host_name(name);
    if (!host && !(address && trust != TlsTrust::dane)) return no_certificate_for(name);
    if (!(address ? expect_address(connection, *address) : expect_host(connection, *host, trust))) return tls_unavailable();
    for (const std::string& other : demand.other_names) {
        const std::optional<std::string> more = host_name(other);
        if (!more || IpAddress::parse(other)) return no_certificate_for(other);
        if (SSL_add1_host(connection, more->c_str()) != 1) return tls_unavailable();
    }
    return {};
}

// How many of them can be used. PKIX-TA and PKIX-EE are left to nobody: OpenSSL would take them. What else cannot be (an unknown selector
// or digest, one of a wrong length, bytes that are no certificate) it refuses itself.
Result<std::size_t> add_tlsa(SSL* connection, const std::vector<TlsaRecord>& records) {
    std::size_t usable = 0;
    for (const TlsaRecord& record : records) {
        if (record.usage != usage_dane_ta && record.usage != usage_dane_ee) continue;
        ERR_clear_error();
        const int added = SSL_dane_tlsa_add(connection, record.usage, record.selector, record.matching,
                                            reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
        if (added < 0 && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) return tls_unavailable();
        if (added > 0) ++usable;
    }
    ERR_clear_error();
    return usable;
}

// What the record that led to trust says, in RFC 7218's words.
std::string tlsa_text(SSL* connection) {
    std::uint8_t usage = 0, selector = 0, matching = 0;
    if (SSL_get0_dane_tlsa(connection, &usage, &selector, &matching, nullptr, nullptr) < 0) return {};
    constexpr std::array<const char*, 3> matchings = {"Full(0)", "SHA2-256(1)", "SHA2-512(2)"};
    return std::string(usage == usage_dane_ee ? "DANE-EE(3)" : "DANE-TA(2)") + (selector == 0 ? " Cert(0) " : " SPKI(1) ") +
           (matching < matchings.size() ? matchings[matching] : "");
}

}  // namespace

struct TlsClientContext::State {
    Context verifying;
    Context opportunistic;  // with the same trusted certificates
    TlsTrust trust = TlsTrust::verify;
};

TlsClientContext::TlsClientContext() : state_(std::make_unique<State>()) {}
TlsClientContext::~TlsClientContext() = default;

namespace {

Result<Context> make_context(int verify_mode, const char* ciphers) {
    Context made(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = made.get();
    if (!context) return tls_unavailable();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // As on the server's side (net/tls.cc).
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // Without SSL_VERIFY_PEER the chain is looked at all the same, and the handshake goes on whatever comes of it.
    SSL_CTX_set_verify(context, verify_mode, note_problem);
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) return fail(ErrorCode::internal, "TLS ciphers: " + take_tls_error());
    return made;
}

}  // namespace

Result<std::unique_ptr<TlsClientContext>> TlsClientContext::make(Options options) {
    assert(options.trust != TlsTrust::dane);
    ERR_clear_error();
    std::unique_ptr<TlsClientContext> made(new TlsClientContext());
    State& state = *made->state_;
    state.trust = options.trust;
    Result<Context> verifying = make_context(SSL_VERIFY_PEER, verified_ciphers);
    if (!verifying) return fail(std::move(verifying).error());
    Result<Context> opportunistic = make_context(SSL_VERIFY_NONE, opportunistic_ciphers);
    if (!opportunistic) return fail(std::move(opportunistic).error());
    state.verifying = std::move(*verifying);
    state.opportunistic = std::move(*opportunistic);
    if (SSL_CTX_dane_enable(state.verifying.get()) != 1) return tls_unavailable();
    if (Result<> trusted = set_trusted(state.verifying.get(), options.ca_file); !trusted) return fail(std::move(trusted).error());
    SSL_CTX_set1_cert_store(state.opportunistic.get(), SSL_CTX_get_cert_store(state.verifying.get()));
    if (SSL_CTX_set1_param(state.opportunistic.get(), SSL_CTX_get0_param(state.verifying.get())) != 1) return tls_unavailable();
    return made;
}

Result<ssl_st*> TlsClientContext::new_connection(int descriptor, const std::string& server_name, const TlsDemand& demand,
                                                 ServerCertificate& shown) const {
    const TlsTrust trust = demand.trust.value_or(state_->trust);
    OpensslPtr<SSL, SSL_free> connection(SSL_new((trust == TlsTrust::opportunistic ? state_->opportunistic : state_->verifying).get()));
    if (!connection) return fail(ErrorCode::unavailable, "TLS: no memory");
    if (Result<> expected = expect_names(connection.get(), server_name, demand, trust); !expected) return fail(std::move(expected).error());
    if (trust == TlsTrust::dane) {
        const Result<std::size_t> usable = add_tlsa(connection.get(), demand.tlsa);
        if (!usable) return fail(usable.error());
        if (*usable == 0) {
            shown.tlsa_unusable = true;
            TlsDemand unauthenticated = demand;
            unauthenticated.trust = TlsTrust::opportunistic;
            return new_connection(descriptor, server_name, unauthenticated, shown);
        }
        // RFC 7672 §3.1.1: a key that the DNS names is the server's, whatever name and dates stand beside it.
        SSL_dane_set_flags(connection.get(), DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    }
    BIO* bio = new_socket_bio(descriptor);
    if (!bio) return fail(ErrorCode::unavailable, "TLS: no memory");
    SSL_set_bio(connection.get(), bio, bio);
    SSL_set_connect_state(connection.get());
    SSL_set_app_data(connection.get(), &shown);
    return connection.release();
}

void describe_server(ssl_st* connection, ServerCertificate& shown) {
    const X509* certificate = SSL_get0_peer_certificate(connection);
    if (!certificate) {
        shown.problem = "it shows none";
        return;
    }
    shown.trusted = shown.problem.empty() && SSL_get_verify_result(connection) == X509_V_OK;
    if (shown.trusted && SSL_get0_dane_authority(connection, nullptr, nullptr) >= 0) shown.tlsa = tlsa_text(connection);
    shown.subject = name_text(X509_get_subject_name(certificate));
    shown.issuer = name_text(X509_get_issuer_name(certificate));
    shown.valid_until = date_text(X509_get0_notAfter(certificate));
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1)
        shown.fingerprint = hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace packetboat::net
