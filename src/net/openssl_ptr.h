#pragma once

#include <memory>

namespace packetboat::net {

// An owning pointer to one of OpenSSL's objects: OpensslPtr<X509, X509_free>.
template <auto Free>
struct OpensslDelete {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
template <class T, auto Free>
using OpensslPtr = std::unique_ptr<T, OpensslDelete<Free>>;

}  // namespace packetboat::net
