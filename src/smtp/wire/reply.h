#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace packetboat::smtp::wire {

inline constexpr std::size_t reply_line_max_bytes = 512;  // with CRLF; RFC 5321 §4.5.3.1.5

// What the server says. The grammar answers a mistake with the reply that it deserves, so a session only passes it on.
struct Reply {
    std::uint16_t code = 0;     // RFC 5321 §4.2; 0: nothing is said
    std::string_view enhanced;  // RFC 3463, a literal such as "5.5.1"; empty in greetings
    std::string text;           // lines are divided by \n
    bool close = false;         // the connection ends after it

    bool empty() const { return code == 0; }
    bool positive() const { return code >= 200 && code < 400; }
    Reply and_close() && {
        close = true;
        return std::move(*this);
    }

    // Reply-line = *( code "-" [ textstring ] CRLF ) code [ SP textstring ] CRLF                RFC 5321 §4.2, RFC 2034 §4
    // Bytes that are no printable ASCII become '?', a line that would be longer than the limit is cut.
    std::string bytes() const;

    friend bool operator==(const Reply&, const Reply&) = default;
};

}  // namespace packetboat::smtp::wire
