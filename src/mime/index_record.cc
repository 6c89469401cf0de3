#include "mime/index_record.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "base/record.h"
#include "mime/body_parts.h"
#include "mime/preview.h"

namespace packetboat::mime {

namespace {

constexpr std::uint8_t version = 1;

// Texts that nearly all parts have, stored as their number. Never change the order; new ones go to the end and need no new version, for
// older records do not have them.
constexpr std::string_view common_texts[] = {
    "text",
    "plain",
    "html",
    "multipart",
    "mixed",
    "alternative",
    "related",
    "report",
    "signed",
    "message",
    "rfc822",
    "application",
    "octet-stream",
    "pdf",
    "image",
    "jpeg",
    "png",
    "gif",
    "7bit",
    "8bit",
    "quoted-printable",
    "base64",
    "binary",
    "charset",
    "us-ascii",
    "utf-8",
    "UTF-8",
    "iso-8859-1",
    "ISO-8859-1",
    "boundary",
    "format",
    "flowed",
    "delsp",
    "yes",
    "name",
    "filename",
    "attachment",
    "inline",
    "size",
    "delivery-status",
    "calendar",
    "method",
    "pgp-signature",
    "pkcs7-signature",
    "micalg",
    "protocol",
    "report-type",
    "type",
    "windows-1252",
    "zip",
    "audio",
    "video",
    "en",
    "global",
};

class RecordWriter {
public:
    std::string take() { return out_.take(); }
    Writer& raw() { return out_; }

    void optional(const std::optional<std::string>& text) {
        out_.varint(text ? text->size() + 1 : 0);
        if (text) out_.bytes(*text);
    }
    // 0 and a text, or its number.
    void common(std::string_view text) {
        const auto* const found = std::ranges::find(common_texts, text);
        if (found == std::end(common_texts)) {
            out_.varint(0).text(text);
        } else {
            out_.varint(static_cast<std::uint64_t>(found - std::begin(common_texts)) + 1);
        }
    }
    void addresses(const EnvelopeAddresses& addresses) {
        out_.varint(addresses.size());
        for (const EnvelopeAddress& one : addresses) {
            out_.u8(static_cast<std::uint8_t>(one.kind)).text(one.name).text(one.adl).text(one.mailbox).text(one.host);
        }
    }
    void envelope(const Envelope& envelope) {
        const bool sender = envelope.sender != envelope.from;
        const bool reply_to = envelope.reply_to != envelope.from;
        out_.u8(static_cast<std::uint8_t>((sender ? 1 : 0) | (reply_to ? 2 : 0)));
        optional(envelope.date);
        optional(envelope.subject);
        addresses(envelope.from);
        if (sender) addresses(envelope.sender);
        if (reply_to) addresses(envelope.reply_to);
        addresses(envelope.to);
        addresses(envelope.cc);
        addresses(envelope.bcc);
        optional(envelope.in_reply_to);
        optional(envelope.message_id);
    }
    void content(const RawContent& content) {
        common(content.type);
        common(content.subtype);
        out_.varint(content.parameters.size());
        for (const RawParameter& parameter : content.parameters) {
            common(parameter.name);
            common(parameter.value);
            out_.u8(parameter.extended ? 1 : 0);
        }
    }
    void part(const BodyPart& part, std::uint32_t number) {
        out_.u8(static_cast<std::uint8_t>(part.kind)).varint(part.end - number);
        out_.varint(part.header.begin).varint(part.header.size()).varint(part.body.begin).varint(part.body.size()).varint(part.lines);
        content(part.content);
        common(part.encoding);
        optional(part.id);
        optional(part.description);
        optional(part.md5);
        optional(part.location);
        out_.u8(part.disposition ? 1 : 0);
        if (part.disposition) content(*part.disposition);
        out_.varint(part.languages.size());
        for (const std::string& language : part.languages) common(language);
        out_.u8(part.envelope ? 1 : 0);
        if (part.envelope) envelope(*part.envelope);
    }

private:
    Writer out_;
};

// Every element of a list has a byte at least, so that no count can ask for more than the record is long.
class Decoder {
public:
    explicit Decoder(std::string_view stored) : in_(stored) {}

    RecordReader& raw() { return in_; }
    bool failed() const { return failed_ || in_.failed(); }
    bool ok_and_done() const { return !failed_ && in_.ok_and_done(); }

