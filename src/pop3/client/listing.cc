#include <algorithm>
#include <utility>

#include "base/cursor.h"
#include "pop3/client/batch.h"
#include "pop3/client/client.h"
#include "pop3/wire/client_command.h"

// What there is: STAT, LIST, UIDL (RFC 1939 §5, §7).
namespace packetboat::pop3 {

using wire::ReplyEvent;
using wire::ServerReply;

namespace {

constexpr std::size_t unique_id_max_bytes = 256;  // RFC 1939 §7 has 70

bool is_visible(char c) { return c > ' ' && c <= '~'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Servers may add what they like to the numbers (RFC 1939 §5).
void end_of_listing(Cursor& in) {
    if (!in.at_end() && !is_blank(in.peek())) in.fail();
}

// "1 120", "2 octets" of STAT, LIST
std::optional<std::pair<std::uint64_t, std::uint64_t>> two_numbers(std::string_view text) {
    Cursor in(text);
    const std::uint64_t first = in.number();
    in.some(is_blank);
    const std::uint64_t second = in.number();
    end_of_listing(in);
    if (in.failed()) return std::nullopt;
    return std::pair(first, second);
}

std::optional<UniqueId> unique_id(std::string_view text) {
    Cursor in(text);
    UniqueId out{.message = in.number(), .id = {}};
    in.some(is_blank);
    out.id = in.some(is_visible);
    end_of_listing(in);
    if (in.failed() || out.message == 0 || out.id.size() > unique_id_max_bytes) return std::nullopt;
    return out;
}

// By number. False: two have the same.
template <class Listing>
bool put_in_order(std::vector<Listing>& listing) {
    const auto number = [](const Listing& one) { return one.message; };
    std::ranges::sort(listing, {}, number);
    return std::ranges::adjacent_find(listing, {}, number) == listing.end();
}

constexpr std::string_view same_number = "two messages with one number";

}  // namespace

Task<ClientResult<>> Client::read_lines(Stage stage, std::size_t lines_max, const std::function<bool(std::string_view)>& line) {
    std::size_t lines = 0;
    std::size_t bytes = 0;  // since the deadline was set
    peer_.deadline(options_.timeouts.block);
    for (;;) {
        const ClientResult<ReplyEvent> event = co_await read(stage, wire::ReplyMode::listing);
        if (!event) co_return std::unexpected(event.error());
        const auto* listed = std::get_if<wire::ListingLine>(&*event);
        if (!listed) break;
        if (++lines > lines_max)
            co_return std::unexpected(broken(stage, {ErrorCode::too_many, std::string(to_string(stage)) + " was answered with more than " +
                                                                              std::to_string(lines_max) + " lines"}));
        if (!line(listed->text)) co_return std::unexpected(nonsense(stage, listed->text));
        bytes += listed->text.size() + 2;
        if (bytes < block_bytes) continue;
        peer_.deadline(options_.timeouts.block);
        bytes = 0;
    }
    dialogue_.note(std::to_string(lines) + (lines == 1 ? " line" : " lines"));
    co_return ClientResult<>{};
}

Task<ClientResult<MaildropSize>> Client::stat() {
    const ClientResult<ServerReply> reply = co_await demand(Stage::stat, wire::stat_line);
    if (!reply) co_return std::unexpected(reply.error());
    const auto numbers = two_numbers(reply->text);
    if (!numbers) co_return std::unexpected(nonsense(Stage::stat, reply->line()));
    co_return MaildropSize{.messages = numbers->first, .octets = numbers->second};
}

Task<ClientResult<std::vector<ScanListing>>> Client::list() {
    const ClientResult<ServerReply> reply = co_await demand(Stage::list, wire::list_line);
    if (!reply) co_return std::unexpected(reply.error());
    std::vector<ScanListing> out;
    const auto add = [&out](std::string_view line) {
        const auto numbers = two_numbers(line);
        if (!numbers || numbers->first == 0) return false;
        out.push_back({.message = numbers->first, .octets = numbers->second});
        return true;
    };
    const ClientResult<> all = co_await read_lines(Stage::list, options_.messages_max, add);
    if (!all) co_return std::unexpected(all.error());
    if (!put_in_order(out)) co_return std::unexpected(nonsense(Stage::list, same_number));
    co_return out;
}

Task<ClientResult<std::vector<UniqueId>>> Client::uidl() {
    if (broken_) co_return std::unexpected(*broken_);
    if (capabilities_.known && !capabilities_.uidl) co_return std::unexpected(not_offered(Stage::uidl));
    const ClientResult<ServerReply> reply = co_await demand(Stage::uidl, wire::uidl_all_line);
    if (!reply) co_return std::unexpected(reply.error());
    std::vector<UniqueId> out;
    const auto add = [&out](std::string_view line) {
        std::optional<UniqueId> one = unique_id(line);
        if (one) out.push_back(std::move(*one));
        return one.has_value();
    };
    const ClientResult<> all = co_await read_lines(Stage::uidl, options_.messages_max, add);
    if (!all) co_return std::unexpected(all.error());
    if (!put_in_order(out)) co_return std::unexpected(nonsense(Stage::uidl, same_number));
    co_return out;
}

Task<std::vector<ClientResult<std::string>>> Client::uidl(std::span<const std::uint64_t> messages) {
    std::vector<ClientResult<std::string>> out;
    out.reserve(messages.size());
    Batch batch{.stage = Stage::uidl,
                .count = messages.size(),
                .line = [messages](std::size_t i) { return wire::uidl_line(messages[i]); },
                .take = [&](std::size_t i, ClientResult<ServerReply> reply) -> Task<> {
                    std::optional<UniqueId> one = reply && reply->positive ? unique_id(reply->text) : std::nullopt;
                    if (!reply) {
                        out.emplace_back(std::unexpected(std::move(reply).error()));
                    } else if (!reply->positive) {
                        out.emplace_back(std::unexpected(refusal(Stage::uidl, std::move(*reply))));
                        // Here it was about one message.
                        Error& error = out.back().error().error;
                        if (out.back().error().code == wire::ResponseCode::none) error.code = ErrorCode::not_found;
                    } else if (!one || one->message != messages[i]) {
                        out.emplace_back(std::unexpected(nonsense(Stage::uidl, reply->line())));
                    } else {
                        out.emplace_back(std::move(one->id));
                    }
                    co_return;
                }};
    co_await converse(batch);
    co_return out;
}

}  // namespace packetboat::pop3
