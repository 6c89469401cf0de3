#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/structure.h"

namespace packetboat::mime {

namespace {

// What is no message, where the grammar wants one, and what is in a multipart without parts.
constexpr std::string_view empty_envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
constexpr std::string_view empty_text = "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0";
constexpr std::string_view empty_extension = " NIL NIL NIL NIL";

bool goes_in_quotes(std::string_view text, ImapCharset charset) {
    bool ascii = true;
    for (const char c : text) {
        if (c == '\r' || c == '\n' || c == '\0') return false;
        ascii &= static_cast<unsigned char>(c) < 0x80;
    }
    return ascii || (charset == ImapCharset::utf8 && is_utf8(text));
}

// extended-initial-value of RFC 2231 §7: all but attribute-char percent-encoded.
std::string extended_value(std::string_view utf8) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out = "utf-8''";
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alnum(c) || std::string_view("!#$&+-.^_`{|}~").contains(c)) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 0xf]};
        }
    }
    return out;
}

class Text {
public:
    Text(std::string& out, ImapCharset charset) : out_(out), charset_(charset) {}

    void raw(std::string_view bytes) { out_ += bytes; }
    void nil() { out_ += "NIL"; }
    void number(std::uint32_t value) { out_ += std::to_string(value); }
    // string = quoted / literal
    void string(std::string_view text) {
        if (!goes_in_quotes(text, charset_)) {
            literal(text);
            return;
        }
        out_ += '"';
        for (std::size_t at; (at = text.find_first_of("\"\\")) != std::string_view::npos; text.remove_prefix(at + 1)) {
            out_ += text.substr(0, at);
            out_ += {'\\', text[at]};
        }
        out_ += text;
        out_ += '"';
    }
    // nstring = string / nil
    void nstring(const std::optional<std::string>& text) {
        if (text) {
            string(*text);
        } else {
            nil();
        }
    }
    void nstring_or_nil_if_empty(std::string_view text) {
        if (text.empty()) {
            nil();
        } else {
            string(text);
        }
    }
    // body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    void parameters(const std::vector<RawParameter>& parameters) {
        if (parameters.empty()) {
            nil();
            return;
        }
        out_ += '(';
        for (const RawParameter& parameter : parameters) {
            if (&parameter != parameters.data()) out_ += ' ';
            const bool extended = parameter.extended && charset_ == ImapCharset::ascii && !is_ascii(parameter.value);
            string(extended ? parameter.name + "*" : parameter.name);
            out_ += ' ';
            string(extended ? extended_value(parameter.value) : parameter.value);
        }
        out_ += ')';
    }
    // addr-name, addr-adl, addr-mailbox and addr-host
    void address(const EnvelopeAddress& address) {
        using enum EnvelopeAddress::Kind;
        out_ += '(';
        nstring_or_nil_if_empty(address.name);
        out_ += ' ';
        nstring_or_nil_if_empty(address.adl);
        out_ += ' ';
        if (address.kind == group_end) {
            nil();
        } else if (address.kind == group_begin) {
            string(address.mailbox);
        } else {
            string(address.mailbox.empty() ? "MISSING_MAILBOX" : std::string_view(address.mailbox));
        }
        out_ += ' ';
        if (address.kind != mailbox) {
            nil();
        } else {
            string(address.host.empty() ? "MISSING_DOMAIN" : std::string_view(address.host));
        }
        out_ += ')';
    }
    // "(" 1*address ")" / nil
    void addresses(const EnvelopeAddresses& addresses) {
        out_ += ' ';
        if (addresses.empty()) {
            nil();
            return;
        }
        out_ += '(';
        for (const EnvelopeAddress& one : addresses) address(one);
        out_ += ')';
    }
    // envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP env-bcc SP env-in-reply-to
    //            SP env-message-id ")"
    void envelope(const Envelope& envelope) {
        out_ += '(';
        nstring(envelope.date);
        out_ += ' ';
        nstring(envelope.subject);
        addresses(envelope.from);
        addresses(envelope.sender);
        addresses(envelope.reply_to);
        addresses(envelope.to);
        addresses(envelope.cc);
        addresses(envelope.bcc);
        out_ += ' ';
        nstring(envelope.in_reply_to);
        out_ += ' ';
        nstring(envelope.message_id);
        out_ += ')';
    }

