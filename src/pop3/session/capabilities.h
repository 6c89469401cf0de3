#pragma once

#include <string>

#include "pop3/session/options.h"

namespace packetboat::pop3 {

// USER, PLAIN and LOGIN show the password to whoever listens: only under TLS, unless the options allow it.
bool plain_text_allowed(const Options& options, bool tls);

// The lines of CAPA's answer (RFC 2449 §5), each with its CRLF. They differ where the capability's own definition has it: STLS only where
// it can be given (RFC 2595 §4), IMPLEMENTATION only after login (RFC 2449 §6.9), USER and the plain-text mechanisms only where they are
// taken.
std::string capabilities(const Options& options, bool tls, wire::State state);

}  // namespace packetboat::pop3
