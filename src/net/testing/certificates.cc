#include "net/testing/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "base/ip.h"

namespace packetboat::net::testing {

namespace {

using Key = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = OpensslPtr<X509, X509_free>;

void require(bool well) {
    if (!well) throw std::runtime_error("certificate: " + take_tls_error());
}

void set_name(X509_NAME* name, const std::string& common_name) {
    require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                       -1, 0) == 1);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate begin(EVP_PKEY* key, const std::string& common_name, long serial, long from_s, long until_s) {
    Certificate made(X509_new());
    require(made && X509_set_version(made.get(), X509_VERSION_3) == 1);
    require(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial) == 1);
    require(X509_gmtime_adj(X509_getm_notBefore(made.get()), from_s) && X509_gmtime_adj(X509_getm_notAfter(made.get()), until_s));
    set_name(X509_get_subject_name(made.get()), common_name);
    require(X509_set_pubkey(made.get(), key) == 1);
    return made;
}

void write(const std::filesystem::path& file, X509* certificate, EVP_PKEY* key) {
    const OpensslPtr<BIO, BIO_free_all> bio(BIO_new_file(file.c_str(), "w"));
    require(bio && (certificate ? PEM_write_bio_X509(bio.get(), certificate)
                                : PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)) == 1);
}

}  // namespace

struct Authority::State {
    Key key{EVP_EC_gen("P-256")};
    Certificate certificate;
};

Authority::Authority(std::filesystem::path folder, std::string name)
    : state_(std::make_unique<State>()), folder_(std::move(folder)), certificate_file_(folder_ / (name + ".pem")) {
    constexpr long day_s = 24 * 3600;
    state_->certificate = begin(state_->key.get(), name, 1, -day_s, day_s);
    X509* made = state_->certificate.get();
    require(X509_set_issuer_name(made, X509_get_subject_name(made)) == 1);
    extend(made, made, NID_basic_constraints, "critical,CA:TRUE");
    extend(made, made, NID_subject_key_identifier, "hash");
    require(X509_sign(made, state_->key.get(), EVP_sha256()) > 0);
    write(certificate_file_, made, nullptr);
}

Authority::~Authority() = default;

TlsFiles Authority::issue(const Ask& ask) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made = begin(key.get(), ask.names.front(), 100 + ++issued_, ask.valid_from_s, ask.valid_until_s);
    X509* issuer = state_->certificate.get();
    require(X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) == 1);
    std::string names;
    for (const std::string& name : ask.names)
        names += (names.empty() ? "" : ",") + std::string(IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    extend(made.get(), issuer, NID_subject_alt_name, names);
    extend(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    require(X509_sign(made.get(), state_->key.get(), EVP_sha256()) > 0);
    const std::string number = std::to_string(issued_);
    TlsFiles files{folder_ / ("leaf" + number + ".pem"), folder_ / ("leaf" + number + ".key")};
    write(files.certificate, made.get(), nullptr);
    write(files.key, nullptr, key.get());
    return files;
}

TlsaRecord tlsa_of(const std::filesystem::path& file, std::uint8_t usage, std::uint8_t selector, std::uint8_t matching) {
    const OpensslPtr<BIO, BIO_free_all> bio(BIO_new_file(file.c_str(), "r"));
    const Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
    require(certificate != nullptr);
    unsigned char* bytes = nullptr;
    const int size = selector == 0 ? i2d_X509(certificate.get(), &bytes) : i2d_PUBKEY(X509_get0_pubkey(certificate.get()), &bytes);
    require(size > 0);
    std::string data(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    if (matching != 0) {
        std::string digest(EVP_MAX_MD_SIZE, '\0');
        unsigned digest_size = 0;
        require(EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), &digest_size,
                           matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr) == 1);
        data = digest.substr(0, digest_size);
    }
    return {usage, selector, matching, std::move(data)};
}

}  // namespace packetboat::net::testing
