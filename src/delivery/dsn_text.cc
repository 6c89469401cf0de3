#include <algorithm>
#include <string>

#include "base/text.h"
#include "delivery/dsn_parts.h"
#include "delivery/dsn_words.h"

// What a notification says to people.
namespace packetboat::delivery {
namespace {

bool all(const DsnFacts& facts, Report report) {
    return !facts.recipients.empty() && std::ranges::all_of(facts.recipients, [&](const auto* one) { return one->report == report; });
}

// "the mailbox is full" as the end of a sentence that began before.
std::string because(const QueuedRecipient& recipient, bool utf8) {
    const std::string error = one_line(recipient.last_error, utf8);
    if (error.empty()) return ".";
    return ": " + error + (error.ends_with('.') ? "" : ".");
}

std::string other_host_said(const QueuedRecipient& recipient, bool utf8) {
    const std::string words = one_line(recipient.diagnostic, utf8);
    const std::string host = one_line(recipient.remote, utf8);
    if (words.empty()) return {};
    return " " + (host.empty() ? "The other host" : "The host " + host) + " said: \"" + words + "\".";
}

std::string paragraph(const QueuedRecipient& recipient, const DsnFacts& facts, bool utf8) {
    const std::string address = std::string(told_address(recipient));
    std::string out = "<" + shown_address(address, utf8) + ">";
    if (!recipient.original.empty() && !iequals(recipient.original, address))
        out += " (to which mail for <" + shown_address(recipient.original, utf8) + "> goes on)";
    switch (recipient.report) {
        case Report::failed:
            out += ": your message could not be delivered" + because(recipient, utf8) + other_host_said(recipient, utf8);
            return out + " It will not be tried again.";
        case Report::delayed:
            out += ": your message has not been delivered yet" + because(recipient, utf8) + other_host_said(recipient, utf8);
            out += facts.retry_until ? " It will be tried again until " + facts.retry_until->rfc5322() + "." : " It will be tried again.";
            return out + " You need not send it again.";
        case Report::relayed: {
            const std::string host = one_line(recipient.remote, utf8);
            out += ": your message was passed on to " + (host.empty() ? "another host" : "the host " + host) + "." +
                   other_host_said(recipient, utf8);
            return out + " That host does not tell of deliveries, so you may hear no more of it.";
        }
        case Report::delivered:
        case Report::none: break;
    }
    // An alias of several places: those have reports of their own.
    if (!recipient.local && recipient.remote.empty()) return out + ": your message was taken, for all whom this address stands for.";
    return out + ": your message was delivered." + other_host_said(recipient, utf8);
}

std::string_view about_the_last_part(const DsnFacts& facts, DsnStyle style) {
    if (style.whole) return "Your message comes with this one.";
    const bool too_large = facts.content.size() > dsn_whole_max_bytes || !facts.content_whole;
    const bool wanted =
        facts.entry.ret != "HDRS" && std::ranges::any_of(facts.recipients, [](const auto* one) { return one->report == Report::failed; });
    if (wanted && too_large) return "The header of your message comes with this one; the whole of it is too large.";
    return "The header of your message comes with this one.";
}

}  // namespace

std::string dsn_subject(const DsnFacts& facts) {
    if (all(facts, Report::failed)) return "Your message could not be delivered";
    if (all(facts, Report::delayed)) return "Your message has not been delivered yet";
    if (all(facts, Report::delivered)) return "Your message was delivered";
    if (all(facts, Report::relayed)) return "Your message was passed on";
    return "What became of your message";
}

DsnPart dsn_text(const DsnFacts& facts, DsnStyle style) {
    std::string text;
    append_paragraph(text, "This is the mail system at " + one_line(facts.hostname, style.utf8) +
                               ". It tells what became of a message that came here from you on " + facts.entry.arrived.rfc5322() + ".");
    for (const QueuedRecipient* recipient : facts.recipients) append_paragraph(text, paragraph(*recipient, facts, style.utf8));
    append_paragraph(text, about_the_last_part(facts, style));
    text.resize(text.size() - 2);  // the empty line after the last paragraph
    return {style.utf8 ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii", std::move(text)};
}

}  // namespace packetboat::delivery
