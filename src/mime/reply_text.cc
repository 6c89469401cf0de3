#include "mime/reply_text.h"

#include <optional>
#include <utility>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/content.h"
#include "mime/decode.h"
#include "mime/lines.h"
#include "mime/reading.h"
#include "mime/reply.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view signature = "-- ";

struct Leaf {
    std::uint32_t number = Part::none;
    ContentType type;
    std::optional<ContentDisposition> disposition;

    // A text in the message, as opposed to one that is a file of it.
    bool is_text(std::string_view subtype) const {
        const bool is_file = (disposition && disposition->type == "attachment") || !file_name(type, disposition).empty();
        return type.is("text", subtype) && !is_file;
    }
};

Leaf leaf_of(const Index& index, std::string_view message, std::uint32_t number) {
    const Part& part = index.parts[number];
    Leaf leaf{.number = number};
    const Field* type = index.find(part, FieldName::content_type);
    if (type != nullptr) leaf.type = content_type(type->value.of(message));
    if (type == nullptr && part.digest_child) leaf.type = {.type = "message", .subtype = "rfc822"};
    const Field* disposition = index.find(part, FieldName::content_disposition);
    if (disposition != nullptr) leaf.disposition = content_disposition(disposition->value.of(message));
    return leaf;
}

std::string decoded(const Index& index, std::string_view message, const Part& part) {
    const Field* encoding = index.find(part, FieldName::content_transfer_encoding);
    const TransferEncoding how = encoding != nullptr ? transfer_encoding(encoding->value.of(message)) : TransferEncoding::identity;
    return decode(how, part.body.of(message));
}

// Divides a message's leaves into the texts that are read and the files. Messages in it are files, whatever is in them.
class Divider {
public:
    Divider(const Index& index, std::string_view message) : index_(index), message_(message), held_(index.parts.size()) {
        for (std::uint32_t number = 0; number < index_.parts.size(); ++number) leaves_.push_back(leaf_of(index_, message_, number));
        // Parents stand before their children.
        for (std::size_t number = index_.parts.size(); number-- > 0;) {
            const Part& part = index_.parts[number];
            if (part.kind == Kind::message) held_[number] = {};
            if (is_leaf(part)) held_[number] = {.plain = leaves_[number].is_text("plain"), .html = leaves_[number].is_text("html")};
            if (part.parent == Part::none) continue;
            held_[part.parent].plain |= held_[number].plain;
            held_[part.parent].html |= held_[number].html;
        }
        walk(0, true);
    }

    std::vector<const Leaf*> texts;
    std::vector<const Leaf*> files;

private:
    struct Held {
        bool plain = false;
        bool html = false;
    };

    static bool is_leaf(const Part& part) { return part.kind == Kind::leaf || part.first_child == Part::none; }

    // No deeper than Limits::nesting_max. `read`: not the alternative of something that is.
    void walk(std::uint32_t number, bool read) {
        const Part& part = index_.parts[number];
        if (is_leaf(part) || part.kind == Kind::message) {
            const Leaf& leaf = leaves_[number];
            if (part.kind == Kind::message || !(leaf.is_text("plain") || leaf.is_text("html"))) {
                files.push_back(&leaf);
            } else if (read) {
                texts.push_back(&leaf);
            }
            return;
        }
        const std::uint32_t chosen = leaves_[number].type.subtype == "alternative" ? choice(part) : Part::none;
        for (std::uint32_t child = part.first_child; child != Part::none; child = index_.parts[child].next) {
            walk(child, read && (chosen == Part::none || child == chosen));
        }
    }
    std::uint32_t choice(const Part& alternative) const {
        std::uint32_t html = Part::none;
        for (std::uint32_t child = alternative.first_child; child != Part::none; child = index_.parts[child].next) {
            if (held_[child].plain) return child;
            if (held_[child].html) html = child;
        }
        return html;
    }

    const Index& index_;
    std::string_view message_;
    std::vector<Held> held_;
    std::vector<Leaf> leaves_;
};

std::string text_of_leaf(const Index& index, std::string_view message, const Leaf& leaf) {
    const std::string text = to_utf8(leaf.type.parameter("charset"), decoded(index, message, index.parts[leaf.number]));
    if (leaf.is_text("html")) return html_text(text);
    if (iequals(leaf.type.parameter("format"), "flowed")) return unflow(text, iequals(leaf.type.parameter("delsp"), "yes"));
    std::string out;
    out.reserve(text.size());
    for (Lines lines(text); !lines.at_end();) out.append(lines.take()) += '\n';
    return out;
}

}  // namespace

std::string readable_text(const Index& index, std::string_view message) {
    std::string out;
    for (const Leaf* leaf : Divider(index, message).texts) {
        if (!out.empty() && !out.ends_with('\n')) out += '\n';
        out += text_of_leaf(index, message, *leaf);
    }
    return out;
}

std::vector<Attachment> files_of(const Index& index, std::string_view message) {
    std::vector<Attachment> files;
    const Divider divider(index, message);
    for (const Leaf* leaf : divider.files) {
        if (files.size() == draft_attachments_max) break;
        const Part& part = index.parts[leaf->number];
        Attachment file;
        file.name = safe_file_name(file_name(leaf->type, leaf->disposition));
        if (part.kind == Kind::message) {
            file.type = "message/rfc822";
            file.bytes = part.body.of(message);
        } else {
            // A multipart without parts, and pieces of what is elsewhere, are bytes as others.
            const bool is_broken =
                leaf->type.is_multipart() || leaf->type.is("message", "partial") || leaf->type.is("message", "external-body");
            if (!is_broken) file.type = serialize(leaf->type);
            file.bytes = decoded(index, message, part);
        }
        files.push_back(std::move(file));
    }
    return files;
}

std::string quoted(std::string_view text) {
    std::string out;
    for (Lines lines(text); !lines.at_end() && out.size() < reply_quote_max_bytes;) {
        const std::string_view line = lines.take();
        // RFC 3676 §4.3: what follows is a signature, which answers leave out.
        if (line == signature) break;
        if (out.size() + line.size() > reply_quote_max_bytes) break;
        out += line.empty() || line.starts_with('>') ? ">" : "> ";
        out.append(line) += '\n';
    }
    // Empty lines at the end are of no use to anybody.
    while (out.ends_with("\n>\n")) out.resize(out.size() - 2);
    return out == ">\n" ? std::string() : out;
}

}  // namespace packetboat::mime
