#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

struct ssl_ctx_st;
struct ssl_st;

namespace packetboat::net {

struct TlsFiles {
    std::filesystem::path certificate;  // PEM chain, leaf first
    std::filesystem::path key;          // PEM
};

// The server side of TLS: 1.2 and newer, forward-secret AEAD ciphers, session tickets, released buffers. The certificate is
// loaded anew when its files have changed; a pair that does not fit keeps the old one and is logged.
class TlsContext {
public:
    static Result<std::unique_ptr<TlsContext>> load(TlsFiles files);
    ~TlsContext();

    // Looks at the files' times; cheap, called now and then and on SIGHUP. From any thread.
    Result<> reload_if_changed();

    // A new connection's state, bound to the descriptor. From any thread.
    ssl_st* new_connection(int descriptor) const;

private:
    TlsContext();
    struct State;
    std::unique_ptr<State> state_;
};

// Makes a key and a self-signed certificate for `host` and the names and loopback addresses it goes by, unless both files are
// there already.
Result<> make_self_signed(const TlsFiles& files, const std::string& host, const std::vector<std::string>& other_names);

}  // namespace packetboat::net
