#include "mime/builder_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "mime/builder_content.h"
#include "mime/builder_fields.h"
#include "mime/charset.h"
#include "mime/content.h"
#include "mime/decode.h"
#include "mime/header_lexer.h"
#include "mime/reading.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t boundary_attempts_max = 100;
constexpr std::size_t name_max_bytes = 200;  // of one that is written as it is

// A part with its Content- fields; a multipart has children, and fields of its own only when its boundary is known.
struct Node {
    std::string header;
    std::string text;
    const Attachment* content = nullptr;
    bool base64 = false;
    bool ends_with_crlf = true;  // of content that is not encoded

    std::string multipart;  // "multipart/mixed" …; empty: a leaf
    std::vector<Node> children;
    Transport needs = Transport::seven_bit;
    bool is_global = false;  // there is a message/global in it

    void add(Node child) {
        needs = std::max(needs, child.needs);
        is_global |= child.is_global;
        children.push_back(std::move(child));
    }
};

Node multipart(std::string type, Node first) {
    Node node{.multipart = std::move(type)};
    node.add(std::move(first));
    return node;
}

std::string_view name_of(Transport transport) {
    switch (transport) {
        case Transport::seven_bit: return "7bit";
        case Transport::eight_bit: return "8bit";
        case Transport::binary: return "binary";
    }
    return "7bit";
}

// Any line ends as `line_end`.
std::string with_line_ends(std::string_view text, std::string_view line_end) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' || text[i] == '\n') {
            out += line_end;
            if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

// A byte order mark is no text, and readers take it away.
std::string clean_text(std::string_view text) {
    std::string out = with_line_ends(valid_utf8(text), "\n");
    if (out.starts_with("\xef\xbb\xbf")) out.erase(0, 3);
    return out;
}

Node text_leaf(std::string_view type, std::string_view text_with_lf) {
    const std::string body = with_line_ends(text_with_lf, "\r\n");
    Node node;
    node.header = fold("Content-Type", fmt::format(fmt::runtime(type), is_ascii(body) ? "us-ascii" : "utf-8"));
    switch (best_form(body, true)) {
        case Form::seven_bit:
            node.text = body;
            node.header += "Content-Transfer-Encoding: 7bit\r\n";
            break;
        case Form::quoted_printable:
            node.text = encode_quoted_printable(body);
            node.header += "Content-Transfer-Encoding: quoted-printable\r\n";
            break;
        case Form::base64:
            node.text = encode_base64(body);
            node.header += "Content-Transfer-Encoding: base64\r\n";
            break;
    }
    return node;
}

// Outlook looks for a file's name here, and knows encoded words, which have no place in a parameter (RFC 2047 §5), but not RFC 2231.
std::string name_parameter(const std::string& name) {
    const bool plain = is_ascii(name) && !name.contains("=?") && name.size() <= name_max_bytes && trim(name) == name;
    if (plain && is_token(name)) return "; name=" + name;
    return "; name=" + quote(plain ? name : encode_words(name, WordPlace::phrase));
}

// The fields of a part that is a file.
std::string file_header(const Attachment& file, ContentType type, const std::string& name, Presentation presentation,
                        std::string_view encoding) {
    std::erase_if(type.parameters, [](const Parameter& parameter) { return parameter.name == "name" || parameter.name == "boundary"; });
    ContentDisposition disposition{.type = presentation == Presentation::in_line ? "inline" : "attachment", .parameters = {}};
    std::string type_value = serialize(type);
    if (!name.empty()) {
        type_value += name_parameter(name);
        disposition.parameters.push_back({.name = "filename", .value = name});
    }
    std::string out = fold("Content-Type", type_value);
    out += fold("Content-Transfer-Encoding", encoding);
    out += fold("Content-Disposition", serialize(disposition));
    if (!file.content_id.empty()) out += fold("Content-ID", "<" + file.content_id + ">");
    return out;
}

class TreeBuilder {
public:
    TreeBuilder(const Draft& draft, const BuildOptions& options) : draft_(draft), options_(options) {}

    Result<Node> build() const;

private:
    Result<Node> html() const;
    Result<Node> body() const;
    Result<Node> file(const Attachment& file, Presentation presentation) const;
    Result<Node> message(const Attachment& file, Presentation presentation, std::string name) const;
    Result<> add_files(Node& node, const std::vector<Attachment>& files, bool in_line) const;

    const Draft& draft_;
    const BuildOptions& options_;
};

