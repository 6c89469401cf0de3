#include <algorithm>
#include <utility>

#include "base/log.h"
#include "smtp/session/replies.h"
#include "smtp/session/session.h"
#include "smtp/session/trace.h"

// DATA and BDAT: a message comes in.
namespace packetboat::smtp {

using wire::Reply;

Reply Session::message_out_of_order() const {
    if (!transaction_) return {.code = 503, .enhanced = "5.5.1", .text = "Need MAIL first"};
    if (!transaction_->refused.empty()) return transaction_->refused;
    if (!transaction_->envelope.recipients.empty()) return {};
    if (transaction_->recipient_refused && options_.role != Role::lmtp)  // RFC 2033 §4.2 has 503
        return {.code = 554, .enhanced = "5.5.1", .text = "No valid recipients"};
    return {.code = 503, .enhanced = "5.5.1", .text = "Need RCPT first"};
}

// Trace fields go first (RFC 5321 §4.4); what a submitted message lacks is put in at its header's end (RFC 6409 §8).
Reply Session::begin_message() {
    const delivery::Envelope& envelope = transaction_->envelope;
    const Time now = Time::now();
    const Arrival arrival{
        .role = options_.role,
        .extended = extended_,
        .tls = info().tls(),
        .authenticated = account_.has_value(),
        .smtputf8 = envelope.smtputf8,
        .client_name = client_name_,
        .hostname = options_.hostname,
        .id = envelope.id.text(),
        .only_recipient = envelope.recipients.size() == 1 ? envelope.recipients.front().address : "",
    };
    Result<delivery::Incoming> incoming = services_.delivery.begin("Return-Path: <" + envelope.reverse_path + ">\r\n",
                                                                   received_field(arrival, info(), now), transaction_->size_bytes);
    if (!incoming) return message_refused(incoming.error());
    wire::HeaderScan::Missing missing;
    if (options_.role == Role::submission) {
        missing.date = "Date: " + now.rfc5322() + "\r\n";
        missing.message_id = "Message-ID: <" + arrival.id + "@" + options_.hostname + ">\r\n";
    }
    transaction_->reception.emplace(std::move(*incoming), Reception::Terms{
                                                              .limits = options_.limits,
                                                              .bare_newlines = options_.bare_newlines,
                                                              .binary = transaction_->body == wire::Body::binary_mime,
                                                              .missing = std::move(missing),
                                                          });
    return {};
}

Task<Reply> Session::on(const wire::Data&) {
    if (transaction_ && transaction_->by_chunks) co_return Reply{.code = 503, .enhanced = "5.5.1", .text = "No DATA after BDAT"};
    Reply refusal = message_out_of_order();
    if (refusal.empty() && transaction_->body == wire::Body::binary_mime)  // RFC 3030 §3
        refusal = {.code = 503, .enhanced = "5.5.1", .text = "BINARYMIME comes with BDAT, not DATA"};
    if (refusal.empty()) refusal = begin_message();
    if (!refusal.empty()) co_return refusal;

    peer_.send("354 End data with <CR><LF>.<CR><LF>\r\n");
    for (;;) {
        const std::optional<wire::Event> event = co_await peer_.next(wire::data_mode);
        if (event && std::holds_alternative<wire::End>(*event)) co_return co_await finish_message();
        const auto* chunk = event ? std::get_if<wire::Chunk>(&*event) : nullptr;
        if (chunk == nullptr) co_return interrupted(event);
        co_await transaction_->reception->take(chunk->bytes);
    }
}

Task<Reply> Session::read_octets(std::uint64_t octets, bool kept) {
    while (octets > 0) {
        const std::optional<wire::Event> event = co_await peer_.next(wire::bdat_mode(octets));
        const auto* chunk = event ? std::get_if<wire::Chunk>(&*event) : nullptr;
        if (chunk == nullptr) co_return interrupted(event);
        octets -= chunk->bytes.size();
        if (kept) co_await transaction_->reception->take(chunk->bytes);
    }
    co_return Reply{};
}

// RFC 3030 §2: the octets are read whatever the answer. After a refused chunk the message has had its answer, and the chunks that are on
// their way get the same, so that what was a passing failure does not become a lasting one; the last ends the transaction, as it does
// when it is taken.
Task<Reply> Session::on(const wire::Bdat& bdat) {
    Reply refusal = message_out_of_order();
    if (refusal.empty() && !transaction_->reception) refusal = begin_message();
    Reply interruption = co_await read_octets(bdat.octets, refusal.empty());
    if (done_) co_return interruption;
    if (!transaction_) co_return refusal;
    transaction_->by_chunks = true;
    if (refusal.empty()) refusal = transaction_->reception->failure();
    if (refusal.empty() && bdat.last) co_return co_await finish_message();
    if (refusal.empty()) co_return Reply{.code = 250, .enhanced = "2.0.0", .text = std::to_string(bdat.octets) + " octets received"};
    if (bdat.last) co_return for_each_recipient(*std::exchange(transaction_, nullptr), std::move(refusal));
    transaction_->reception.reset();
    transaction_->refused = refusal;
    co_return refusal;
}

Task<Reply> Session::finish_message() {
    co_await transaction_->reception->finish();
    const std::unique_ptr<Transaction> transaction = std::move(transaction_);
    const delivery::Envelope& envelope = transaction->envelope;
    Reception& reception = *transaction->reception;
    const std::uint64_t size_bytes = reception.size_bytes();
    if (!reception.failure().empty()) {
        log_info("smtp.message_refused", id(),
                 {{"id", envelope.id.text()}, {"from", envelope.reverse_path}, {"size", size_bytes}, {"reply", reception.failure().text}});
        co_return for_each_recipient(*transaction, reception.failure());
    }
    const std::vector<delivery::Outcome> outcomes =
        co_await services_.delivery.accept(envelope, reception.release(), options_.role == Role::lmtp);
    co_return outcomes_reply(*transaction, outcomes, size_bytes);
}

// RFC 2033 §4.2: one reply for each recipient that RCPT accepted.
Reply Session::for_each_recipient(const Transaction& transaction, Reply reply) {
    if (options_.role != Role::lmtp) return reply;
    for (std::size_t i = 1; i < transaction.envelope.recipients.size(); ++i) peer_.send(reply.bytes());
    return reply;
}

Reply Session::outcomes_reply(const Transaction& transaction, const std::vector<delivery::Outcome>& outcomes, std::uint64_t size_bytes) {
    const delivery::Envelope& envelope = transaction.envelope;
    const auto reply_to = [&](const delivery::Outcome& outcome) -> Reply {
        if (!outcome.result) return message_refused(outcome.result.error());
        return {.code = 250,
                .enhanced = "2.0.0",
                .text = std::string("Ok: ") + (outcome.queued ? "queued" : "stored") + " as " + envelope.id.text()};
    };
    Reply reply;
    bool accepted = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const delivery::Outcome& outcome = outcomes[i];
        accepted |= outcome.result.has_value();
        log_info(outcome.result ? "smtp.accepted" : "smtp.message_refused", id(),
                 {{"id", envelope.id.text()},
                  {"from", envelope.reverse_path},
                  {"to", envelope.recipients[i].address},
                  {"size", size_bytes},
                  {"queued", outcome.queued},
                  {"error", outcome.result ? std::string_view{} : std::string_view(outcome.result.error().text)}});
        Reply one = reply_to(outcome);
        if (options_.role == Role::lmtp) {
            if (!reply.empty()) peer_.send(reply.bytes());
            reply = std::move(one);
            continue;
        }
        // One answer for all: a failure that may pass, before one that will not, before the queue, before the mailbox.
        const auto rank = [](const Reply& r) { return r.empty() ? 0 : r.code >= 500 ? 2 : r.code >= 400 ? 3 : 1; };
        if (rank(one) > rank(reply) || (rank(reply) == 1 && rank(one) == 1 && outcome.queued)) reply = std::move(one);
    }
    if (accepted) junk_commands_ = 0;
    return reply;
}

}  // namespace packetboat::smtp
