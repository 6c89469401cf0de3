#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"
#include "base/ip.h"
#include "net/openssl_ptr.h"
#include "net/tls.h"

namespace packetboat::net {

namespace {

using Key = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using Certificate = OpensslPtr<X509, X509_free>;
using Names = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using Extension = OpensslPtr<X509_EXTENSION, X509_EXTENSION_free>;
using Memory = OpensslPtr<BIO, BIO_free_all>;

constexpr long day_s = 24 * 60 * 60;
constexpr long life_days = 3652;             // ten years
constexpr std::size_t common_name_max = 64;  // RFC 5280 appendix A, ub-common-name

// RFC 5280 §4.2.1.6: an address as its 4 or 16 bytes, anything else as a DNS name.
bool add_name(GENERAL_NAMES* names, const std::string& name) {
    OpensslPtr<GENERAL_NAME, GENERAL_NAME_free> general(GENERAL_NAME_new());
    const std::optional<IpAddress> address = IpAddress::parse(name);
    ASN1_STRING* value = address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (!general || !value) return false;
    GENERAL_NAME_set0_value(general.get(), address ? GEN_IPADD : GEN_DNS, value);
    std::string_view bytes = name;
    if (address) bytes = {reinterpret_cast<const char*>(address->bytes.data()), address->bytes.size()};
    if (address && address->is_v4()) bytes.remove_prefix(12);
    if (ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
    if (sk_GENERAL_NAME_push(names, general.get()) <= 0) return false;
    (void)general.release();  // the stack's now
    return true;
}

bool add_names(X509* certificate, const std::string& host, const std::vector<std::string>& other_names) {
    Names names(GENERAL_NAMES_new());
    if (!names || !add_name(names.get(), host)) return false;
    for (const std::string& name : other_names) {
        if (name != host && !add_name(names.get(), name)) return false;
    }
    for (const char* loopback : {"127.0.0.1", "::1"}) {
        if (!add_name(names.get(), loopback)) return false;
    }
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

bool add_extension(X509* certificate, int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
    bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, and never zero (RFC 5280 §4.1.2.2)
    const OpensslPtr<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& host) {
    X509_NAME* subject = X509_get_subject_name(certificate);
    const std::string name = host.size() <= common_name_max ? host : "packetboat";  // what counts is the subjectAltName
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

Certificate make_certificate(EVP_PKEY* key, const std::string& host, const std::vector<std::string>& other_names) {
    Certificate certificate(X509_new());
    X509* made = certificate.get();
    const bool whole =
        made && X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) && X509_gmtime_adj(X509_getm_notBefore(made), -day_s) &&
        X509_gmtime_adj(X509_getm_notAfter(made), life_days * day_s) && set_subject(made, host) && X509_set_pubkey(made, key) == 1 &&
        add_names(made, host, other_names) && add_extension(made, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(made, NID_key_usage, "critical,digitalSignature") && add_extension(made, NID_ext_key_usage, "serverAuth") &&
        add_extension(made, NID_subject_key_identifier, "hash") && X509_sign(made, key, EVP_sha256()) > 0;
    if (!whole) certificate.reset();
    return certificate;
}

std::string bytes_of(BIO* memory) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

Unexpected cannot_write(const std::filesystem::path& file) {
    return fail(ErrorCode::unavailable, "cannot write " + file.string() + ": " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// Under a temporary name, synced, renamed, and the folder synced.
Result<> write_file(const std::filesystem::path& file, std::string_view bytes, mode_t mode) {
    std::string temporary = file.string() + ".XXXXXX";
    const Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // made with mode 0600
    if (!descriptor) return cannot_write(file);
    if (::fchmod(descriptor.get(), mode) != 0 || !write_all(descriptor.get(), bytes) || ::fsync(descriptor.get()) != 0 ||
        ::rename(temporary.c_str(), file.c_str()) != 0) {
        const Unexpected error = cannot_write(file);
        ::unlink(temporary.c_str());
        return error;
    }
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return cannot_write(file);
    return {};
}

Result<Key> read_key(const std::filesystem::path& file) {
    const Memory bio(BIO_new_file(file.c_str(), "r"));
    Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr) : nullptr);
    if (!key) return fail(ErrorCode::invalid, file.string() + ": " + take_tls_error());
    return key;
}

Result<Key> make_key(const std::filesystem::path& file) {
    Key key(EVP_EC_gen("P-256"));
    const Memory pem(BIO_new(BIO_s_mem()));
    if (!key || !pem || PEM_write_bio_PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return fail(ErrorCode::internal, "cannot make a key: " + take_tls_error());
    if (Result<> written = write_file(file, bytes_of(pem.get()), 0600); !written) return fail(written.error());
    return key;
}

}  // namespace

Result<> make_self_signed(const TlsFiles& files, const std::string& host, const std::vector<std::string>& other_names) {
    std::error_code ignored;
    const bool has_certificate = std::filesystem::exists(files.certificate, ignored);
    const bool has_key = std::filesystem::exists(files.key, ignored);
    if (has_certificate && has_key) return {};
    if (has_certificate) return fail(ErrorCode::exists, files.certificate.string() + " is there without its key " + files.key.string());
    Result<Key> key = has_key ? read_key(files.key) : make_key(files.key);
    if (!key) return fail(key.error());
    const Certificate certificate = make_certificate(key->get(), host, other_names);
    const Memory pem(BIO_new(BIO_s_mem()));
    if (!certificate || !pem || PEM_write_bio_X509(pem.get(), certificate.get()) != 1)
        return fail(ErrorCode::internal, "cannot make a certificate: " + take_tls_error());
    return write_file(files.certificate, bytes_of(pem.get()), 0644);
}

}  // namespace packetboat::net
