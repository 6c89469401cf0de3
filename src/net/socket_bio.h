#pragma once

#include <openssl/bio.h>

namespace packetboat::net {

// OpenSSL's way to a socket. Its own socket BIO writes with write(2), which raises SIGPIPE when the client has gone; this one sends
// with MSG_NOSIGNAL, so the process's signals stay as they are. Never blocks. Does not own the descriptor. Null: no memory.
BIO* new_socket_bio(int descriptor);

}  // namespace packetboat::net
