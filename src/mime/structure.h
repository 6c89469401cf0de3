#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/index.h"
#include "mime/words.h"

namespace packetboat::mime {

// What IMAP tells of a message: ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, RFC 3501 §7.4.2). Computed once, when a message comes
// in; see index_record.h for how they are kept.
//
// Texts are the bytes of the message: encoded words are not decoded and 8-bit text is as it came. They are unfolded, and NUL goes, for IMAP
// cannot say it. White space in a subject, a description and a display name is one space, as the servers have it.

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
struct EnvelopeAddress {
    // A group is what stands between its beginning, which has its name as `mailbox`, and its end, which has nothing.
    enum class Kind : std::uint8_t { mailbox, group_begin, group_end };
    Kind kind = Kind::mailbox;
    std::string name;
    std::string adl;  // obsolete source route
    std::string mailbox;
    std::string host;  // empty: there was none
    friend bool operator==(const EnvelopeAddress&, const EnvelopeAddress&) = default;
};
using EnvelopeAddresses = std::vector<EnvelopeAddress>;

// Of repeated texts the last counts, and repeated address fields are one, as the servers have it. nullopt: no such field.
struct Envelope {
    std::optional<std::string> date;
    std::optional<std::string> subject;
    EnvelopeAddresses from;
    EnvelopeAddresses sender;    // as `from` where the message has none
    EnvelopeAddresses reply_to;  // the same
    EnvelopeAddresses to;
    EnvelopeAddresses cc;
    EnvelopeAddresses bcc;
    std::optional<std::string> in_reply_to;
    std::optional<std::string> message_id;
    friend bool operator==(const Envelope&, const Envelope&) = default;
};

// A part of the Index with the same number, and what its header says.
struct BodyPart {
    Kind kind = Kind::leaf;
    std::uint32_t end = 0;  // the parts inside of this one are those from the next up to here
    Range header;
    Range body;
    std::uint32_t lines = 0;  // of the body
    RawContent content;       // with the defaults: text/plain, message/rfc822 in a digest, charset us-ascii of a text
    std::string encoding;     // as written; "7bit" where nothing is
    std::optional<std::string> id;
    std::optional<std::string> description;
    std::optional<std::string> md5;
    std::optional<std::string> location;
    std::optional<RawContent> disposition;
    std::vector<std::string> languages;
    std::optional<Envelope> envelope;  // of kind message: that of the message inside
    friend bool operator==(const BodyPart&, const BodyPart&) = default;
};

struct BodyStructure {
    std::vector<BodyPart> parts;  // never empty; parts[0] is the message
    friend bool operator==(const BodyStructure&, const BodyStructure&) = default;
};

Envelope envelope(const Index& index, const Part& part, std::string_view message);
BodyStructure body_structure(const Index& index, std::string_view message);

// How texts that are not ASCII are written.
enum class ImapCharset : std::uint8_t {
    ascii,  // 8-bit text in literals, and parameters in the extended form of RFC 2231 (RFC 3501, RFC 2231 §6)
    utf8,   // UTF-8 in quotes, and parameters decoded, for a client that has enabled IMAP4rev2 or UTF8=ACCEPT (RFC 9051, RFC 6855)
};

// envelope, body without and body with extension data, of the formal syntax of RFC 9051 §9. Where IMAP demands what a message does not
// have, there stands in: an empty text/plain for the parts of a multipart without any, an empty envelope and text for the message in a
// message/rfc822 that is no message, MISSING_MAILBOX and MISSING_DOMAIN in addresses (NIL would mean a group).
void append_envelope(std::string& out, const Envelope& envelope, ImapCharset charset = ImapCharset::ascii);
void append_body(std::string& out, const BodyStructure& structure, ImapCharset charset = ImapCharset::ascii);
void append_body_structure(std::string& out, const BodyStructure& structure, ImapCharset charset = ImapCharset::ascii);

// nstring and string: quoted where that can be, else a literal. What IMAP cannot say (NUL) goes.
void append_string(std::string& out, std::string_view text, ImapCharset charset = ImapCharset::ascii);

}  // namespace packetboat::mime
