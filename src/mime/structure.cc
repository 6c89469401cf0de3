#include "mime/structure.h"

#include <algorithm>

#include "mime/content.h"
#include "mime/structure_fields.h"

namespace packetboat::mime {

namespace {

void set_first(std::optional<std::string>& text, std::string_view value) {
    if (!text) text = imap_text(value);
}

void read_field(BodyPart& part, const Field& field, std::string_view value) {
    switch (field.known) {
        case FieldName::content_type:
            if (part.content.type.empty()) part.content = imap_content_type(value);
            break;
        case FieldName::content_transfer_encoding:
            if (part.encoding.empty()) part.encoding = imap_encoding(value);
            break;
        case FieldName::content_disposition:
            if (!part.disposition) part.disposition = imap_disposition(value);
            break;
        case FieldName::content_id: set_first(part.id, value); break;
        case FieldName::content_description:
            if (!part.description) part.description = imap_phrase(value);
            break;
        case FieldName::content_location: set_first(part.location, value); break;
        case FieldName::content_md5: set_first(part.md5, value); break;
        case FieldName::content_language:
            if (part.languages.empty()) part.languages = content_language(value);
            break;
        default: break;
    }
}

// RFC 2045 §5.2, RFC 2046 §5.1.5
void set_defaults(BodyPart& part, bool digest_child) {
    if (part.encoding.empty()) part.encoding = "7bit";
    RawContent& content = part.content;
    if (content.type.empty()) {
        content.type = digest_child ? "message" : "text";
        content.subtype = digest_child ? "rfc822" : "plain";
    }
    if (content.type != "text") return;
    for (const RawParameter& parameter : content.parameters) {
        if (parameter.name == "charset") return;
    }
    content.parameters.push_back({.name = "charset", .value = "us-ascii"});
}

}  // namespace

Envelope envelope(const Index& index, const Part& part, std::string_view message) {
    Envelope out;
    for (const Field& field : index.of(part)) {
        const std::string_view value = field.value.of(message);
        switch (field.known) {
            case FieldName::date: out.date = imap_text(value); break;
            case FieldName::subject: out.subject = imap_phrase(value); break;
            case FieldName::in_reply_to: out.in_reply_to = imap_text(value); break;
            case FieldName::message_id: out.message_id = imap_text(value); break;
            case FieldName::from: append_addresses(out.from, value); break;
            case FieldName::sender: append_addresses(out.sender, value); break;
            case FieldName::reply_to: append_addresses(out.reply_to, value); break;
            case FieldName::to: append_addresses(out.to, value); break;
            case FieldName::cc: append_addresses(out.cc, value); break;
            case FieldName::bcc: append_addresses(out.bcc, value); break;
            default: break;
        }
    }
    // "If the Sender or Reply-To header field is missing or empty, the server sets the value of the corresponding member of the envelope
    // to be the same as from"                                                               RFC 9051 §7.5.2
    if (out.sender.empty()) out.sender = out.from;
    if (out.reply_to.empty()) out.reply_to = out.from;
    return out;
}

BodyStructure body_structure(const Index& index, std::string_view message) {
    BodyStructure out;
    out.parts.resize(index.parts.size());
    for (std::size_t number = index.parts.size(); number-- > 0;) {
        const Part& part = index.parts[number];
        BodyPart& body = out.parts[number];
        body.kind = part.kind;
        body.header = part.header;
        body.body = part.body;
        body.lines = part.body_lines;
        for (const Field& field : index.of(part)) read_field(body, field, field.value.of(message));
        set_defaults(body, part.digest_child);
        if (part.kind == Kind::message && part.first_child != Part::none)
            body.envelope = envelope(index, index.parts[part.first_child], message);
        // From the last part to the first: those inside have told their ends.
        body.end = std::max(body.end, static_cast<std::uint32_t>(number) + 1);
        if (part.parent != Part::none) {
            BodyPart& above = out.parts[part.parent];
            above.end = std::max(above.end, body.end);
        }
    }
    return out;
}

}  // namespace packetboat::mime
