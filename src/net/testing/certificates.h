#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "net/openssl_ptr.h"
#include "net/tls.h"
#include "net/tls_client.h"

struct evp_pkey_st;
struct x509_st;

namespace packetboat::net::testing {

// An authority that issues certificates for tests, right ones and wrong ones. Throws std::runtime_error where OpenSSL fails.
class Authority {
public:
    Authority(std::filesystem::path folder, std::string name);
    ~Authority();

    // PEM, for TlsClientContext::Options::ca_file.
    const std::filesystem::path& certificate() const { return certificate_file_; }

    struct Ask {
        std::vector<std::string> names;  // hosts and IP addresses
        long valid_from_s = -3600;       // from now
        long valid_until_s = 3600;
    };
    // The files lie in the folder.
    TlsFiles issue(const Ask& ask);

private:
    struct State;
    std::unique_ptr<State> state_;
    std::filesystem::path folder_;
    std::filesystem::path certificate_file_;
    int issued_ = 0;
};

// The record for the first certificate of a PEM file.
TlsaRecord tlsa_of(const std::filesystem::path& certificate, std::uint8_t usage, std::uint8_t selector, std::uint8_t matching);

}  // namespace packetboat::net::testing
