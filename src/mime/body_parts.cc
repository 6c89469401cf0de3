#include "mime/body_parts.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/body_lists.h"
#include "mime/decode.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

std::optional<std::string_view> value_of(const Index& index, const Part& part, FieldName name, std::string_view message) {
    const Field* field = index.find(part, name);
    return field == nullptr ? std::nullopt : std::optional(field->value.of(message));
}

// Content-Id without CFWS and angle brackets.
std::optional<std::string> cid_of(std::string_view value) {
    std::vector<std::string> ids = message_ids(value);
    if (ids.empty()) return std::nullopt;
    return std::move(ids.front());
}

// A URI (RFC 2557 §4.4); a long one is folded, and its folds are no part of it.
std::string location_of(std::string_view value) {
    std::string out = without_controls(text_of(value));
    std::erase_if(out, is_space);
    return out;
}

std::uint32_t decoded_size(const EmailBodyPart& part, std::string_view message) {
    if (part.is_multipart()) return 0;
    if (part.encoding == TransferEncoding::identity || part.encoding == TransferEncoding::unknown) return part.body.size();
    return static_cast<std::uint32_t>(decode(part.encoding, part.body.of(message)).size());
}

EmailBodyPart describe(const Index& index, std::uint32_t number, std::string_view message) {
    const Part& part = index.parts[number];
    EmailBodyPart out{.part = number, .part_id = {}, .header = part.header, .body = part.body};
    const std::optional<std::string_view> type_value = value_of(index, part, FieldName::content_type, message);
    const ContentType type = content_type(type_value.value_or(part.digest_child ? "message/rfc822" : "text/plain"));
    const std::optional<std::string_view> disposition_value = value_of(index, part, FieldName::content_disposition, message);
    const std::optional<ContentDisposition> disposition = disposition_value ? content_disposition(*disposition_value) : std::nullopt;
    // A multipart that is none is read as a text.
    if (!type.is_multipart() || part.kind == Kind::multipart) out.type = type.type + "/" + type.subtype;
    if (const auto value = value_of(index, part, FieldName::content_transfer_encoding, message)) out.encoding = transfer_encoding(*value);
    std::string name = file_name(type, disposition);
    if (!name.empty()) out.name = std::move(name);
    if (out.type.starts_with("text/")) {
        const std::string_view charset = type.parameter("charset");
        out.charset = charset.empty() ? "us-ascii" : charset;
        out.flowed = iequals(type.parameter("format"), "flowed");
        out.delsp = iequals(type.parameter("delsp"), "yes");
    }
    if (disposition) out.disposition = disposition->type;
    if (const auto value = value_of(index, part, FieldName::content_id, message)) out.cid = cid_of(*value);
    if (const auto value = value_of(index, part, FieldName::content_location, message)) out.location = location_of(*value);
    if (const auto value = value_of(index, part, FieldName::content_language, message)) out.language = content_language(*value);
    return out;
}

// IMAP's section number (RFC 9051 §6.4.5) of what stands at `place` below a multipart.
std::string section(const std::string& above, std::size_t place) {
    return above.empty() ? std::to_string(place) : above + "." + std::to_string(place);
}

// Something that a client should offer for download (RFC 8621 §4.1.4, hasAttachment).
bool is_download(const EmailBodyPart& part) {
    if (part.disposition == "inline") return false;
    if (part.type == "application/pgp-signature" || part.type == "application/pkcs7-signature" ||
        part.type == "application/x-pkcs7-signature")
        return false;
    // A picture that an HTML text refers to, of a client that does not say so.
    return part.disposition == "attachment" || !part.cid || !part.type.starts_with("image/");
}

}  // namespace

EmailBody email_body(const Index& index, std::string_view message, DecodedSizes sizes) {
    struct Open {
        std::uint32_t own;    // in EmailBody::parts
        std::uint32_t index;  // in the Index
        std::string section;
        std::size_t children = 0;
    };
    EmailBody out;
    std::vector<Open> open;
    const auto close = [&] {
        out.parts[open.back().own].end = static_cast<std::uint32_t>(out.parts.size());
        open.pop_back();
    };
    for (std::uint32_t number = 0; number < index.parts.size(); ++number) {
        const Part& part = index.parts[number];
        while (!open.empty() && open.back().index != part.parent) close();
        // Inside of a message/rfc822, which is a part of its own.
        if (open.empty() && number > 0) continue;
        const std::string own_section = open.empty() ? "" : section(open.back().section, ++open.back().children);
        const auto own = static_cast<std::uint32_t>(out.parts.size());
        EmailBodyPart& described = out.parts.emplace_back(describe(index, number, message));
        described.end = own + 1;
        if (sizes == DecodedSizes::counted) described.size = decoded_size(described, message);
        if (part.kind == Kind::multipart) {
            open.push_back({.own = own, .index = number, .section = own_section});
        } else {
            described.part_id = own_section.empty() ? "1" : own_section;
        }
        // A message's parts find nobody to belong to: its siblings look for their multipart.
        if (part.kind == Kind::message) {
            std::uint32_t next = part.next;
            if (next == Part::none) {
                for (std::uint32_t above = part.parent; above != Part::none && next == Part::none; above = index.parts[above].parent)
                    next = index.parts[above].next;
            }
            if (next == Part::none) break;
            number = next - 1;
        }
    }
    while (!open.empty()) close();
    sort_body_parts(out);
    out.has_attachment = std::ranges::any_of(out.attachments, [&](std::uint32_t part) { return is_download(out.parts[part]); });
    return out;
}

}  // namespace packetboat::mime
