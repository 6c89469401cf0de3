#include "net/certificate_text.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"
#include "net/openssl_ptr.h"

namespace packetboat::net {

namespace {

using Memory = OpensslPtr<BIO, BIO_free_all>;
using Names = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr std::size_t shown_max_bytes = 200;
constexpr int shown_names_max = 4;

std::string bounded(std::string_view text) {
    std::string out = escape_control(text.substr(0, shown_max_bytes));
    return text.size() > shown_max_bytes ? out + "…" : out;
}

std::string_view bytes_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(std::string_view bytes) {
    IpAddress address;
    if (bytes.size() == 4) {
        const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
        return IpAddress::v4(at(0), at(1), at(2), at(3)).text();
    }
    if (bytes.size() != address.bytes.size()) return "an address";
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    return address.text();
}

// The hosts and addresses it is for; the common name counts for nothing any more (RFC 9525 §2).
std::string names_of(const X509* certificate) {
    const Names names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string out;
    int shown = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
        if (shown == shown_names_max) return out + " and others";
        if (shown++ > 0) out += ", ";
        out += name->type == GEN_DNS ? bounded(bytes_of(name->d.dNSName)) : address_text(bytes_of(name->d.iPAddress));
    }
    return out.empty() ? "no host" : out;
}

}  // namespace

std::string name_text(const X509_NAME* name) {
    const Memory memory(BIO_new(BIO_s_mem()));
    constexpr unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, flags) < 0) return "a name that cannot be shown";
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &bytes);
    return size > 0 ? bounded({bytes, static_cast<std::size_t>(size)}) : "nobody";
}

std::string date_text(const ASN1_TIME* moment) {
    std::tm time{};
    if (!moment || ASN1_TIME_to_tm(moment, &time) != 1) return "an unreadable date";
    std::array<char, 32> out{};
    const std::size_t size = std::strftime(out.data(), out.size(), "%Y-%m-%d", &time);
    return {out.data(), size};
}

std::string problem_text(X509_STORE_CTX* chain) {
    const int error = X509_STORE_CTX_get_error(chain);
    const X509* certificate = X509_STORE_CTX_get_current_cert(chain);
    const bool leaf = X509_STORE_CTX_get_error_depth(chain) == 0;
    const std::string whose =
        leaf || !certificate ? "it" : "the certificate of its issuer " + name_text(X509_get_subject_name(certificate));
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return whose + " expired on " + date_text(certificate ? X509_get0_notAfter(certificate) : nullptr);
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return whose + " is not valid before " + date_text(certificate ? X509_get0_notBefore(certificate) : nullptr);
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return "it is for another host: " + (certificate ? names_of(certificate) : "no name");
        case X509_V_ERR_DANE_NO_MATCH: return "no TLSA record of its host is for it";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "it is self-signed";
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return "its issuer " + (certificate ? name_text(X509_get_issuer_name(certificate)) : "") + " is not known here";
        default: return whose + " does not verify: " + X509_verify_cert_error_string(error);
    }
}

}  // namespace packetboat::net
