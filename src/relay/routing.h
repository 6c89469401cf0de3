#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "relay/security.h"
#include "smtp/client/client.h"

// The ways that an operator has laid down for domains.
namespace packetboat::relay {

struct ConfiguredRoute {
    std::vector<std::string> domains;  // "example.org"; ".example.org": all below it; "*": all else
    std::string host;                  // a name or an address (a smart host); empty: the domain's own hosts, by MX
    std::uint16_t port = 0;            // 0: the usual one
    bool mx = false;                   // `host` is a domain, whose MX are meant
    smtp::ClientProtocol protocol = smtp::ClientProtocol::smtp;
    std::optional<TlsLevel> tls;  // nothing: `verify` where there is a login, else `may`
    bool implicit_tls = false;    // from the first byte (RFC 8314 §3.3)
    std::string user;             // empty: no login
    std::string password;
    bool password_without_tls = false;  // let everybody on the way read it
    std::vector<IpAddress> sources;     // to send from, in turn; a kind of address of which there is none: as the kernel likes

    TlsLevel level() const { return tls ? *tls : user.empty() ? TlsLevel::may : TlsLevel::verify; }
    friend bool operator==(const ConfiguredRoute&, const ConfiguredRoute&) = default;
};

// A value: a new configuration is a new table.
class RouteTable {
public:
    // Errors: invalid, and which route it is about (what is no domain, a domain twice, a password without a user, LMTP without a host …).
    static Result<RouteTable> make(std::vector<ConfiguredRoute> routes);
    // No routes at all: everything goes by MX.
    RouteTable();

    // Of an exact name, of the longest suffix, "*", or by MX. `domain` is in lower case; an address literal has its own name. Never null;
    // shared, as mail goes on by routes of an older configuration.
    const std::shared_ptr<const ConfiguredRoute>& find(std::string_view domain) const;

private:
    using Pointer = std::shared_ptr<const ConfiguredRoute>;
    std::map<std::string, Pointer, std::less<>> exact_;
    std::map<std::string, Pointer, std::less<>> below_;  // by ".example.org"
    Pointer others_;
};

}  // namespace packetboat::relay
