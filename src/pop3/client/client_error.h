#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "pop3/wire/server_reply.h"

namespace packetboat::pop3 {

enum class Stage : std::uint8_t { greeting, capa, stls, login, stat, list, uidl, top, retr, dele, noop, rset, quit };
std::string_view to_string(Stage stage);  // as the subject of "was answered": "the connection", "CAPA" …

// Why something did not come about.
struct ClientError {
    Stage stage = Stage::greeting;
    // The code:
    //   conflict     [IN-USE]: another session has the maildrop
    //   denied       a login, with or without [AUTH]; a certificate; [SYS/PERM]; what the server does not want to do
    //   unavailable  [SYS/TEMP], [LOGIN-DELAY]; or we are stopping
    //   not_found    no such message (the server refused a command for one, and gave no code)
    //   closed, timed_out   the connection
    //   invalid      an argument that cannot be said; what came is no POP3
    //   too_large, too_many   one of ClientOptions' limits
    //   other codes  a sink's
    // The text is for people: PASS was answered "-ERR [AUTH] wrong password".
    Error error;
    wire::ResponseCode code = wire::ResponseCode::none;  // what the server said in brackets, where we know it
    std::optional<wire::ServerReply> reply;              // none: the connection failed, or we did not ask
    bool in_doubt = false;                               // of quit(): what was marked may have been deleted, or not

    // The same may work later.
    bool temporary() const;
};

template <class T = void>
class [[nodiscard]] ClientResult : public std::expected<T, ClientError> {
public:
    using std::expected<T, ClientError>::expected;
};

// What the server refused.
ClientError refusal(Stage stage, wire::ServerReply reply);
// What we did not even ask, or what is wrong with the connection.
ClientError our_own(Stage stage, Error error);

}  // namespace packetboat::pop3
