#include "mime/testing/read_back.h"

#include <stdexcept>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/reading.h"
#include "mime/text.h"

namespace packetboat::mime::testing {

namespace {

class Reader {
public:
    explicit Reader(std::string_view message) : message_(message), index_(index(message)) {}

    ReadMessage read() {
        const Part& header = index_.parts.front();
        ReadMessage out;
        out.subject = unstructured(value(header, FieldName::subject));
        out.from = addresses(value(header, FieldName::from));
        out.sender = addresses(value(header, FieldName::sender));
        out.reply_to = addresses(value(header, FieldName::reply_to));
        out.to = addresses(value(header, FieldName::to));
        out.cc = addresses(value(header, FieldName::cc));
        out.message_id = message_ids(value(header, FieldName::message_id));
        out.in_reply_to = message_ids(value(header, FieldName::in_reply_to));
        out.references = message_ids(value(header, FieldName::references));
        for (const Field& field : index_.of(header)) {
            if (!out.names.empty()) out.names += ' ';
            out.names += field.name.of(message_);
        }
        collect(0, "", out.parts);
        return out;
    }

private:
    std::string_view value(const Part& part, FieldName name) const {
        const Field* field = index_.find(part, name);
        return field == nullptr ? std::string_view() : field->value.of(message_);
    }

    void collect(std::uint32_t number, const std::string& above, std::vector<ReadPart>& out) const {
        const Part& part = index_.parts[number];
        const ContentType type = content_type(value(part, FieldName::content_type));
        const std::string path = above + (above.empty() ? "" : "/") + type.subtype;
        if (part.kind != Kind::multipart) {
            out.push_back(leaf(part, type, path));
            return;
        }
        for (std::uint32_t child = part.first_child; child != Part::none; child = index_.parts[child].next) collect(child, path, out);
    }

    ReadPart leaf(const Part& part, const ContentType& type, const std::string& path) const {
        const std::optional<ContentDisposition> disposition = content_disposition(value(part, FieldName::content_disposition));
        ReadPart out{.path = path, .type = type, .name = file_name(type, disposition)};
        out.encoding = unfold(value(part, FieldName::content_transfer_encoding));
        if (disposition) out.disposition = disposition->type;
        const std::vector<std::string> ids = message_ids(value(part, FieldName::content_id));
        if (!ids.empty()) out.content_id = ids.front();
        out.bytes = decode(transfer_encoding(out.encoding), part.body.of(message_));
        if (type.type == "text" && !disposition) out.text = text_of(type, out.bytes);
        return out;
    }

    static std::string text_of(const ContentType& type, std::string_view bytes) {
        std::string text = to_utf8(type.parameter("charset"), bytes);
        std::erase(text, '\r');
        return type.parameter("format") == "flowed" ? unflow(text, false) : text;
    }

    std::string_view message_;
    Index index_;
};

}  // namespace

const ReadPart& ReadMessage::at(std::string_view path) const {
    for (const ReadPart& part : parts) {
        if (part.path == path) return part;
    }
    throw std::runtime_error("no part " + std::string(path) + " among " + paths());
}

std::string ReadMessage::paths() const {
    std::string out;
    for (const ReadPart& part : parts) {
        if (!out.empty()) out += ' ';
        out += part.path;
    }
    return out;
}

ReadMessage read_back(std::string_view message) { return Reader(message).read(); }

std::string raw_field(std::string_view message, std::string_view name) {
    const Index found = index(message);
    const Field* field = found.find(found.parts.front(), message, name);
    return field == nullptr ? std::string() : unfold(field->value.of(message));
}

bool has_lines_of(std::string_view message, std::size_t max_bytes) {
    while (!message.empty()) {
        const std::size_t end = message.find("\r\n");
        if (end == std::string_view::npos || end > max_bytes) return false;
        if (message.substr(0, end).find_first_of("\r\n") != std::string_view::npos) return false;
        message.remove_prefix(end + 2);
    }
    return true;
}

}  // namespace packetboat::mime::testing
