#pragma once

#include <openssl/x509.h>

#include <string>

namespace packetboat::net {

// What stands in a certificate, for people: bounded, and without control bytes, as anybody can make one.
std::string name_text(const X509_NAME* name);    // "CN=mail.example.test,O=Example"
std::string date_text(const ASN1_TIME* moment);  // "2026-11-24"

// Why the chain that is being verified is not to be trusted, as a clause about the server's certificate: "it expired on 2024-03-01".
std::string problem_text(X509_STORE_CTX* chain);

}  // namespace packetboat::net
