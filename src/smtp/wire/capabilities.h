#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/wire/server_reply.h"

namespace packetboat::smtp::wire {

// What a server can do, as its answer to EHLO or LHLO says (RFC 5321 §4.1.1.1). After HELO: nothing.
struct Capabilities {
    bool size = false;  // RFC 1870
    std::optional<std::uint64_t> size_max_bytes;
    bool pipelining = false;        // RFC 2920
    bool eight_bit_mime = false;    // RFC 6152
    bool binary_mime = false;       // RFC 3030
    bool chunking = false;          // RFC 3030
    bool smtputf8 = false;          // RFC 6531
    bool starttls = false;          // RFC 3207
    bool enhanced_status = false;   // RFC 2034
    bool dsn = false;               // RFC 3461
    bool require_tls = false;       // RFC 8689
    std::vector<std::string> auth;  // RFC 4954: mechanisms in upper case, in the server's order, each once

    struct Limits {  // RFC 9422; nothing: not said
        std::optional<std::uint64_t> mail_max;
        std::optional<std::uint64_t> rcpt_max;
        std::optional<std::uint64_t> rcpt_domain_max;
        friend bool operator==(const Limits&, const Limits&) = default;
    };
    Limits limits;

    struct FutureRelease {  // RFC 4865 §4
        std::uint64_t interval_max_s = 0;
        std::string until_max;  // as given: an Internet date and time
        friend bool operator==(const FutureRelease&, const FutureRelease&) = default;
    };
    std::optional<FutureRelease> future_release;

    std::vector<std::string> others;  // whole lines: extensions we know nothing of, and those whose parameters make no sense

    bool offers_auth(std::string_view mechanism) const;

    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

inline constexpr std::size_t auth_mechanisms_max = 64;  // more are not looked at

// `ehlo` is a positive answer. What the server calls itself is in its first line.
Capabilities parse_capabilities(const ServerReply& ehlo);

}  // namespace packetboat::smtp::wire
