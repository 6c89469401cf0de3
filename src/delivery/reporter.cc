#include "delivery/reporter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "base/record.h"

namespace packetboat::delivery {
namespace {

using Recipients = std::vector<const QueuedRecipient*>;

constexpr std::chrono::hours forget_after{24};  // an entry that somebody else has removed

bool has_report(const QueuedRecipient& recipient) { return recipient.report != Report::none && !recipient.held; }

// The same report of the same recipient has the same name, so that it is made once. One that was tried anew, and failed anew, has another.
Id128 id_of(const QueueEntry& entry, const Recipients& recipients) {
    Writer out;
    for (const QueuedRecipient* recipient : recipients) {
        out.be32(recipient->number).u8(static_cast<std::uint8_t>(recipient->report));
        // While it is tried on, attempts are not of this report.
        out.be32(recipient->done() ? recipient->attempts : 0);
    }
    return Id128::derived({"dsn", entry.id.view(), out.view()});
}

// Trying again later will not help.
bool is_final(const Error& error) {
    switch (error.code) {
        case ErrorCode::not_found:
        case ErrorCode::denied:
        case ErrorCode::invalid:
        case ErrorCode::too_large: return true;
        default: return false;
    }
}

void log_reports(std::string_view event, const QueueEntry& entry, const Recipients& recipients, std::string_view why) {
    for (const QueuedRecipient* recipient : recipients) {
        log_info(event, "",
                 {{"message", entry.id.text()},
                  {"sender", entry.reverse_path},
                  {"recipient", recipient->address},
                  {"report", static_cast<unsigned>(recipient->report)},
                  {"error", recipient->last_error},
                  {"why", why}});
    }
}

std::chrono::minutes pause_after(std::uint32_t attempts) {
    constexpr std::array<int, 4> minutes{1, 5, 15, 60};
    return std::chrono::minutes(minutes[std::min<std::size_t>(attempts - 1, minutes.size() - 1)]);
}

}  // namespace

bool wants_report(const QueuedRecipient& recipient) {
    const auto asked = [&](std::uint8_t bit) { return (recipient.notify & bit) != 0; };
    if (asked(notify_never)) return false;
    switch (recipient.report) {
        case Report::failed: return recipient.notify == 0 || asked(notify_failure);
        case Report::delayed: return recipient.notify == 0 || asked(notify_delay);
        case Report::delivered:
        case Report::relayed: return asked(notify_success);
        case Report::none: break;
    }
    return false;
}

Reporter::Reporter(store::Store& store, Delivery& delivery, Queue& queue, ReportLimits limits)
    : store_(store), delivery_(delivery), queue_(queue), limits_(std::move(limits)) {}

Task<std::size_t> Reporter::report_due(Time now) {
    forget_old(now);
    std::size_t told = 0;
    for (;;) {
        // Those that wait are due all the same, and stand before the others.
        const std::size_t limit = limits_.entries_at_once + postponed_.size();
        const Result<std::vector<QueueEntry>> entries = co_await queue_.due(Work::tell_sender, now, limit);
        if (!entries) {
            log_error("delivery.queue_unreadable", "", {{"why", entries.error().text}});
            co_return told;
        }
        bool any = false;
        for (const QueueEntry& entry : *entries) {
            if (waits(entry.id, now)) continue;
            if (stopping_) co_return told;
            any = true;
            const Turn turn = co_await report_entry(entry, now);
            if (turn == Turn::queue_failed) co_return told;
            if (turn == Turn::told) ++told;
        }
        if (!any || entries->size() < limit) co_return told;
    }
}

bool Reporter::waits(const Id128& id, Time now) const {
    const auto found = postponed_.find(id);
    if (found == postponed_.end()) return postponed_.size() >= limits_.postponed_max;
    return found->second.until > now;
}

void Reporter::forget_old(Time now) {
    std::erase_if(postponed_, [now](const auto& one) { return one.second.until + forget_after < now; });
}

Task<Reporter::Turn> Reporter::report_entry(const QueueEntry& entry, Time now) {
    Recipients all;
    Recipients wanted;
    for (const QueuedRecipient& recipient : entry.recipients) {
        if (!has_report(recipient)) continue;
        all.push_back(&recipient);
        if (wants_report(recipient)) wanted.push_back(&recipient);
    }
    const std::string_view silence = reason_for_silence(entry, wanted);
    if (!silence.empty()) {
        log_reports("delivery.not_reported", entry, all, silence);
        co_return co_await finish(entry, all, Turn::dropped);
    }
    const Result<Bytes> content = co_await read_content(entry);
    if (!content && content.error().code == ErrorCode::not_found) co_return Turn::dropped;  // by an operator, meanwhile
    Result<> notified;
    if (content) {
        notified = co_await notify(entry, wanted, *content, now);
    } else {
        notified = fail(content.error());
    }
    if (!notified) {
        const Turn turn = failed(entry, wanted, notified.error(), now);
        if (turn == Turn::postponed) co_return turn;
        co_return co_await finish(entry, all, turn);
    }
    log_reports("delivery.reported", entry, wanted, "");
    co_return co_await finish(entry, all, Turn::told);
}

std::string_view Reporter::reason_for_silence(const QueueEntry& entry, const Recipients& recipients) {
    if (entry.reverse_path.empty()) return "the message has no sender: it tells of another's failure itself";
    if (recipients.empty()) return "the sender did not ask for it";
    return {};
}

Reporter::Turn Reporter::failed(const QueueEntry& entry, const Recipients& recipients, const Error& error, Time now) {
    const auto since = std::ranges::min(recipients, {}, [](const QueuedRecipient* one) { return one->due; })->due;
    if (is_final(error) || since + limits_.give_up_after <= now) {
        log_warning("delivery.sender_unreachable", "", {{"message", entry.id.text()}, {"sender", entry.reverse_path}, {"why", error.text}});
        log_reports("delivery.not_reported", entry, recipients, error.text);
        return Turn::dropped;
    }
    Postponed& postponed = postponed_[entry.id];
    ++postponed.attempts;
    postponed.until = now + pause_after(postponed.attempts);
    log_warning("delivery.report_postponed", "",
                {{"message", entry.id.text()}, {"sender", entry.reverse_path}, {"attempts", postponed.attempts}, {"why", error.text}});
    return Turn::postponed;
}

Task<Result<>> Reporter::notify(const QueueEntry& entry, const Recipients& recipients, const Bytes& content, Time now) {
    const Id128 id = id_of(entry, recipients);
    const DsnMessage message = write_dsn({.hostname = limits_.hostname,
                                          .entry = entry,
                                          .recipients = recipients,
                                          .content = content.text,
                                          .content_whole = content.whole,
                                          .retry_until = entry.begins() + limits_.message_time,
                                          .now = now,
                                          .id = id});
    co_return co_await send(entry, message, id);
}

Task<Result<>> Reporter::send(const QueueEntry& entry, const DsnMessage& message, Id128 id) {
    const Result<directory::Address> sender = directory::Address::parse_any(entry.reverse_path);
    if (!sender) co_return fail(sender.error());
    Result<Recipient> recipient = co_await delivery_.find_recipient(*sender, true);
    if (!recipient) co_return fail(std::move(recipient).error());
    recipient->address = entry.reverse_path;
    recipient->notify = notify_never;

    Envelope envelope;
    envelope.id = id;
    envelope.ours = true;
    envelope.smtputf8 = message.smtputf8;
    envelope.body = message.eight_bit ? Body::eight_bit_mime : Body::seven_bit;
    envelope.require_tls = entry.require_tls;  // RFC 8689 §5: it tells as much as the message did
    envelope.recipients.push_back(*std::move(recipient));
    // No Received: nobody has sent it to us, and Message-ID names it (RFC 5321 §4.4).
    Result<Incoming> incoming = delivery_.begin("Return-Path: <>\r\n", "", message.text.size());
    if (!incoming) co_return fail(std::move(incoming).error());
    if (Result<> taken = co_await incoming->append(message.text); !taken) co_return fail(std::move(taken).error());
    const std::vector<Outcome> outcomes = co_await delivery_.accept(std::move(envelope), *std::move(incoming), false);
    if (!outcomes.front().result) co_return fail(outcomes.front().result.error());
    co_return Result<>();
}

Task<Result<Reporter::Bytes>> Reporter::read_content(const QueueEntry& entry) {
    const Result<mailbox::Content> content = co_await queue_.content(entry.id);
    Result<Bytes> bytes;
    if (!content) {
        bytes = fail(content.error());
    } else if (content->blob) {
        bytes = co_await read_blob(*content->blob, entry.skip_bytes);
    } else {
        bytes = Bytes{.text = content->bytes->substr(std::min<std::size_t>(entry.skip_bytes, content->bytes->size())), .whole = true};
    }
    // A broken record must not keep the sender from being told.
    if (!bytes && bytes.error().code == ErrorCode::internal) {
        log_error("delivery.content_unreadable", "", {{"message", entry.id.text()}, {"why", bytes.error().text}});
        co_return Bytes{};
    }
    co_return bytes;
}

Task<Result<Reporter::Bytes>> Reporter::read_blob(const store::BlobRef& blob, std::uint64_t skip_bytes) {
    const Result<std::unique_ptr<store::BlobReader>> reader = co_await store_.open_blob(blob);
    if (!reader)
        co_return fail(reader.error().code == ErrorCode::not_found ? ErrorCode::internal : reader.error().code, reader.error().text);
    const std::uint64_t left = blob.size_bytes - std::min(skip_bytes, blob.size_bytes);
    const bool whole = left <= dsn_whole_max_bytes;
    const std::size_t wanted = whole ? static_cast<std::size_t>(left) : dsn_header_max_bytes;
    Bytes bytes{.text = {}, .whole = whole};
    while (bytes.text.size() < wanted) {
        const Result<std::string> piece = co_await (*reader)->read(skip_bytes + bytes.text.size(), wanted - bytes.text.size());
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) break;
        bytes.text += *piece;
    }
    co_return bytes;
}

// The entry may have changed since it was read: what was told of must still be what is to be told.
Task<Reporter::Turn> Reporter::finish(const QueueEntry& entry, const Recipients& recipients, Turn turn) {
    const Result<> changed = co_await queue_.change(entry.id, [&recipients](QueueEntry& kept) -> Result<> {
        for (const QueuedRecipient* told : recipients) {
            const auto recipient = std::ranges::find(kept.recipients, told->number, &QueuedRecipient::number);
            if (recipient == kept.recipients.end() || recipient->report != told->report) continue;
            if (recipient->done()) {
                kept.recipients.erase(recipient);
            } else {
                recipient->report = Report::none;
                recipient->warned = true;
            }
        }
        return {};
    });
    if (!changed && changed.error().code != ErrorCode::not_found) {
        log_error("delivery.report_not_recorded", "", {{"message", entry.id.text()}, {"why", changed.error().text}});
        co_return Turn::queue_failed;
    }
    postponed_.erase(entry.id);
    co_return turn;
}

}  // namespace packetboat::delivery
