#include "relay/connection.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "relay/content_scan.h"
#include "relay/failure.h"
#include "relay/outgoing.h"

namespace packetboat::relay {

using delivery::Attempt;
using delivery::Delivered;
using delivery::Shipment;
using smtp::RecipientResult;

namespace {

// The content, converted where it must be. For one transaction.
class ContentBody final : public smtp::BodySource {
public:
    ContentBody(delivery::ContentSource& content, const Declared& declared) : content_(content) {
        if (declared.conversion) converted_.emplace(*declared.conversion, content);
    }
    Task<Result<std::string_view>> next() override { return converted_ ? converted_->next() : content_.next(); }

private:
    delivery::ContentSource& content_;
    std::optional<ConvertedContent> converted_;
};

bool was_accepted(const RecipientResult& result) {
    // The server took the recipient, whatever it said to the message.
    return result || result.error().stage == smtp::Stage::data || result.error().stage == smtp::Stage::message;
}

std::size_t limit(const std::optional<std::uint64_t>& servers, std::size_t ours) {
    return servers ? static_cast<std::size_t>(std::min<std::uint64_t>(*servers, ours)) : ours;
}

}  // namespace

// One shipment: as many transactions as it takes.
class SmtpConnection::Sending {
public:
    Sending(SmtpConnection& connection, const Shipment& shipment, Declared declared, bool reused)
        : connection_(connection), shipment_(shipment), declared_(std::move(declared)), reused_(reused), out_(shipment.recipients.size()) {}

    Task<std::vector<Attempt>> run() {
        const auto& limits = connection_.client().capabilities().limits;
        Groups groups(shipment_, {.recipients_max = limit(limits.rcpt_max, connection_.parts_.recipients_max),
                                  .domains_max = limit(limits.rcpt_domain_max, std::numeric_limits<std::size_t>::max())});
        for (bool first = true; !groups.empty(); first = false) {
            if (!first) shipment_.content.rewind();
            co_await transaction(groups, first && reused_);
        }
        std::vector<Attempt> attempts;
        attempts.reserve(out_.size());
        for (std::optional<Attempt>& one : out_) attempts.push_back(std::move(*one));
        co_return attempts;
    }

private:
    // A connection that was kept may have been closed, or be told goodbye, before it hears of another message.
    static bool is_untouched(const RecipientResult& result) {
        if (result) return false;
        const smtp::ClientError& error = result.error();
        const bool early = error.stage == smtp::Stage::rset || error.stage == smtp::Stage::mail;
        return early && (error.reply ? error.reply->closing() : error.error.code == ErrorCode::closed);
    }

    Task<> transaction(Groups& groups, bool reused) {
        const std::vector<std::size_t> which = groups.next();
        const smtp::Outgoing message = outgoing(shipment_, which, declared_);
        ContentBody body(shipment_.content, declared_);
        const std::vector<RecipientResult> results = co_await connection_.client().send(message, body);
        const auto accepted = static_cast<std::size_t>(std::ranges::count_if(results, was_accepted));
        std::vector<std::size_t> again;
        for (std::size_t i = 0; i < results.size(); ++i) {
            // Every transaction that is followed by another has brought somebody further, so there is an end to them.
            if (accepted > 0 && !results[i] && too_many_at_a_time(results[i].error())) {
                again.push_back(which[i]);
            } else {
                out_[which[i]] = connection_.attempt_of(results[i]);
            }
        }
        if (reused && std::ranges::all_of(results, is_untouched)) {
            for (const std::size_t i : which) out_[i]->untouched = true;
        }
        if (!again.empty()) groups.again(again, accepted);
    }

    SmtpConnection& connection_;
    const Shipment& shipment_;
    Declared declared_;
    bool reused_;
    std::vector<std::optional<Attempt>> out_;
};

Attempt SmtpConnection::attempt_of(const RecipientResult& result) const {
    if (result) {
        const bool lmtp = parts_.protocol == smtp::ClientProtocol::lmtp;
        return {.result = Delivered{
                    .relayed = !lmtp && !client().capabilities().dsn, .final = lmtp, .diagnostic = result->text(), .remote = parts_.host}};
    }
    // What was cut by us is no fault of the host's.
    const bool cut = parts_.link->stopping() && !result.error().reply;
    delivery::Failure failure = cut ? stopping() : failure_of(result.error(), parts_.host);
    if (result.error().in_doubt) failure.reason += "; whether it has taken the message is not known";
    return {.result = std::unexpected(std::move(failure)), .in_doubt = result.error().in_doubt};
}

std::vector<Attempt> SmtpConnection::all_failed(const Shipment& shipment, const delivery::Failure& failure) const {
    return std::vector<Attempt>(shipment.recipients.size(), Attempt{.result = std::unexpected(failure)});
}

Task<std::vector<Attempt>> SmtpConnection::send(const Shipment& shipment) {
    const bool reused = std::exchange(begun_, true);
    if (reused) client().forget_dialogue();
    if (shipment.recipients.empty()) co_return std::vector<Attempt>{};
    if (parts_.link->stopping()) co_return all_failed(shipment, stopping());
    // Whoever keeps connections keeps them apart by demands. This one must hold all the same.
    if (shipment.entry.require_tls && !parts_.verified)
        co_return all_failed(shipment, temporary("4.7.5", "the connection with " + parts_.host + " is not as safe as the message demands"));
    shipment.content.rewind();
    Result<Declared> declared = co_await declare(shipment.entry, client().capabilities(), shipment.content);
    if (!declared) co_return all_failed(shipment, temporary("4.3.0", "the message cannot be read: " + declared.error().text));
    Sending sending(*this, shipment, *std::move(declared), reused);
    co_return co_await sending.run();
}

}  // namespace packetboat::relay
