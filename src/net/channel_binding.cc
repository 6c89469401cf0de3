#include "net/channel_binding.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <string_view>

#include "net/tls.h"

namespace packetboat::net {

namespace {

int end_point_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* hash, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(hash); });
    return index;
}

// RFC 5929 §4.1: the certificate's own signature hash, SHA-256 in place of MD5 and SHA-1. Without a hash of its own (Ed25519) there is
// no such binding.
std::optional<std::string> hash_of_certificate(const X509* certificate) {
    int hash_nid = NID_undef;
    if (X509_get_signature_info(const_cast<X509*>(certificate), &hash_nid, nullptr, nullptr, nullptr) != 1 || hash_nid == NID_undef)
        return std::nullopt;
    if (hash_nid == NID_md5 || hash_nid == NID_sha1 || hash_nid == NID_md5_sha1) hash_nid = NID_sha256;
    const EVP_MD* hash = EVP_get_digestbynid(hash_nid);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!hash || X509_digest(certificate, hash, digest.data(), &size) != 1) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

// RFC 9266 §2: 32 bytes, no context.
std::optional<std::string> exporter(ssl_st* connection) {
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    if (SSL_version(connection) != TLS1_3_VERSION) return std::nullopt;
    std::string bytes(32, '\0');
    if (SSL_export_keying_material(connection, reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), label.data(), label.size(),
                                   nullptr, 0, 0) != 1)
        return std::nullopt;
    return bytes;
}

// RFC 5929 §3.1: the first Finished of the handshake, which is the client's in a full one and the server's in a resumed one. Only with the
// extended master secret (RFC 7627 §5.4): without it a resumed session's Finished can be the same on two connections.
std::optional<std::string> unique(ssl_st* connection) {
    if (SSL_version(connection) != TLS1_2_VERSION || SSL_get_extms_support(connection) != 1) return std::nullopt;
    std::array<char, EVP_MAX_MD_SIZE> finished{};
    const bool ours = (SSL_session_reused(connection) == 1) == (SSL_is_server(connection) == 1);
    const std::size_t size = ours ? SSL_get_finished(connection, finished.data(), finished.size())
                                  : SSL_get_peer_finished(connection, finished.data(), finished.size());
    if (size == 0 || size > finished.size()) return std::nullopt;
    return std::string(finished.data(), size);
}

// The server's own certificate is that of the context the connection was made with: it may have been loaded anew since.
std::optional<std::string> end_point(ssl_st* connection) {
    if (SSL_is_server(connection) != 1) {
        const X509* certificate = SSL_get0_peer_certificate(connection);
        return certificate ? hash_of_certificate(certificate) : std::nullopt;
    }
    const auto* hash = static_cast<const std::string*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), end_point_index()));
    if (!hash) return std::nullopt;
    return *hash;
}

}  // namespace

void remember_end_point(ssl_ctx_st* context) {
    const X509* certificate = SSL_CTX_get0_certificate(context);
    std::optional<std::string> hash = certificate ? hash_of_certificate(certificate) : std::nullopt;
    if (!hash) return;
    auto kept = std::make_unique<std::string>(std::move(*hash));
    if (SSL_CTX_set_ex_data(context, end_point_index(), kept.get()) == 1) (void)kept.release();  // OpenSSL's now
}

std::optional<std::string> channel_binding_of(ssl_st* connection, ChannelBinding kind) {
    switch (kind) {
        case ChannelBinding::tls_exporter: return exporter(connection);
        case ChannelBinding::tls_unique: return unique(connection);
        case ChannelBinding::tls_server_end_point: return end_point(connection);
    }
    return std::nullopt;
}

}  // namespace packetboat::net
