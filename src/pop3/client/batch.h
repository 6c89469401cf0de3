#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "pop3/client/client.h"

// Internal to the room.
namespace packetboat::pop3 {

// Of a long answer, these many bytes have ClientTimeouts::block to come: a server that gives one byte a minute gains nothing.
inline constexpr std::size_t block_bytes = 64 * 1024;

// Commands of one kind, said together where the server can take them so.
struct Client::Batch {
    Stage stage = Stage::noop;
    std::size_t count = 0;
    std::function<std::string(std::size_t)> line;
    // Is given the answers, in their order: one for each command, whatever happens. Where an answer is positive, reads what follows it.
    std::function<Task<>(std::size_t, ClientResult<wire::ServerReply>)> take;
};

// Not to be asked for: CAPA does not have it.
inline ClientError not_offered(Stage stage) {
    return our_own(stage, {ErrorCode::denied, "the server does not offer " + std::string(to_string(stage))});
}

}  // namespace packetboat::pop3
