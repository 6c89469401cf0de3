#include "store/sha256.h"

#include <cassert>
#include <new>

#include <openssl/evp.h>

namespace packetboat::store {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::update(std::string_view bytes) {
    [[maybe_unused]] const int done = EVP_DigestUpdate(context_, bytes.data(), bytes.size());
    assert(done == 1);
    size_bytes_ += bytes.size();
}

BlobRef Sha256::finish() {
    BlobRef blob;
    blob.size_bytes = size_bytes_;
    [[maybe_unused]] const int done = EVP_DigestFinal_ex(context_, blob.sha256.data(), nullptr);
    assert(done == 1);
    return blob;
}

BlobRef blob_of(std::string_view bytes) {
    Sha256 sha256;
    sha256.update(bytes);
    return sha256.finish();
}

}  // namespace packetboat::store
