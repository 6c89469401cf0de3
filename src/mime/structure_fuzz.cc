#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/address_pieces.h"
#include "mime/body_parts.h"
#include "mime/index_record.h"
#include "mime/parameters.h"
#include "mime/preview.h"
#include "mime/structure.h"
#include "mime/structure_fields.h"
#include "mime/testing/imap_text.h"

namespace {

using namespace packetboat;
using namespace packetboat::mime;

void require(bool claim) {
    if (!claim) std::abort();
}

// What the fast readers understand, the general ones read the same.
void common_forms_are_read_as_others(std::string_view value) {
    if (const auto common = common_addresses(value)) {
        const std::vector<Mailbox> general = mailboxes(addresses(value, Words::raw));
        require(common->size() == general.size());
        for (std::size_t i = 0; i < general.size(); ++i) {
            const EnvelopeAddress& one = (*common)[i];
            require(one.kind == EnvelopeAddress::Kind::mailbox && imap_phrase(one.name) == imap_phrase(general[i].name));
            require(one.adl.empty() && general[i].route.empty());
            require(one.mailbox == general[i].local && one.host == general[i].domain);
        }
    }
    if (const auto common = common_content(value, true)) require(*common == raw_content_type(value));
    if (const auto common = common_content(value, false)) require(common == raw_content_disposition(value));
}

// What is written can be read, is what the grammar wants, and says the same.
void imap_texts_are_well_formed(const Envelope& envelope, const BodyStructure& structure, ImapCharset charset) {
    std::string text;
    append_envelope(text, envelope, charset);
    const auto value = testing::parse_imap(text);
    require(value.has_value());
    const auto back = testing::parse_envelope(*value);
    require(back.has_value() && back->subject == envelope.subject && back->to.size() == envelope.to.size());
    std::string again;
    append_envelope(again, *back, charset);
    require(again == text);
    for (const bool extension : {false, true}) {
        text.clear();
        if (extension) {
            append_body_structure(text, structure, charset);
        } else {
            append_body(text, structure, charset);
        }
        const auto body = testing::parse_imap(text);
        require(body.has_value());
        const std::string mistake = testing::body_mistake(*body, extension);
        if (!mistake.empty()) std::fprintf(stderr, "%s\n", mistake.c_str());
        require(mistake.empty());
    }
}

void body_is_sound(const EmailBody& body, std::string_view message, std::size_t max_bytes) {
    require(!body.parts.empty() && body.parts[0].end == body.parts.size());
    for (std::uint32_t number = 0; number < body.parts.size(); ++number) {
        const EmailBodyPart& part = body.parts[number];
        require(part.end > number && part.end <= body.parts.size() && part.part_id.has_value() != part.is_multipart());
        if (part.is_multipart()) continue;
        const auto in = [&](const std::vector<std::uint32_t>& list) { return std::ranges::find(list, number) != list.end(); };
        // The algorithm of the RFC leaves out a text of an alternative that has both kinds below one of its choices.
        const bool text = part.type == "text/plain" || part.type == "text/html";
        require(text || in(body.text_body) || in(body.html_body) || in(body.attachments));
        const EmailBodyValue whole = body_value(part, message);
        const EmailBodyValue cut = body_value(part, message, max_bytes);
        require(is_utf8(whole.value) && is_utf8(cut.value) && cut.value.size() <= max_bytes && whole.value.starts_with(cut.value));
        require(cut.is_truncated == (whole.value.size() > max_bytes));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 16'384) return 0;
    const std::size_t max_bytes = 1U + data[0];
    const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
    common_forms_are_read_as_others(message);
    const Index index = mime::index(message, {.parts_max = 200});
    for (const Field& field : index.fields) common_forms_are_read_as_others(field.value.of(message));

    const IndexRecord record = index_record(index, message);
    const Result<IndexRecord> back = decode_index_record(encode(record));
    require(back && *back == record);
    for (const ImapCharset charset : {ImapCharset::ascii, ImapCharset::utf8})
        imap_texts_are_well_formed(record.envelope, record.structure, charset);

    const EmailBody body = email_body(index, message);
    body_is_sound(body, message, max_bytes);
    const auto characters = std::ranges::count_if(record.preview, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
    require(is_utf8(record.preview) && characters <= 256);
    // A base subject has no base but itself.
    for (const Field& field : index.fields) {
        const std::string base = base_subject(field.value.of(message), ReplyWords::rfc5256).text;
        require(is_utf8(base));
    }
    return 0;
}
