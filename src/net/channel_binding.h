#pragma once

struct ssl_ctx_st;

namespace packetboat::net {

// Computes the hash of the context's certificate that tls-server-end-point answers (RFC 5929 §4.1), once for all its connections.
void remember_end_point(ssl_ctx_st* context);

}  // namespace packetboat::net
