#include "delivery/dsn.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "base/record.h"
#include "base/text.h"
#include "delivery/dsn_parts.h"
#include "delivery/dsn_words.h"
#include "mime/text.h"

namespace packetboat::delivery {
namespace {

// Two recipients of which every word would be the same: two accounts of one alias whose mailboxes are full.
std::string told_of(const QueuedRecipient& recipient) {
    return Writer()
        .u8(static_cast<std::uint8_t>(recipient.report))
        .text(told_address(recipient))
        .text(recipient.orcpt)
        .text(recipient.status)
        .text(recipient.last_error)
        .text(recipient.diagnostic)
        .text(recipient.remote)
        .take();
}

std::vector<const QueuedRecipient*> each_once(const std::vector<const QueuedRecipient*>& recipients) {
    std::set<std::string> seen;
    std::vector<const QueuedRecipient*> once;
    for (const QueuedRecipient* recipient : recipients) {
        if (seen.insert(told_of(*recipient)).second) once.push_back(recipient);
    }
    return once;
}

// The sender's system understands UTF-8 (RFC 6531): it has said so, or could not have such an address.
bool understands_utf8(const QueueEntry& entry) { return entry.smtputf8 || (!is_ascii(entry.reverse_path) && is_utf8(entry.reverse_path)); }

bool has_utf8_address(const DsnFacts& facts) {
    const auto utf8 = [](std::string_view text) { return !is_ascii(text); };
    return utf8(facts.entry.reverse_path) || std::ranges::any_of(facts.recipients, [&](const QueuedRecipient* one) {
               return utf8(one->address) || utf8(one->original) || utf8(original_recipient(one->orcpt).address);
           });
}

DsnStyle style_of(const DsnFacts& facts) {
    const std::string header = returned_header(facts.content);
    const bool needed = has_utf8_address(facts) || (!is_ascii(header) && is_utf8(header));
    return {.utf8 = understands_utf8(facts.entry) && needed, .whole = returned_whole(facts)};
}

// Numbers that follow `stem` in the text, with "=" behind them.
void note_numbers(std::set<std::uint64_t>& numbers, std::string_view text, std::string_view stem) {
    for (std::size_t at = text.find(stem); at != std::string_view::npos; at = text.find(stem, at + 1)) {
        const std::string_view rest = text.substr(at + stem.size(), 20);
        const std::size_t end = rest.find('=');
        if (end == std::string_view::npos) continue;
        if (const std::optional<std::uint64_t> number = parse_u64(rest.substr(0, end))) numbers.insert(*number);
    }
}

// One that stands nowhere in the parts, though somebody may have guessed what we begin with: the first number that is not there. "=_"
// occurs in neither base64 nor quoted-printable (RFC 2045 §6.7), so nearly always that is 0.
std::string boundary_for(const Id128& id, const std::array<DsnPart, 3>& parts) {
    const std::string stem = "=_" + id.text() + ".";
    std::set<std::uint64_t> taken;
    for (const DsnPart& part : parts) note_numbers(taken, part.body, stem);
    std::uint64_t number = 0;
    while (taken.contains(number)) ++number;
    return stem + std::to_string(number) + "=";
}

std::string header_of(const DsnFacts& facts, DsnStyle style, std::string_view boundary, bool eight_bit) {
    const std::string host = one_line(facts.hostname, style.utf8);
    std::string out;
    out += mime::fold("From", "Mail Delivery System <MAILER-DAEMON@" + host + ">");
    out += mime::fold("To", "<" + shown_address(facts.entry.reverse_path, style.utf8) + ">");
    out += mime::fold("Subject", dsn_subject(facts));
    out += mime::fold("Date", facts.now.rfc5322());
    out += mime::fold("Message-ID", "<" + facts.id.text() + "@" + host + ">");
    out += mime::fold("Auto-Submitted", "auto-replied");  // RFC 3834 §5
    out += "MIME-Version: 1.0\r\n";
    out += mime::fold("Content-Type", std::string("multipart/report; report-type=") +
                                          (style.utf8 ? "global-delivery-status" : "delivery-status") + "; boundary=\"" +
                                          std::string(boundary) + "\"");
    if (eight_bit) out += "Content-Transfer-Encoding: 8bit\r\n";
    return out + "\r\n";
}

}  // namespace

DsnMessage write_dsn(const DsnFacts& given) {
    DsnFacts facts = given;
    facts.recipients = each_once(given.recipients);
    const DsnStyle style = style_of(facts);
    const std::array<DsnPart, 3> parts{dsn_text(facts, style), dsn_status(facts, style), dsn_returned(facts, style)};
    const std::string boundary = boundary_for(facts.id, parts);
    const bool eight_bit = std::ranges::any_of(parts, [](const DsnPart& part) { return !is_ascii(part.body); });

    DsnMessage message{.text = header_of(facts, style, boundary, eight_bit), .smtputf8 = style.utf8, .eight_bit = eight_bit};
    for (const DsnPart& part : parts) {
        message.text.append("--").append(boundary).append("\r\nContent-Type: ").append(part.type).append("\r\n");
        // RFC 2046 §5.2.1, RFC 6532 §3.7: none of these is encoded.
        if (!is_ascii(part.body)) message.text += "Content-Transfer-Encoding: 8bit\r\n";
        message.text.append("\r\n").append(part.body).append("\r\n");
    }
    message.text.append("--").append(boundary).append("--\r\n");
    message.eight_bit = !is_ascii(message.text);
    return message;
}

}  // namespace packetboat::delivery