    bool flag() { return below(2) == 1; }
    std::uint8_t below(std::uint8_t bound) {
        const std::uint8_t value = in_.u8();
        failed_ |= value >= bound;
        return value;
    }
    std::uint32_t u32() {
        const std::uint64_t value = in_.varint();
        failed_ |= value > 0xffff'ffff;
        return static_cast<std::uint32_t>(value);
    }
    std::string text() { return std::string(in_.text()); }
    std::optional<std::string> optional() {
        const std::uint64_t size = in_.varint();
        if (size == 0) return std::nullopt;
        return std::string(in_.bytes(size - 1));
    }
    std::string common() {
        const std::uint64_t number = in_.varint();
        if (number == 0) return text();
        if (number > std::size(common_texts)) {
            failed_ = true;
            return {};
        }
        return std::string(common_texts[number - 1]);
    }
    template <class Read>
    void list(Read read) {
        for (std::uint64_t count = in_.varint(); count > 0 && !failed(); --count) read();
    }
    EnvelopeAddresses addresses() {
        EnvelopeAddresses out;
        list([&] {
            EnvelopeAddress& one = out.emplace_back();
            one.kind = static_cast<EnvelopeAddress::Kind>(below(3));
            one.name = text();
            one.adl = text();
            one.mailbox = text();
            one.host = text();
        });
        return out;
    }
    Envelope envelope() {
        Envelope out;
        const std::uint8_t own = below(4);
        out.date = optional();
        out.subject = optional();
        out.from = addresses();
        out.sender = (own & 1) != 0 ? addresses() : out.from;
        out.reply_to = (own & 2) != 0 ? addresses() : out.from;
        out.to = addresses();
        out.cc = addresses();
        out.bcc = addresses();
        out.in_reply_to = optional();
        out.message_id = optional();
        return out;
    }
    RawContent content() {
        RawContent out;
        out.type = common();
        out.subtype = common();
        list([&] {
            RawParameter& parameter = out.parameters.emplace_back();
            parameter.name = common();
            parameter.value = common();
            parameter.extended = flag();
        });
        return out;
    }
    Range range(std::uint32_t size_bytes) {
        const std::uint64_t begin = u32();
        const std::uint64_t end = begin + u32();
        if (end > size_bytes) {
            failed_ = true;
            return {};
        }
        return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    }
    BodyPart part(std::uint32_t number, std::uint32_t size_bytes) {
        BodyPart out;
        out.kind = static_cast<Kind>(below(3));
        out.end = number + u32();
        out.header = range(size_bytes);
        out.body = range(size_bytes);
        out.lines = u32();
        out.content = content();
        out.encoding = common();
        out.id = optional();
        out.description = optional();
        out.md5 = optional();
        out.location = optional();
        if (flag()) out.disposition = content();
        list([&] { out.languages.push_back(common()); });
        if (flag()) out.envelope = envelope();
        return out;
    }
    void structure(BodyStructure& out, std::uint32_t size_bytes) {
        list([&] { out.parts.push_back(part(static_cast<std::uint32_t>(out.parts.size()), size_bytes)); });
        failed_ |= !is_tree(out);
    }

private:
    // Each part lies in the one around it, and leaves have none inside.
    static bool is_tree(const BodyStructure& structure) {
        const std::vector<BodyPart>& parts = structure.parts;
        if (parts.empty() || parts[0].end != parts.size()) return false;
        std::vector<std::uint32_t> ends;
        for (std::uint32_t number = 0; number < parts.size(); ++number) {
            const BodyPart& part = parts[number];
            while (!ends.empty() && ends.back() == number) ends.pop_back();
            if (part.end <= number || (!ends.empty() && part.end > ends.back())) return false;
            if (part.kind == Kind::leaf && part.end != number + 1) return false;
            // One message is in a message, and nothing beside it.
            if (part.kind == Kind::message && part.end > number + 1 && parts[number + 1].end != part.end) return false;
            ends.push_back(part.end);
        }
        return true;
    }

