#include "agent/sendmail_message.h"

#include <algorithm>
#include <utility>

#include "agent/compose.h"
#include "agent/idn.h"
#include "base/text.h"
#include "mime/address.h"
#include "mime/date.h"
#include "mime/index.h"
#include "mime/text.h"

namespace packetboat::agent {

namespace {

constexpr std::string_view address_fields[] = {"From",        "Sender",        "Reply-To",  "To",        "Cc",        "Bcc",
                                               "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc"};
constexpr std::string_view recipient_fields[] = {"To", "Cc", "Bcc"};
constexpr std::string_view resent_recipient_fields[] = {"Resent-To", "Resent-Cc", "Resent-Bcc"};
// Of the envelope, or the last server's to write (RFC 5322 §3.6.3, RFC 5321 §4.4).
constexpr std::string_view dropped_fields[] = {"Bcc", "Resent-Bcc", "Return-Path"};

bool is_one_of(std::string_view name, auto& names) {
    return std::ranges::any_of(names, [&](std::string_view one) { return iequals(one, name); });
}

void qualify(mime::Mailbox& mailbox, const std::string& domain) {
    if (mailbox.domain.empty()) mailbox.domain = domain;
}

void qualify(mime::AddressList& list, const std::string& domain) {
    for (mime::Address& address : list) {
        if (auto* group = std::get_if<mime::Group>(&address)) {
            for (mime::Mailbox& member : group->members) qualify(member, domain);
        } else {
            qualify(std::get<mime::Mailbox>(address), domain);
        }
    }
}

Result<> add_recipients(std::vector<std::string>& out, const mime::AddressList& list) {
    for (const mime::Mailbox& mailbox : mime::mailboxes(list)) {
        std::string address = mailbox.address();
        if (!mime::parse_address(address)) return fail(ErrorCode::invalid, "\"" + escape_control(address) + "\" is no address");
        if (std::ranges::find(out, address) == out.end()) out.push_back(std::move(address));
    }
    return {};
}

// What is no domain in any alphabet stays, and the server has its say.
void use_ascii_where_that_can_be(mime::AddressList& list) {
    mime::AddressList ascii = list;
    if (use_ascii_domains(ascii)) list = std::move(ascii);
}

// The header anew, field by field.
class HeaderWriter {
public:
    HeaderWriter(std::string_view text, const mime::Index& index, const SendmailSender& sender)
        : text_(text), index_(index), sender_(sender) {}

    bool has(std::string_view name) const {
        return std::ranges::any_of(fields(), [&](const mime::Field& field) { return iequals(trim(field.name.of(text_)), name); });
    }

    Result<std::vector<std::string>> recipients() const {
        const bool resent = std::ranges::any_of(resent_recipient_fields, [&](std::string_view name) { return has(name); });
        std::vector<std::string> out;
        for (const mime::Field& field : fields()) {
            const std::string_view name = trim(field.name.of(text_));
            if (resent ? !is_one_of(name, resent_recipient_fields) : !is_one_of(name, recipient_fields)) continue;
            if (const Result<> added = add_recipients(out, addresses(field)); !added)
                return fail(added.error().code, std::string(name) + ": " + added.error().text);
        }
        return out;
    }

    std::string write() const {
        std::string out;
        for (const mime::Field& field : fields()) {
            const std::string_view name = trim(field.name.of(text_));
            if (!is_one_of(name, dropped_fields)) out += written(name, field);
        }
        return out;
    }

private:
    std::span<const mime::Field> fields() const { return index_.of(index_.parts[0]); }

    mime::AddressList addresses(const mime::Field& field) const {
        mime::AddressList list = mime::addresses(field.value.of(text_));
        qualify(list, sender_.domain);
        use_ascii_where_that_can_be(list);
        return list;
    }

