#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace packetboat::pop3::wire {

// What a server can do, as its answer to CAPA says (RFC 2449 §5).
struct Capabilities {
    bool known = false;                          // false: the server was not asked, or does not know CAPA
    bool top = false;                            // RFC 2449 §6.1
    bool user = false;                           // RFC 2449 §6.2: USER and PASS
    std::vector<std::string> sasl;               // RFC 2449 §6.3: mechanisms in upper case, in the server's order, each once
    bool resp_codes = false;                     // RFC 2449 §6.4
    std::optional<std::uint64_t> login_delay_s;  // RFC 2449 §6.5
    bool pipelining = false;                     // RFC 2449 §6.6
    bool expire_never = false;                   // RFC 2449 §6.7
    std::optional<std::uint64_t> expire_days;    // RFC 2449 §6.7; nothing: never, or not said
    bool uidl = false;                           // RFC 2449 §6.8
    std::string implementation;                  // RFC 2449 §6.9; printable ASCII, the rest as \xHH
    bool stls = false;                           // RFC 2595 §4
    bool auth_resp_code = false;                 // RFC 3206 §5
    bool utf8 = false;                           // RFC 6856 §2
    bool utf8_user = false;                      // RFC 6856 §2.2: also in USER and PASS
    bool lang = false;                           // RFC 6856 §3
    std::vector<std::string> others;             // whole lines, escaped: what we know nothing of, or makes no sense

    // One line of the answer.
    void add(std::string_view line);
    bool offers_sasl(std::string_view mechanism) const;

    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

inline constexpr std::size_t sasl_mechanisms_max = 64;     // more are not looked at
inline constexpr std::size_t other_capabilities_max = 64;  // more are not kept

}  // namespace packetboat::pop3::wire
