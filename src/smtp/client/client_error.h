#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "smtp/wire/server_reply.h"

namespace packetboat::smtp {

enum class Stage : std::uint8_t { greeting, hello, starttls, auth, mail, rcpt, data, message, rset, quit };
std::string_view to_string(Stage stage);  // as the subject of "was answered": "our greeting", "RCPT" …

// Why something did not come about.
struct ClientError {
    Stage stage = Stage::greeting;
    // The code:
    //   denied       the server refused for good (5yz); or a login, a certificate
    //   unavailable  the server refused for now (4yz); or we are stopping
    //   closed, timed_out   the connection
    //   invalid      an argument that cannot be said; what came is no SMTP
    //   too_large, too_many the server's limits, known beforehand
    // The text is for people: RCPT was answered "550 5.1.1 No such user".
    Error error;
    wire::EnhancedStatus status;             // 4.y.z: try again later, 5.y.z: never (RFC 3463); the server's own where it said one
    std::optional<wire::ServerReply> reply;  // none: the connection failed, or we did not ask
    bool in_doubt = false;                   // the message may have been accepted; sending it again may deliver it twice

    bool permanent() const { return status.kind == 5; }
};

template <class T = void>
class [[nodiscard]] ClientResult : public std::expected<T, ClientError> {
public:
    using std::expected<T, ClientError>::expected;
};

// What the server refused.
ClientError refusal(Stage stage, wire::ServerReply reply);
// What we did not even ask. `kind`: 4 or 5.
ClientError our_own(Stage stage, wire::EnhancedStatus status, Error error);

}  // namespace packetboat::smtp