// RFC 2046 §5.2.1: a message is not encoded. One that the transport would change goes as the file that mail programs save it in.
Result<Node> TreeBuilder::message(const Attachment& file, Presentation presentation, std::string name) const {
    const Result<MessageForm> form = message_form(file);
    if (!form) return fail(form.error());
    // SMTPUTF8 is never without 8BITMIME (RFC 6531 §3.1).
    const Transport transport = options_.utf8_headers ? std::max(options_.transport, Transport::eight_bit) : options_.transport;
    // RFC 6532 §3.7: with UTF-8 in its header it is another type.
    const bool is_global = form->has_8bit_header;
    Node node{.content = &file, .ends_with_crlf = form->ends_with_crlf};
    if (form->needs > transport || !form->is_whole || (is_global && !(options_.utf8_headers && form->has_utf8_header))) {
        if (name.empty()) name = "message";
        if (!lower(name).ends_with(".eml")) name += ".eml";
        node.base64 = true;
        node.header = file_header(file, {.type = "application", .subtype = "octet-stream"}, name, presentation, "base64");
        return node;
    }
    node.needs = form->needs;
    node.is_global = is_global;
    node.header =
        file_header(file, {.type = "message", .subtype = is_global ? "global" : "rfc822"}, name, presentation, name_of(form->needs));
    return node;
}

Result<Node> TreeBuilder::file(const Attachment& file, Presentation presentation) const {
    if (file.name.size() > draft_file_name_max_bytes) return fail(ErrorCode::too_large, "the name of a file is too long");
    if (!file.content_id.empty() && (!is_id(file.content_id) || !is_ascii(file.content_id))) {
        return fail(ErrorCode::invalid, "not a Content-ID: " + escape_control(file.content_id));
    }
    ContentType type = content_type(file.type);
    // A multipart is made of parts, and the pieces that RFC 2046 §5.2.2 and §5.2.3 have are not made at all.
    const bool possible = type.understood && !type.is_multipart() && !type.is("message", "partial") && !type.is("message", "external-body");
    if (!possible) return fail(ErrorCode::invalid, "not the type of a file: " + escape_control(file.type));

    const std::string name = without_controls(valid_utf8(file.name));
    if (type.is("message", "rfc822") || type.is("message", "global")) return message(file, presentation, name);
    Node node{.content = &file};
    // Of a source it would have to be read twice to know more.
    node.base64 = file.source != nullptr || best_form(file.bytes, false) != Form::seven_bit;
    node.ends_with_crlf = file.bytes.empty() || file.bytes.ends_with("\r\n");
    const bool is_utf8_text = type.type == "text" && type.parameter("charset").empty() && file.source == nullptr && is_utf8(file.bytes);
    if (is_utf8_text) type.parameters.push_back({.name = "charset", .value = is_ascii(file.bytes) ? "us-ascii" : "utf-8"});
    node.header = file_header(file, std::move(type), name, presentation, node.base64 ? "base64" : "7bit");
    return node;
}

Result<> TreeBuilder::add_files(Node& node, const std::vector<Attachment>& files, bool in_line) const {
    for (const Attachment& one : files) {
        Result<Node> child = file(one, in_line ? Presentation::in_line : one.presentation);
        if (!child) return fail(child.error());
        node.add(std::move(*child));
    }
    return {};
}

// multipart/related of RFC 2387: its root is the first.
Result<Node> TreeBuilder::html() const {
    Node html = text_leaf("text/html; charset={}", clean_text(*draft_.html));
    if (draft_.images.empty()) return html;
    Node related = multipart("multipart/related; type=\"text/html\"", std::move(html));
    if (const Result<> done = add_files(related, draft_.images, true); !done) return fail(done.error());
    return related;
}

// What is read: the HTML, the text, or both of which a reader takes the last that it can show (RFC 2046 §5.1.4).
Result<Node> TreeBuilder::body() const {
    if (draft_.html && !draft_.text) return html();
    const std::string text = draft_.text ? clean_text(*draft_.text) : std::string();
    Node plain = draft_.flowed ? text_leaf("text/plain; charset={}; format=flowed", flow(text)) : text_leaf("text/plain; charset={}", text);
    if (!draft_.html) return plain;
    Result<Node> rich = html();
    if (!rich) return rich;
    Node both = multipart("multipart/alternative", std::move(plain));
    both.add(std::move(*rich));
    return both;
}

