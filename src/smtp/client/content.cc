#include <algorithm>
#include <utility>

#include "smtp/client/transaction.h"
#include "smtp/wire/client_command.h"
#include "smtp/wire/stuffer.h"

// The message itself: by DATA, or by BDAT.
namespace packetboat::smtp {

using wire::ServerReply;

namespace {

constexpr wire::EnhancedStatus no_text{4, 3, 0};       // RFC 3463 §3.4: other or undefined mail system status
constexpr wire::EnhancedStatus bad_protocol{4, 5, 0};  // RFC 3463 §3.6
constexpr std::size_t piece_max_bytes = 64 * 1024;     // of what is given to the peer at once
constexpr std::uint64_t chunks_under_way_max = 2;

}  // namespace

// The source's next piece; without one the message cannot be ended, and the connection is given up before its end is said.
Task<Result<std::string_view>> Client::next_piece(Transaction& transaction, BodySource& body) {
    Result<std::string_view> piece = co_await body.next();
    if (!piece) {
        broken(Stage::message, no_text, {ErrorCode::unavailable, "the message cannot be read: " + piece.error().text});
    } else {
        transaction.body_bytes += piece->size();
    }
    co_return piece;
}

// RFC 5321 §4.1.1.4
Task<> Client::send_data(Transaction& transaction, BodySource& body, const Progress& progress) {
    if (!transaction.data_awaited) co_return;
    wire::Stuffer stuffer(wire::Transfer::data);
    bool heard = true;
    while (heard) {
        Result<std::string_view> piece = co_await next_piece(transaction, body);
        if (!piece) co_return;
        if (piece->empty()) break;
        for (std::string_view rest = *piece; heard && !rest.empty();) {
            std::string_view out = stuffer.next(rest);
            for (; heard && !out.empty(); out.remove_prefix(std::min(out.size(), piece_max_bytes))) {
                peer_.send(out.substr(0, piece_max_bytes));
                peer_.deadline(options_.timeouts.block);
                heard = co_await peer_.drain();
            }
        }
        if (heard && progress) progress(transaction.body_bytes);
    }
    // An answer before the end is none to the message, whatever it says.
    if (heard && !peer_.has_input()) {
        peer_.send(stuffer.finish());
        transaction.end_said = awaits_outcome_ = true;
        dialogue_.note("a message of " + std::to_string(transaction.body_bytes) + " bytes, and a dot");
        co_return co_await final_answers(transaction);
    }
    // The server takes no more of it; perhaps it has said why.
    dialogue_.note("a message, broken off at byte " + std::to_string(transaction.body_bytes));
    ClientResult<ServerReply> reply = co_await read(Stage::message);
    if (!reply) co_return;
    if (!reply->positive()) transaction.refused_whole = refusal(Stage::message, std::move(*reply));
    if (!broken_) broken(Stage::message, bad_protocol, {ErrorCode::invalid, "the server answered before the end of the message"});
}

// One answer; from an LMTP server one for each recipient it has accepted (RFC 2033 §4.2).
Task<> Client::final_answers(Transaction& transaction) {
    const bool each = options_.protocol == ClientProtocol::lmtp;
    const std::size_t count = each ? transaction.accepted.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const ClientResult<ServerReply> reply = co_await read(Stage::message);
        if (!reply) co_return;
        const auto settle = [&](std::size_t recipient) {
            std::optional<RecipientResult>& result = transaction.results[recipient];
            if (reply->positive()) {
                result.emplace(*reply);
            } else if (reply->intermediate()) {
                result.emplace(std::unexpected(
                    broken(Stage::message, bad_protocol, {ErrorCode::invalid, "the message was answered \"" + reply->text() + "\""})));
            } else {
                result.emplace(std::unexpected(refusal(Stage::message, *reply)));
            }
        };
        if (each) {
            settle(transaction.accepted[i]);
        } else {
            for (const std::size_t recipient : transaction.accepted) settle(recipient);
        }
    }
    rset_due_ = false;
}

// RFC 3030 §2
Task<> Client::send_chunks(Transaction& transaction, BodySource& body, const Progress& progress) {
    const bool binary = transaction.body == wire::Body::binary_mime;
    wire::Stuffer stuffer(wire::Transfer::chunks);
    std::string chunk;
    for (;;) {
        Result<std::string_view> piece = co_await next_piece(transaction, body);
        if (!piece) co_return;
        if (piece->empty()) break;
        for (std::string_view rest = *piece; !rest.empty();) {
            std::string_view out = binary ? std::exchange(rest, {}) : stuffer.next(rest);
            while (!out.empty()) {
                const std::size_t taken = std::min(out.size(), options_.chunk_bytes - chunk.size());
                chunk += out.substr(0, taken);
                out.remove_prefix(taken);
                if (chunk.size() == options_.chunk_bytes && !co_await send_chunk(transaction, chunk, false)) co_return;
            }
        }
        if (progress) progress(transaction.body_bytes);
    }
    if (!binary) chunk += stuffer.finish();
    if (!co_await send_chunk(transaction, chunk, true)) co_return;
    dialogue_.note("a message of " + std::to_string(transaction.body_bytes) + " bytes");
    while (!broken_ && transaction.chunk_answers_due > 0) co_await take_chunk_answer(transaction);
    // An earlier chunk was refused: the last one is answered all the same, from LMTP servers once or once for each, and nobody knows which.
    if (broken_) co_return;
    if (!transaction.refused_whole) co_return co_await final_answers(transaction);
    if (options_.protocol == ClientProtocol::lmtp) {
        broken(Stage::message, bad_protocol, {ErrorCode::closed, "the server refused a part of the message"});
    } else {
        const ClientResult<ServerReply> ignored = co_await read(Stage::message);
    }
}

// Says BDAT with the chunk, which is empty then. False: there is no sense in going on.
Task<bool> Client::send_chunk(Transaction& transaction, std::string& chunk, bool last) {
    const std::uint64_t under_way_max = capabilities_.pipelining ? chunks_under_way_max : 1;
    while (!broken_ && transaction.chunk_answers_due >= under_way_max) co_await take_chunk_answer(transaction);
    if (transaction.refused_whole) {
        // RFC 3030 §2: what was under way is refused too, and RSET is next.
        while (!broken_ && transaction.chunk_answers_due > 0) co_await take_chunk_answer(transaction);
    }
    if (broken_ || transaction.refused_whole) co_return false;
    say(wire::bdat_line(chunk.size(), last));
    for (std::string_view rest = chunk; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_max_bytes))) {
        peer_.send(rest.substr(0, piece_max_bytes));
        peer_.deadline(options_.timeouts.block);
        if (!co_await peer_.drain()) break;  // the next answer says why
    }
    chunk.clear();
    if (last) {
        transaction.end_said = awaits_outcome_ = true;
    } else {
        ++transaction.chunk_answers_due;
    }
    co_return true;
}

Task<> Client::take_chunk_answer(Transaction& transaction) {
    ClientResult<ServerReply> reply = co_await read(Stage::message);
    if (!reply) co_return;
    --transaction.chunk_answers_due;
    if (!reply->positive() && !transaction.refused_whole) transaction.refused_whole = refusal(Stage::message, std::move(*reply));
}

}  // namespace packetboat::smtp
