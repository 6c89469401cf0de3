#include "pop3/client/client_error.h"

#include <utility>

namespace packetboat::pop3 {

namespace {

// What it means that the server refused without saying why in a way that we can read.
ErrorCode uncoded(Stage stage) {
    switch (stage) {
        case Stage::top:
        case Stage::retr:
        case Stage::dele: return ErrorCode::not_found;
        // Too many connections; a deletion that did not go through: what it is that a server says here passes.
        case Stage::greeting:
        case Stage::quit: return ErrorCode::unavailable;
        default: return ErrorCode::denied;
    }
}

ErrorCode meaning(Stage stage, wire::ResponseCode code) {
    switch (code) {
        case wire::ResponseCode::none: return uncoded(stage);
        case wire::ResponseCode::in_use: return ErrorCode::conflict;
        case wire::ResponseCode::login_delay:
        case wire::ResponseCode::sys_temp: return ErrorCode::unavailable;
        case wire::ResponseCode::auth:
        case wire::ResponseCode::sys_perm:
        case wire::ResponseCode::utf8: return ErrorCode::denied;
    }
    return ErrorCode::denied;
}

}  // namespace

std::string_view to_string(Stage stage) {
    switch (stage) {
        case Stage::greeting: return "the connection";
        case Stage::capa: return "CAPA";
        case Stage::stls: return "STLS";
        case Stage::login: return "the login";
        case Stage::stat: return "STAT";
        case Stage::list: return "LIST";
        case Stage::uidl: return "UIDL";
        case Stage::top: return "TOP";
        case Stage::retr: return "RETR";
        case Stage::dele: return "DELE";
        case Stage::noop: return "NOOP";
        case Stage::rset: return "RSET";
        case Stage::quit: return "QUIT";
    }
    return "?";
}

bool ClientError::temporary() const {
    switch (error.code) {
        case ErrorCode::conflict:
        case ErrorCode::unavailable:
        case ErrorCode::timed_out:
        case ErrorCode::closed: return true;
        default: return false;
    }
}

ClientError refusal(Stage stage, wire::ServerReply reply) {
    ClientError out;
    out.stage = stage;
    out.error = {meaning(stage, reply.code), std::string(to_string(stage)) + " was answered \"" + reply.line() + "\""};
    out.code = reply.code;
    out.reply = std::move(reply);
    return out;
}

ClientError our_own(Stage stage, Error error) {
    return {.stage = stage, .error = std::move(error), .code = wire::ResponseCode::none, .reply = std::nullopt};
}

}  // namespace packetboat::pop3
