#include "mime/structure_fields.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mime/address_pieces.h"
#include "mime/header_lexer.h"
#include "mime/parameters.h"

namespace packetboat::mime {

namespace {

std::string_view trim_space(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

EnvelopeAddress address_of(Mailbox mailbox) {
    return {.kind = EnvelopeAddress::Kind::mailbox,
            .name = imap_phrase(mailbox.name),
            .adl = std::move(mailbox.route),
            .mailbox = std::move(mailbox.local),
            .host = std::move(mailbox.domain)};
}

void clean(std::vector<RawParameter>& parameters) {
    for (RawParameter& parameter : parameters) parameter.value = field_text(std::move(parameter.value), Words::raw);
}

}  // namespace

std::string imap_text(std::string_view value) { return field_text(std::string(trim_space(value)), Words::raw); }

std::string imap_phrase(std::string_view value) {
    std::string out = imap_text(value);
    const auto both = [](char a, char b) { return is_space(a) && is_space(b); };
    std::ranges::replace(out, '\t', ' ');
    out.erase(std::unique(out.begin(), out.end(), both), out.end());
    return out;
}

void append_addresses(EnvelopeAddresses& out, std::string_view value) {
    if (std::optional<EnvelopeAddresses> common = common_addresses(value)) {
        out.insert(out.end(), std::move_iterator(common->begin()), std::move_iterator(common->end()));
        return;
    }
    using enum EnvelopeAddress::Kind;
    for (Address& address : addresses(value, Words::raw)) {
        if (Mailbox* one = std::get_if<Mailbox>(&address)) {
            out.push_back(address_of(std::move(*one)));
            continue;
        }
        Group& group = std::get<Group>(address);
        out.push_back({.kind = group_begin, .name = {}, .adl = {}, .mailbox = imap_phrase(group.name), .host = {}});
        for (Mailbox& member : group.members) out.push_back(address_of(std::move(member)));
        out.push_back({.kind = group_end, .name = {}, .adl = {}, .mailbox = {}, .host = {}});
    }
}

RawContent imap_content_type(std::string_view value) {
    if (std::optional<RawContent> common = common_content(value, true)) return *std::move(common);
    RawContent content = raw_content_type(value);
    clean(content.parameters);
    return content;
}

std::optional<RawContent> imap_disposition(std::string_view value) {
    if (std::optional<RawContent> common = common_content(value, false)) return common;
    std::optional<RawContent> disposition = raw_content_disposition(value);
    if (disposition) clean(disposition->parameters);
    return disposition;
}

// encoding = "Content-Transfer-Encoding" ":" mechanism                                     RFC 2045 §6.1
std::string imap_encoding(std::string_view value) {
    HeaderLexer in(value);
    in.skip_cfws();
    const std::string_view mechanism = in.while_(is_token_char);
    in.skip_cfws();
    if (!mechanism.empty() && in.at_end()) return std::string(mechanism);
    // More than the grammar has. What we can decode all the same, a client shall decode as well.
    switch (transfer_encoding(value)) {
        case TransferEncoding::quoted_printable: return "quoted-printable";
        case TransferEncoding::base64: return "base64";
        default: return "7bit";
    }
}

}  // namespace packetboat::mime
