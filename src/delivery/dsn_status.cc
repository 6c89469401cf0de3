#include <algorithm>
#include <string>

#include "base/text.h"
#include "delivery/dsn_parts.h"
#include "delivery/dsn_words.h"
#include "mime/text.h"

// What a notification says to machines.
namespace packetboat::delivery {
namespace {

// Fields in groups, with an empty line between two of them.
class Fields {
public:
    void add(std::string_view name, std::string_view value) { text_ += mime::fold(name, value); }
    void add_if(std::string_view name, std::string_view prefix, const std::string& value) {
        if (!value.empty()) add(name, std::string(prefix) + value);
    }
    void end_group() { text_ += "\r\n"; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

// status-code = class "." subject "." detail                                               RFC 3463 §2
bool is_status(std::string_view text) {
    std::size_t dots = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0 || ++dots > 2) return false;
            digits = 0;
        } else if (!is_digit(c) || ++digits > 3) {
            return false;
        }
    }
    return dots == 2 && digits > 0 && text[1] == '.';
}

bool is_reply(std::string_view text) {
    return text.size() >= 3 && std::ranges::all_of(text.substr(0, 3), is_digit) && (text.size() == 3 || text[3] == ' ' || text[3] == '-');
}

// "rfc822; a@b", or "utf-8; …" for an address that is not ASCII (RFC 6533 §3).
std::string typed_address(std::string_view address, bool utf8) {
    const bool ascii = is_ascii(address) || !is_utf8(address);
    return (ascii ? "rfc822; " : "utf-8; ") + shown_address(address, utf8);
}

void add_original(Fields& fields, const QueuedRecipient& recipient, bool utf8) {
    const OriginalRecipient original = original_recipient(recipient.orcpt);
    if (original.type.empty() || original.address.empty()) return;
    fields.add("Original-Recipient", original.type + "; " + shown_address(original.address, utf8));
}

// "smtp" only for what an SMTP server has said; our own words are of our own type (RFC 3464 §2.3.6).
void add_diagnostic(Fields& fields, const QueuedRecipient& recipient, bool utf8) {
    const std::string diagnostic = one_line(recipient.diagnostic, utf8);
    if (is_reply(diagnostic)) return fields.add("Diagnostic-Code", "smtp; " + diagnostic);
    if (!diagnostic.empty()) return fields.add("Diagnostic-Code", "x-unknown; " + diagnostic);
    if (recipient.report == Report::failed || recipient.report == Report::delayed)
        fields.add_if("Diagnostic-Code", "x-packetboat; ", one_line(recipient.last_error, utf8));
}

void add_recipient(Fields& fields, const QueuedRecipient& recipient, const DsnFacts& facts, bool utf8) {
    add_original(fields, recipient, utf8);
    fields.add("Final-Recipient", typed_address(told_address(recipient), utf8));
    fields.add("Action", action_of(recipient.report));
    fields.add("Status", status_of(recipient));
    fields.add_if("Remote-MTA", "dns; ", one_line(recipient.remote, utf8));
    add_diagnostic(fields, recipient, utf8);
    // Of one that is tried on only the next attempt's time is known.
    if (recipient.done()) fields.add("Last-Attempt-Date", recipient.due.rfc5322());
    if (recipient.report == Report::delayed && facts.retry_until) fields.add("Will-Retry-Until", facts.retry_until->rfc5322());
}

}  // namespace

std::string_view action_of(Report report) {
    switch (report) {
        case Report::failed: return "failed";
        case Report::delayed: return "delayed";
        case Report::relayed: return "relayed";
        case Report::delivered:
        case Report::none: break;
    }
    return "delivered";
}

std::string status_of(const QueuedRecipient& recipient) {
    // What was given up after many attempts has the status of the last of them, which is a passing one.
    const std::string_view classes = recipient.report == Report::failed ? "54" : recipient.report == Report::delayed ? "4" : "2";
    if (is_status(recipient.status) && classes.find(recipient.status.front()) != std::string_view::npos) return recipient.status;
    return std::string(1, classes.front()) + ".0.0";
}

DsnPart dsn_status(const DsnFacts& facts, DsnStyle style) {
    Fields fields;
    fields.add_if("Original-Envelope-Id", "", one_line(from_xtext(facts.entry.envid), style.utf8));
    fields.add("Reporting-MTA", "dns; " + one_line(facts.hostname, style.utf8));
    fields.add("Arrival-Date", facts.entry.arrived.rfc5322());
    for (const QueuedRecipient* recipient : facts.recipients) {
        fields.end_group();
        add_recipient(fields, *recipient, facts, style.utf8);
    }
    return {style.utf8 ? "message/global-delivery-status" : "message/delivery-status", fields.take()};
}

}  // namespace packetboat::delivery
