#pragma once

#include <memory>
#include <string_view>

#include "store/store.h"

struct evp_md_ctx_st;

namespace packetboat::store {

// The name of a blob, computed as its bytes come.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(std::string_view bytes);
    BlobRef finish();  // once

private:
    evp_md_ctx_st* context_;
    std::uint64_t size_bytes_ = 0;
};

BlobRef blob_of(std::string_view bytes);

}  // namespace packetboat::store
