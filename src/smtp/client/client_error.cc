#include "smtp/client/client_error.h"

#include <utility>

namespace packetboat::smtp {

std::string_view to_string(Stage stage) {
    switch (stage) {
        case Stage::greeting: return "the connection";
        case Stage::hello: return "our greeting";
        case Stage::starttls: return "STARTTLS";
        case Stage::auth: return "AUTH";
        case Stage::mail: return "MAIL";
        case Stage::rcpt: return "RCPT";
        case Stage::data: return "DATA";
        case Stage::message: return "the message";
        case Stage::rset: return "RSET";
        case Stage::quit: return "QUIT";
    }
    return "?";
}

ClientError refusal(Stage stage, wire::ServerReply reply) {
    ClientError out;
    out.stage = stage;
    out.error = {reply.permanent() ? ErrorCode::denied : ErrorCode::unavailable,
                 std::string(to_string(stage)) + " was answered \"" + reply.text() + "\""};
    out.status = reply.status();
    // RFC 5321 §4.5.3.1.10: of old 552 was said to one recipient too many, who may well come with the next message.
    if (stage == Stage::rcpt && reply.code == 552) {
        out.status.kind = 4;
        out.error.code = ErrorCode::unavailable;
    }
    out.reply = std::move(reply);
    return out;
}

ClientError our_own(Stage stage, wire::EnhancedStatus status, Error error) {
    return {.stage = stage, .error = std::move(error), .status = status, .reply = std::nullopt};
}

}  // namespace packetboat::smtp