    RecordReader in_;
    bool failed_ = false;
};

constexpr std::uint8_t attachment_flag = 1;
constexpr std::uint8_t sent_flag = 2;
constexpr std::uint8_t offset_unknown_flag = 4;
constexpr std::uint8_t thread_cut_flag = 8;
constexpr std::uint8_t envelope_flag = 16;   // it was left out
constexpr std::uint8_t structure_flag = 32;  // it was left out

// As many as fit; answers how many.
std::size_t write_ids(const std::vector<std::string>& ids, Writer& out) {
    constexpr std::size_t length_max_bytes = 10;  // of what says how long one is
    std::size_t kept = 0;
    std::size_t bytes = 0;
    for (; kept < ids.size(); ++kept) {
        bytes += length_max_bytes + ids[kept].size();
        if (bytes > thread_ids_max_bytes) break;
        out.text(ids[kept]);
    }
    return kept;
}

// false: there is no room for it.
bool write_structure(const BodyStructure& structure, std::size_t room, std::string& bytes) {
    RecordWriter out;
    out.raw().varint(structure.parts.size());
    for (std::uint32_t number = 0; number < structure.parts.size(); ++number) out.part(structure.parts[number], number);
    bytes = out.take();
    if (bytes.size() <= room) return true;
    bytes.clear();
    return false;
}

std::uint64_t zigzag(std::int64_t value) { return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63); }
std::int64_t unzigzag(std::uint64_t value) { return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1); }

}  // namespace

IndexRecord index_record(const Index& index, std::string_view message) {
    IndexRecord out;
    out.size_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(message.size(), 0xffff'ffff));
    const Part& root = index.parts[0];
    out.envelope = envelope(index, root, message);
    if (out.envelope.date) out.sent = date(*out.envelope.date);
    out.structure = body_structure(index, message);
    const EmailBody body = email_body(index, message, DecodedSizes::none);
    out.has_attachment = body.has_attachment;
    out.preview = preview(body, message);
    out.thread = thread_key(index, message);
    return out;
}

std::string encode(const IndexRecord& record) {
    RecordWriter ids;
    const std::size_t kept = write_ids(record.thread.ids, ids.raw());
    RecordWriter envelope;
    envelope.envelope(record.envelope);
    std::string envelope_bytes = envelope.take();
    const bool without_envelope = record.envelope_left_out || envelope_bytes.size() > envelope_max_bytes;
    if (without_envelope) envelope_bytes.clear();
    std::uint8_t flags = 0;
    if (record.has_attachment) flags |= attachment_flag;
    if (record.sent) flags |= sent_flag;
    if (record.sent && record.sent->offset_unknown) flags |= offset_unknown_flag;
    if (record.thread_cut || kept < record.thread.ids.size()) flags |= thread_cut_flag;
    if (without_envelope) flags |= envelope_flag;

    RecordWriter rest;
    if (record.sent) rest.raw().varint(zigzag(record.sent->seconds)).varint(zigzag(record.sent->offset_minutes));
    rest.raw().text(record.preview).text(record.thread.subject).varint(kept).bytes(ids.take()).bytes(envelope_bytes);
    RecordWriter head;
    head.raw().u8(version).varint(record.size_bytes);
    std::string out = head.take();
    const std::string middle = rest.take();
    const std::size_t used = out.size() + 1 + middle.size();
    std::string structure;
    if (record.structure_left_out ||
        !write_structure(record.structure, index_record_max_bytes - std::min(used, index_record_max_bytes), structure))
        flags |= structure_flag;
    out += static_cast<char>(flags);
    out += middle;
    out += structure;
    assert(out.size() <= index_record_max_bytes);
    return out;
}

Result<IndexRecord> decode_index_record(std::string_view stored) {
    if (stored.size() > index_record_max_bytes) return fail(ErrorCode::internal, "index record is too large");
    Decoder in(stored);
    if (in.raw().u8() != version) return fail(ErrorCode::internal, "index record of an unknown version");
    IndexRecord out;
    out.size_bytes = in.u32();
    const std::uint8_t flags = in.below(64);
    out.has_attachment = (flags & attachment_flag) != 0;
    out.thread_cut = (flags & thread_cut_flag) != 0;
    out.envelope_left_out = (flags & envelope_flag) != 0;
    out.structure_left_out = (flags & structure_flag) != 0;
    if ((flags & sent_flag) != 0) {
        Date& sent = out.sent.emplace();
        sent.seconds = unzigzag(in.raw().varint());
        sent.offset_minutes = static_cast<std::int32_t>(unzigzag(in.u32()));
        sent.offset_unknown = (flags & offset_unknown_flag) != 0;
    }
    out.preview = in.text();
    out.thread.subject = in.text();
    in.list([&] { out.thread.ids.push_back(in.text()); });
    if (!out.envelope_left_out) out.envelope = in.envelope();
    if (!out.structure_left_out) in.structure(out.structure, out.size_bytes);
    if (!in.ok_and_done()) return fail(ErrorCode::internal, "index record is damaged");
    return out;
}

}  // namespace packetboat::mime