Result<Node> TreeBuilder::build() const {
    const auto is_too_long = [](const std::optional<std::string>& text) { return text && text->size() > draft_text_max_bytes; };
    if (is_too_long(draft_.text) || is_too_long(draft_.html)) return fail(ErrorCode::too_large, "the text is too long");
    const std::size_t files = draft_.images.size() + draft_.attachments.size();
    if (files > draft_attachments_max) return fail(ErrorCode::too_many, "too many attachments");

    Node mixed{.multipart = "multipart/mixed"};
    const bool has_body = draft_.text || draft_.html || files == 0;
    if (has_body) {
        Result<Node> read = body();
        if (!read) return read;
        mixed.add(std::move(*read));
    }
    // Without HTML that shows them images stand for themselves.
    if (!draft_.html) {
        if (const Result<> done = add_files(mixed, draft_.images, true); !done) return fail(done.error());
    }
    if (const Result<> done = add_files(mixed, draft_.attachments, false); !done) return fail(done.error());
    Node& only = mixed.children.front();
    // On its way a message is given the line end that its last line lacks; before a delimiter a part keeps its bytes.
    const bool alone = mixed.children.size() == 1 && (only.content == nullptr || only.base64 || only.ends_with_crlf);
    if (!alone) return mixed;
    Node root = std::move(only);
    return root;
}

// RFC 2046 §5.1: a boundary must be in no part. "=_" is in no quoted-printable and no base64; what else there is we look at.
Result<bool> contains(const Node& node, std::string_view token) {
    if (node.text.contains(token)) return true;
    if (node.content != nullptr && !node.base64) return contains(*node.content, token);
    for (const Node& child : node.children) {
        Result<bool> found = contains(child, token);
        if (!found || *found) return found;
    }
    return false;
}

Result<std::string> boundary_token(const Node& root, const Id128& id) {
    if (root.children.empty()) return std::string();
    for (std::size_t attempt = 0; attempt < boundary_attempts_max; ++attempt) {
        std::string token = "=_" + Id128::derived({"boundary", id.view(), std::to_string(attempt)}).text();
        const Result<bool> found = contains(root, token);
        if (!found) return fail(found.error());
        if (!*found) return token;
    }
    return fail(ErrorCode::conflict, "no boundary that is in no part: the message must have another id");
}

class Writer {
public:
    explicit Writer(std::string token) : token_(std::move(token)) {}

    Parts finish(Node root) {
        parts_.needs = root.needs;
        parts_.has_utf8_headers = root.is_global;
        write(root);
        const bool ended = !parts_.segments.back().content && parts_.segments.back().text.ends_with("\r\n");
        const bool as_it_is = root.content != nullptr && !root.base64;
        if (!ended && !as_it_is) text("\r\n");
        return std::move(parts_);
    }

private:
    void write(Node& node) {
        if (node.multipart.empty()) {
            text(node.header);
            text("\r\n");
            text(node.text);
            node.text = {};
            if (node.content == nullptr) return;
            const std::uint64_t size = ContentReader(*node.content).size_bytes();
            parts_.segments.push_back({.text = {}, .content = node.content, .content_bytes = size, .base64 = node.base64});
            return;
        }
        // The part's number, so that each multipart's boundary is another and none is the beginning of one that is longer.
        const std::string boundary = fmt::format("{}.{}", token_, ++multiparts_);
        text(fold("Content-Type", fmt::format("{}; boundary=\"{}\"", node.multipart, boundary)));
        // RFC 2045 §6.4: a multipart says what is in it.
        if (node.needs != Transport::seven_bit) text(fold("Content-Transfer-Encoding", name_of(node.needs)));
        for (Node& child : node.children) {
            text("\r\n--" + boundary + "\r\n");
            write(child);
        }
        text("\r\n--" + boundary + "--");
    }
    void text(std::string_view more) {
        if (more.empty()) return;
        if (parts_.segments.empty() || parts_.segments.back().content != nullptr) parts_.segments.emplace_back();
        parts_.segments.back().text += more;
    }

    std::string token_;
    std::size_t multiparts_ = 0;
    Parts parts_;
};

}  // namespace

Result<Parts> parts_of(const Draft& draft, const Id128& id, const BuildOptions& options) {
    Result<Node> root = TreeBuilder(draft, options).build();
    if (!root) return fail(root.error());
    Result<std::string> token = boundary_token(*root, id);
    if (!token) return fail(token.error());
    return Writer(std::move(*token)).finish(std::move(*root));
}

}  // namespace packetboat::mime