    // As it is, unless something in it does not get through.
    std::string written(std::string_view name, const mime::Field& field) const {
        const std::string_view value = field.value.of(text_);
        if (is_one_of(name, address_fields)) {
            mime::AddressList list = mime::addresses(value);
            const std::vector<mime::Mailbox> all = mime::mailboxes(list);
            const bool lacks_domain = std::ranges::any_of(all, [](const mime::Mailbox& one) { return one.domain.empty(); });
            qualify(list, sender_.domain);
            use_ascii_where_that_can_be(list);
            if (lacks_domain || !is_ascii(value)) return mime::fold(name, mime::serialize(list));
        }
        if (iequals(name, "Subject") && !is_ascii(value))
            return mime::fold(name, mime::encode_words(mime::unstructured(value), mime::WordPlace::unstructured));
        return std::string(name) + ":" + std::string(value) + "\r\n";
    }

    std::string_view text_;
    const mime::Index& index_;
    const SendmailSender& sender_;
};

// RFC 2045 §4: what has no MIME-Version is ASCII. RFC 1428 has a name for what nobody knows.
std::string content_fields(bool utf8) {
    return std::string("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=") + (utf8 ? "utf-8" : "unknown-8bit") +
           "\r\nContent-Transfer-Encoding: 8bit\r\n";
}

}  // namespace

Result<std::unique_ptr<SendmailMessage>> SendmailMessage::make(const Spool& spool, const SendmailSender& sender, const mime::Made& made) {
    const std::string_view front = spool.front().substr(0, sendmail_header_max_bytes);
    mime::Index index;
    index.parts.emplace_back();
    // A message that begins with an empty line has no header.
    const bool headless = front.empty() || front.starts_with("\r\n");
    if (!headless) index = mime::index_header(front);
    const mime::Part& part = index.parts[0];
    if (!headless && part.body.empty() && front.size() < spool.size_bytes())
        return fail(ErrorCode::too_large, "the header is longer than 1 MiB");
    std::unique_ptr<SendmailMessage> out(new SendmailMessage(spool));
    out->body_offset_ = headless ? std::min<std::size_t>(2, front.size()) : part.body.begin;

    const HeaderWriter writer(front, index, sender);
    Result<std::vector<std::string>> recipients = writer.recipients();
    if (!recipients) return fail(recipients.error());
    out->recipients_ = std::move(*recipients);
    out->header_ = writer.write();
    if (!writer.has("From")) {
        mime::Mailbox from = mime::parse_address(sender.address).value_or(mime::Mailbox{.local = "postmaster", .domain = sender.domain});
        from.name = sender.full_name;
        out->header_ += mime::fold("From", mime::serialize(from));
    }
    if (!writer.has("Date")) out->header_ += mime::fold("Date", mime::serialize(made.date));
    if (!writer.has("Message-ID")) out->header_ += "Message-ID: <" + made.id.text() + "@" + sender.domain + ">\r\n";
    if (spool.has_8bit_from(out->body_offset_) && !writer.has("MIME-Version") && !writer.has("Content-Type") &&
        !writer.has("Content-Transfer-Encoding"))
        out->header_ += content_fields(spool.in_memory() && is_utf8(spool.front().substr(out->body_offset_)));
    out->header_ += "\r\n";
    return out;
}

Result<MessageText> SendmailMessage::text(const smtp::wire::Capabilities&) const {
    MessageText out;
    out.size_bytes = header_.size() + spool_.size_bytes() - body_offset_;
    const bool utf8 = !is_ascii(header_);
    out.utf8_headers = utf8 && is_utf8(header_);
    out.needs = utf8 || spool_.has_8bit_from(body_offset_) ? smtp::wire::Body::eight_bit_mime : smtp::wire::Body::seven_bit;
    out.body = std::make_unique<SpoolBody>(header_, spool_, body_offset_);
    return out;
}

Result<std::vector<std::string>> qualified_recipients(std::string_view text, const std::string& domain) {
    const bool bare = text.find('@') == std::string_view::npos;
    Result<mime::AddressList> list = parse_recipients(bare ? std::string(text) + "@" + domain : std::string(text));
    if (list) use_ascii_where_that_can_be(*list);
    if (!list) return fail(list.error());
    std::vector<std::string> out;
    if (const Result<> added = add_recipients(out, *list); !added) return fail(added.error());
    return out;
}

}  // namespace packetboat::agent
