#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/peer.h"

struct ssl_ctx_st;
struct ssl_st;

namespace packetboat::net {

struct TlsFiles {
    std::filesystem::path certificate;  // PEM chain, leaf first
    std::filesystem::path key;          // PEM, without a password
};

// The server side of TLS: 1.2 and newer, forward-secret AEAD ciphers, session tickets, released buffers. The certificate is
// loaded anew when its files have changed, and the ticket keys are made anew every day; a pair that does not fit keeps the old
// one, is logged as an error, and is tried again at every look until it does.
class TlsContext {
public:
    // Errors: unavailable (a file cannot be read), invalid (not PEM, or the key is not the certificate's).
    static Result<std::unique_ptr<TlsContext>> load(TlsFiles files);
    ~TlsContext();

    // Looks at the files' times; cheap, called now and then and on SIGHUP. Reads the files when they have changed, so not on a
    // reactor. From any thread. An error says that the old pair is kept.
    Result<> reload_if_changed();

    // Whether this process may read the files, as it must to load them anew. Errors: unavailable, naming the file.
    Result<> check_readable() const;

    // A new connection's state, bound to the descriptor, which stays the caller's; to be freed with SSL_free. Null: no memory.
    // Writes never raise SIGPIPE. From any thread.
    ssl_st* new_connection(int descriptor) const;

private:
    TlsContext();
    struct State;
    std::unique_ptr<State> state_;
};

// After the handshake, on either side.
std::optional<std::string> channel_binding_of(ssl_st* connection, ChannelBinding kind);

// OpenSSL's last error on this thread, for people; takes it.
std::string take_tls_error();

// Makes a self-signed certificate (ECDSA P-256, ten years) for `host`, the names and the loopback addresses, unless both files are
// there already; with the key that is there, or a new one. Both files appear whole or not at all; the key with mode 0600.
// Errors: exists (a certificate without its key: not ours to replace), unavailable (cannot write), invalid (the key cannot be read).
Result<> make_self_signed(const TlsFiles& files, const std::string& host, const std::vector<std::string>& other_names);

}  // namespace packetboat::net
