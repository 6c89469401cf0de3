#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/client/client.h"

// Internal to the room.
namespace packetboat::smtp {

// A command of the envelope, as it is said and as its answer is understood.
struct Client::Command {
    Stage stage = Stage::rset;
    std::string line;
    std::size_t recipient = 0;  // with rcpt
};

// What is known of a transaction under way.
struct Client::Transaction {
    wire::Body body = wire::Body::seven_bit;
    bool by_chunks = false;
    std::vector<Command> commands;
    // One for each recipient; none: still open.
    std::vector<std::optional<RecipientResult>> results;
    std::vector<std::size_t> accepted;         // recipients, in the order they were said in
    std::optional<ClientError> refused_whole;  // MAIL, DATA or BDAT was
    bool data_said = false;
    bool data_awaited = false;  // 354 came: the server waits for the message
    bool end_said = false;      // the final dot or BDAT LAST: from now on the outcome may be in doubt
    std::uint64_t chunk_answers_due = 0;
    std::uint64_t body_bytes = 0;  // taken from the source

    // Everything that is still open ends so.
    void settle(const ClientError& error) {
        for (std::optional<RecipientResult>& result : results) {
            if (!result) result.emplace(std::unexpected(error));
        }
    }
};

}  // namespace packetboat::smtp
