#include <algorithm>
#include <utility>

#include "pop3/client/batch.h"
#include "pop3/client/client.h"
#include "pop3/wire/client_command.h"

// Messages: TOP, RETR, DELE (RFC 1939 §5, §7), many at a time where the server can (RFC 2449 §6.6).
namespace packetboat::pop3 {

using wire::ReplyEvent;
using wire::ServerReply;

namespace {

// Keeps the front of what comes.
class TopSink final : public MessageSink {
public:
    explicit TopSink(std::size_t max_bytes) : max_bytes_(max_bytes) {}
    Task<Result<>> take(std::string_view piece) override {
        const std::string_view kept = piece.substr(0, max_bytes_ - top.text.size());
        top.text += kept;
        top.cut |= kept.size() < piece.size();
        co_return Result<>{};
    }
    Top top;

private:
    std::size_t max_bytes_;
};

}  // namespace

// The commands are short, and few are under way: they fit into the sockets' buffers, so we never wait to write while the server waits
// for us to read.
Task<> Client::converse(Batch& batch) {
    const std::size_t window = options_.pipelining && capabilities_.pipelining ? std::max<std::size_t>(1, options_.pipelined_max) : 1;
    std::size_t said = 0;
    for (std::size_t i = 0; i < batch.count; ++i) {
        if (said == i) co_await expect_silence(batch.stage);
        for (; !broken_ && said < batch.count && said - i < window; ++said) say(batch.line(said));
        co_await batch.take(i, co_await answer(batch.stage));
    }
}

Task<ClientResult<std::uint64_t>> Client::read_body(Stage stage, MessageSink& sink) {
    std::uint64_t bytes = 0;
    std::size_t in_block = 0;
    peer_.deadline(options_.timeouts.block);
    for (;;) {
        const ClientResult<ReplyEvent> event = co_await read(stage, wire::ReplyMode::body);
        if (!event) co_return std::unexpected(event.error());
        const auto* piece = std::get_if<wire::BodyPiece>(&*event);
        if (!piece) break;
        const std::size_t size = piece->bytes.size();
        bytes += size;
        if (bytes > options_.message_max_bytes)
            co_return std::unexpected(broken(
                stage, {ErrorCode::too_large, "the message is larger than " + std::to_string(options_.message_max_bytes) + " bytes"}));
        Result<> taken = co_await sink.take(piece->bytes);
        if (!taken) co_return std::unexpected(broken(stage, std::move(taken).error()));
        in_block += size;
        if (in_block < block_bytes) continue;
        peer_.deadline(options_.timeouts.block);
        in_block = 0;
    }
    dialogue_.note(std::to_string(bytes) + " bytes");
    co_return bytes;
}

Task<std::vector<ClientResult<Top>>> Client::top(std::span<const std::uint64_t> messages, std::uint64_t body_lines) {
    std::vector<ClientResult<Top>> out;
    out.reserve(messages.size());
    if (!broken_ && capabilities_.known && !capabilities_.top) {
        for (std::size_t i = 0; i < messages.size(); ++i) out.emplace_back(std::unexpected(not_offered(Stage::top)));
        co_return out;
    }
    Batch batch{.stage = Stage::top,
                .count = messages.size(),
                .line = [messages, body_lines](std::size_t i) { return wire::top_line(messages[i], body_lines); },
                .take = [&](std::size_t, ClientResult<ServerReply> reply) -> Task<> {
                    if (reply && !reply->positive) reply = std::unexpected(refusal(Stage::top, std::move(*reply)));
                    if (!reply) {
                        out.emplace_back(std::unexpected(std::move(reply).error()));
                        co_return;
                    }
                    TopSink sink(options_.top_max_bytes);
                    const ClientResult<std::uint64_t> all = co_await read_body(Stage::top, sink);
                    if (all) {
                        out.emplace_back(std::move(sink.top));
                    } else {
                        out.emplace_back(std::unexpected(all.error()));
                    }
                }};
    co_await converse(batch);
    co_return out;
}

Task<ClientResult<Top>> Client::top(std::uint64_t message, std::uint64_t body_lines) {
    std::vector<ClientResult<Top>> one = co_await top(std::span(&message, 1), body_lines);
    co_return std::move(one.front());
}

Task<std::vector<ClientResult<std::uint64_t>>> Client::retr(std::span<const Retrieval> messages) {
    std::vector<ClientResult<std::uint64_t>> out;
    out.reserve(messages.size());
    Batch batch{.stage = Stage::retr,
                .count = messages.size(),
                .line = [messages](std::size_t i) { return wire::retr_line(messages[i].message); },
                .take = [&](std::size_t i, ClientResult<ServerReply> reply) -> Task<> {
                    if (reply && !reply->positive) reply = std::unexpected(refusal(Stage::retr, std::move(*reply)));
                    if (reply) {
                        out.push_back(co_await read_body(Stage::retr, *messages[i].sink));
                    } else {
                        out.emplace_back(std::unexpected(std::move(reply).error()));
                    }
                }};
    co_await converse(batch);
    co_return out;
}

Task<ClientResult<std::uint64_t>> Client::retr(std::uint64_t message, MessageSink& sink) {
    const Retrieval one{.message = message, .sink = &sink};
    std::vector<ClientResult<std::uint64_t>> results = co_await retr(std::span(&one, 1));
    co_return std::move(results.front());
}

Task<std::vector<ClientResult<>>> Client::dele(std::span<const std::uint64_t> messages) {
    std::vector<ClientResult<>> out;
    out.reserve(messages.size());
    Batch batch{.stage = Stage::dele,
                .count = messages.size(),
                .line = [messages](std::size_t i) { return wire::dele_line(messages[i]); },
                .take = [&](std::size_t, ClientResult<ServerReply> reply) -> Task<> {
                    if (reply && !reply->positive) reply = std::unexpected(refusal(Stage::dele, std::move(*reply)));
                    if (reply) {
                        ++marked_;
                        out.emplace_back();
                    } else {
                        out.emplace_back(std::unexpected(std::move(reply).error()));
                    }
                    co_return;
                }};
    co_await converse(batch);
    co_return out;
}

Task<ClientResult<>> Client::dele(std::uint64_t message) {
    std::vector<ClientResult<>> one = co_await dele(std::span(&message, 1));
    co_return std::move(one.front());
}

}  // namespace packetboat::pop3