private:
    // literal = "{" number "}" CRLF *CHAR8, without NUL
    void literal(std::string_view text) {
        const auto size = text.size() - static_cast<std::size_t>(std::ranges::count(text, '\0'));
        out_ += "{" + std::to_string(size) + "}\r\n";
        std::ranges::remove_copy(text, std::back_inserter(out_), '\0');
    }

    std::string& out_;
    ImapCharset charset_;
};

// body = "(" (body-type-1part / body-type-mpart) ")"
class BodyText {
public:
    BodyText(std::string& out, const BodyStructure& structure, ImapCharset charset, bool extension)
        : text_(out, charset), structure_(structure), extension_(extension) {}

    void write() {
        const std::vector<BodyPart>& parts = structure_.parts;
        std::vector<std::size_t> open;  // those whose parts are being written
        for (std::size_t number = 0; number < parts.size(); ++number) {
            begin(parts[number]);
            open.push_back(number);
            while (!open.empty() && parts[open.back()].end == number + 1) {
                end(parts[open.back()], open.back() == number);
                open.pop_back();
            }
        }
    }

private:
    static bool is_message(const BodyPart& part) {
        return part.kind == Kind::message || (part.content.type == "message" && part.content.subtype == "rfc822");
    }
    static bool is_multipart(const BodyPart& part) {
        return part.kind == Kind::multipart || (part.kind == Kind::leaf && part.content.type == "multipart");
    }

    // Up to where parts of it would follow.
    void begin(const BodyPart& part) {
        text_.raw("(");
        if (is_multipart(part)) return;
        text_.string(part.content.type);
        text_.raw(" ");
        text_.string(part.content.subtype);
        text_.raw(" ");
        body_fields(part);
        if (!is_message(part)) return;
        text_.raw(" ");
        if (part.envelope) {
            text_.envelope(*part.envelope);
        } else {
            text_.raw(empty_envelope);
        }
        text_.raw(" ");
    }
    void end(const BodyPart& part, bool childless) {
        const bool multipart = is_multipart(part);
        const bool message = is_message(part);
        if (childless && (multipart || message)) {
            text_.raw(empty_text);
            if (extension_) text_.raw(empty_extension);
            text_.raw(")");
        }
        if (multipart) {
            text_.raw(" ");
            text_.string(part.content.subtype);
        } else if (message || part.content.type == "text") {
            text_.raw(" ");
            text_.number(part.lines);
        }
        if (extension_) {
            text_.raw(" ");
            if (multipart) {
                text_.parameters(part.content.parameters);
            } else {
                text_.nstring(part.md5);
            }
            extension_of_both(part);
        }
        text_.raw(")");
    }
    // body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
    void body_fields(const BodyPart& part) {
        text_.parameters(part.content.parameters);
        text_.raw(" ");
        text_.nstring(part.id);
        text_.raw(" ");
        text_.nstring(part.description);
        text_.raw(" ");
        text_.string(part.encoding);
        text_.raw(" ");
        text_.number(part.body.size());
    }
    // body-fld-dsp = "(" string SP body-fld-param ")" / nil
    // body-fld-lang = nstring / "(" string *(SP string) ")", body-fld-loc = nstring
    void extension_of_both(const BodyPart& part) {
        text_.raw(" ");
        if (part.disposition) {
            text_.raw("(");
            text_.string(part.disposition->type);
            text_.raw(" ");
            text_.parameters(part.disposition->parameters);
            text_.raw(")");
        } else {
            text_.nil();
        }
        text_.raw(" ");
        if (part.languages.empty()) {
            text_.nil();
        } else {
            text_.raw("(");
            for (const std::string& language : part.languages) {
                if (&language != part.languages.data()) text_.raw(" ");
                text_.string(language);
            }
            text_.raw(")");
        }
        text_.raw(" ");
        text_.nstring(part.location);
    }

    Text text_;
    const BodyStructure& structure_;
    bool extension_;
};

}  // namespace

void append_envelope(std::string& out, const Envelope& envelope, ImapCharset charset) { Text(out, charset).envelope(envelope); }

void append_body(std::string& out, const BodyStructure& structure, ImapCharset charset) {
    BodyText(out, structure, charset, false).write();
}

void append_body_structure(std::string& out, const BodyStructure& structure, ImapCharset charset) {
    BodyText(out, structure, charset, true).write();
}

void append_string(std::string& out, std::string_view text, ImapCharset charset) { Text(out, charset).string(text); }

}  // namespace packetboat::mime
