#include "smtp/client/transaction.h"

#include <cassert>
#include <deque>
#include <utility>

#include "base/text.h"
#include "smtp/wire/client_command.h"

// The envelope: what can be sent at all, and MAIL, RCPT and DATA in one group (RFC 2920).
namespace packetboat::smtp {

using wire::ServerReply;

namespace {

constexpr wire::EnhancedStatus bad_sender{5, 1, 7};              // RFC 3463 §3.2: bad sender's mailbox address syntax
constexpr wire::EnhancedStatus bad_recipient{5, 1, 3};           // RFC 3463 §3.2
constexpr wire::EnhancedStatus message_too_big{5, 3, 4};         // RFC 3463 §3.4
constexpr wire::EnhancedStatus not_capable{5, 3, 3};             // RFC 3463 §3.4: not capable of selected features
constexpr wire::EnhancedStatus too_many_recipients{4, 5, 3};     // RFC 3463 §3.6
constexpr wire::EnhancedStatus conversion_unsupported{5, 6, 3};  // RFC 3463 §3.7: conversion required but not supported
constexpr wire::EnhancedStatus utf8_unsupported{5, 6, 7};        // RFC 6531 §3.5
constexpr wire::EnhancedStatus require_tls_needed{5, 7, 30};     // RFC 8689 §6
constexpr wire::EnhancedStatus bad_protocol{4, 5, 0};            // RFC 3463 §3.6
constexpr wire::EnhancedStatus no_more_messages{4, 5, 3};        // RFC 9422 §4.1

std::optional<ClientError> needs(bool needed, bool offered, wire::EnhancedStatus status, std::string what, std::string_view extension) {
    if (!needed || offered) return std::nullopt;
    return our_own(Stage::mail, status, {ErrorCode::denied, std::move(what) + ", and the server does not offer " + std::string(extension)});
}

bool needs_smtputf8(const Outgoing& message) { return message.smtputf8 || !is_ascii(message.reverse_path); }

}  // namespace

// Whatever is known beforehand to fail is not begun.
std::optional<ClientError> Client::impossible(const Outgoing& message) const {
    if (broken_) return broken_;
    const wire::Capabilities& can = capabilities_;
    if (can.limits.mail_max && transactions_ >= *can.limits.mail_max)
        return our_own(Stage::mail, no_more_messages, {ErrorCode::too_many, "the server takes no more messages on this connection"});
    if (can.size_max_bytes && message.size_bytes > *can.size_max_bytes)
        return our_own(Stage::mail, message_too_big,
                       {ErrorCode::too_large, "the message has " + std::to_string(message.size_bytes) +
                                                  " bytes, and the server takes at most " + std::to_string(*can.size_max_bytes)});
    const bool binary = message.body == wire::Body::binary_mime;
    if (auto no = needs(message.body == wire::Body::eight_bit_mime, can.eight_bit_mime, conversion_unsupported,
                        "the message has 8-bit text", "8BITMIME"))
        return no;
    if (auto no = needs(binary, can.binary_mime && can.chunking, conversion_unsupported, "the message is binary", "BINARYMIME")) return no;
    if (auto no = needs(needs_smtputf8(message), can.smtputf8, utf8_unsupported, "the message's header or sender is internationalised",
                        "SMTPUTF8"))
        return no;
    // RFC 8689 §4.2.1: both, or nothing at all is sent.
    if (auto no = needs(message.require_tls, can.require_tls && peer_.info().tls(), require_tls_needed,
                        "the message must not go without TLS", "REQUIRETLS"))
        return no;
    const bool hold = message.hold_for_s || !message.hold_until.empty();
    if (auto no = needs(hold, can.future_release.has_value(), not_capable, "the message is to be held", "FUTURERELEASE")) return no;
    if (message.hold_for_s && *message.hold_for_s > can.future_release->interval_max_s)
        return our_own(Stage::mail, not_capable,
                       {ErrorCode::too_large,
                        "the server holds messages for at most " + std::to_string(can.future_release->interval_max_s) + " seconds"});
    return std::nullopt;
}

Client::Transaction Client::prepare(const Outgoing& message) const {
    Transaction out;
    out.body = message.body;
    out.by_chunks = capabilities_.chunking && (options_.chunking || message.body == wire::Body::binary_mime);
    out.results.resize(message.recipients.size());
    if (const std::optional<ClientError> no = impossible(message)) {
        out.settle(*no);
        return out;
    }
    const bool dsn = capabilities_.dsn;
    // RFC 6531 §3.4: one address is reason enough.
    bool smtputf8 = needs_smtputf8(message);
    for (const OutgoingRecipient& recipient : message.recipients) smtputf8 |= capabilities_.smtputf8 && !is_ascii(recipient.address);
    const Result<std::string> mail = wire::mail_line({
        .reverse_path = message.reverse_path,
        .size_bytes = capabilities_.size && message.size_bytes > 0 ? std::optional(message.size_bytes) : std::nullopt,
        .body = message.body,
        .smtputf8 = smtputf8,
        .ret = dsn ? message.ret : wire::Ret::not_given,
        .envid = dsn ? message.envid : std::string(),
        .require_tls = message.require_tls,
        .hold_for_s = message.hold_for_s,
        .hold_until = message.hold_until,
    });
    if (!mail) {
        out.settle(our_own(Stage::mail, bad_sender, mail.error()));
        return out;
    }
    if (rset_due_) out.commands.push_back({.stage = Stage::rset, .line = std::string(wire::rset_line)});
    out.commands.push_back({.stage = Stage::mail, .line = *mail});
    std::uint64_t said = 0;
    for (std::size_t i = 0; i < message.recipients.size(); ++i) {
        const OutgoingRecipient& recipient = message.recipients[i];
        const auto settle = [&](wire::EnhancedStatus status, Error error) {
            out.results[i].emplace(std::unexpected(our_own(Stage::rcpt, status, std::move(error))));
        };
        if (capabilities_.limits.rcpt_max && said >= *capabilities_.limits.rcpt_max) {
            settle(too_many_recipients,
                   {ErrorCode::too_many, "the server takes at most " + std::to_string(said) + " recipients at a time"});
            continue;
        }
        if (!smtputf8 && !is_ascii(recipient.address)) {
            settle(utf8_unsupported,
                   {ErrorCode::denied, "the recipient's address is internationalised, and the server does not offer SMTPUTF8"});
            continue;
        }
        Result<std::string> rcpt = wire::rcpt_line({.forward_path = recipient.address,
                                                    .smtputf8 = smtputf8,
                                                    .notify = dsn ? recipient.notify : wire::Notify{},
                                                    .orcpt = dsn ? recipient.orcpt : std::string()});
        if (!rcpt) {
            settle(bad_recipient, rcpt.error());
            continue;
        }
        out.commands.push_back({.stage = Stage::rcpt, .line = std::move(*rcpt), .recipient = i});
        ++said;
    }
    if (said == 0) out.commands.clear();
    if (said > 0 && !out.by_chunks) out.commands.push_back({.stage = Stage::data, .line = std::string(wire::data_line)});
    return out;
}

Task<std::vector<RecipientResult>> Client::send(const Outgoing& message, BodySource& body, Progress progress) {
    assert(greeted_ || broken_);
    Transaction transaction = prepare(message);
    if (!transaction.commands.empty()) {
        ++transactions_;
        rset_due_ = true;
        co_await envelope(transaction);
        // What comes after a MAIL or DATA that was refused is refused for that reason, whatever is said to it.
        if (transaction.refused_whole && transaction.accepted.empty()) transaction.settle(*transaction.refused_whole);
        if (!broken_ && transaction.accepted.empty()) {
            co_await dismiss(transaction);
        } else if (!broken_ && transaction.by_chunks) {
            co_await send_chunks(transaction, body, progress);
        } else if (!broken_) {
            co_await send_data(transaction, body, progress);
        }
        awaits_outcome_ = false;
        if (transaction.refused_whole) transaction.settle(*transaction.refused_whole);
        if (broken_) {
            ClientError why = *broken_;
            why.in_doubt = transaction.end_said;
            transaction.settle(why);
        }
    }
    std::vector<RecipientResult> results;
    results.reserve(transaction.results.size());
    for (std::optional<RecipientResult>& result : transaction.results) results.push_back(std::move(*result));
    co_return results;
}

// RFC 2920 §3.1. So many are said before the first is answered that their answers fit into the sockets' buffers while we are not reading.
Task<> Client::envelope(Transaction& transaction) {
    co_await expect_silence(Stage::mail);
    if (broken_) co_return;
    std::deque<const Command*> under_way;
    std::size_t bytes = 0;
    for (const Command& command : transaction.commands) {
        const auto full = [&] {
            if (under_way.empty()) return false;
            return !capabilities_.pipelining || under_way.size() >= options_.pipelined_max ||
                   bytes + command.line.size() > options_.pipelined_max_bytes;
        };
        while (!broken_ && full()) {
            bytes -= under_way.front()->line.size();
            co_await take_answer(transaction, *std::exchange(under_way.front(), nullptr));
            under_way.pop_front();
        }
        if (broken_) co_return;
        if (transaction.refused_whole) break;
        const bool nobody = under_way.empty() && transaction.accepted.empty();
        if (command.stage == Stage::data && nobody) break;
        say(command.line);
        transaction.data_said |= command.stage == Stage::data;
        bytes += command.line.size();
        under_way.push_back(&command);
    }
    for (; !broken_ && !under_way.empty(); under_way.pop_front()) co_await take_answer(transaction, *under_way.front());
}

Task<> Client::take_answer(Transaction& transaction, const Command& command) {
    ClientResult<ServerReply> reply = co_await read(command.stage);
    if (!reply) co_return;  // and the connection is broken
    switch (command.stage) {
        case Stage::mail:
            if (!reply->positive()) transaction.refused_whole = refusal(Stage::mail, std::move(*reply));
            break;
        case Stage::rcpt:
            // After a MAIL that was refused it means nothing.
            if (transaction.refused_whole) break;
            if (reply->positive()) {
                transaction.accepted.push_back(command.recipient);
            } else {
                transaction.results[command.recipient].emplace(std::unexpected(refusal(Stage::rcpt, std::move(*reply))));
            }
            break;
        case Stage::data:
            transaction.data_awaited = reply->intermediate();
            if (reply->positive()) {
                broken(Stage::data, bad_protocol,
                       {ErrorCode::invalid, "DATA was answered \"" + reply->text() + "\", which is no answer to it"});
            } else if (!transaction.data_awaited && !transaction.refused_whole) {
                transaction.refused_whole = refusal(Stage::data, std::move(*reply));
            }
            break;
        default: break;  // RSET
    }
}

// Nobody is left to send to. A server that waits for a message all the same gets an empty one, which it can give to nobody
// (RFC 2920 §3.1).
Task<> Client::dismiss(Transaction& transaction) {
    if (!transaction.data_awaited) co_return;
    const ClientResult<ServerReply> ignored = co_await ask(Stage::message, ".\r\n");
    // RFC 2033 §4.2: as many answers as there are recipients would be none. What this server does nobody knows.
    if (options_.protocol == ClientProtocol::lmtp && !broken_)
        broken(Stage::data, bad_protocol, {ErrorCode::invalid, "the server wanted a message for nobody"});
}

}  // namespace packetboat::smtp
