#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "mime/limits.h"

namespace packetboat::mime {

// Bytes [begin, end) of the message.
struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    std::uint32_t size() const { return end - begin; }
    bool empty() const { return begin == end; }
    std::string_view of(std::string_view message) const { return message.substr(begin, end - begin); }
    friend bool operator==(const Range&, const Range&) = default;
};

// The fields that somebody asks for by name; the rest is `other`, and found by comparing names.
enum class FieldName : std::uint8_t {
    other,
    return_path,
    received,
    date,
    from,
    sender,
    reply_to,
    to,
    cc,
    bcc,
    subject,
    message_id,
    in_reply_to,
    references,
    mime_version,
    content_type,
    content_transfer_encoding,
    content_disposition,
    content_id,
    content_description,
    content_language,
    content_location,
    content_md5,
    list_id,
    list_unsubscribe,
    list_unsubscribe_post,
    list_post,
    list_help,
    list_subscribe,
    list_owner,
    list_archive,
};

// One header field. `name` without the colon and the white space that old messages have before it; `value` is all after the colon up to,
// not including, its last line end, with the folds still in it.
struct Field {
    Range name;
    Range value;
    FieldName known = FieldName::other;

    Range whole() const { return {name.begin, value.end}; }  // without the line end
};

enum class Kind : std::uint8_t {
    leaf,
    multipart,  // its children are the parts between its boundaries
    message,    // message/rfc822 and message/global: one child, the message inside
};

// A part, or the message itself (parts[0]). Parts stand in the order of their bytes, parents before children: pre-order. What broken mail
// means is what the IMAP servers in use make of it, but for the last two:
// - A multipart without a boundary is a leaf; one whose boundary never occurs has no children. Preamble and epilogue are in its body only.
// - A multipart without its closing delimiter ends where its parent's body does; a delimiter of an outer one ends all inside.
// - A delimiter is a line that begins with "--" and a boundary: the longest of those that are open, the innermost of equal ones, whatever
//   follows on the line. A bare CR ends no line.
// - A message/rfc822 in base64 or quoted-printable is a leaf (RFC 2046 §5.2.1 forbids it).
// - A line that is no field (no colon, or no name before it) ends the header and is body. Before the first field a byte order mark, one
//   mbox line and lines of white space are read over; they are in `header`, and no fields.
struct Part {
    static constexpr std::uint32_t none = 0xffff'ffff;

    Kind kind = Kind::leaf;
    bool header_ended = false;  // by an empty line; false: by the end of the part, or by a line that is no field (its bytes are body then)
    bool boundary_closed = false;  // of a multipart: the closing delimiter was seen
    bool digest = false;           // of a multipart: it is multipart/digest
    bool digest_child = false;     // its parent is multipart/digest: no Content-Type means message/rfc822 (RFC 2046 §5.1.5)
    std::uint32_t depth = 0;       // of nesting; 0 for the message
    std::uint32_t parent = none;
    std::uint32_t next = none;  // its next sibling
    std::uint32_t first_child = none;
    Range header;  // with the empty line that ends it
    Range body;    // without the line end before the next delimiter (RFC 2046 §5.1.1), unless a header or another delimiter has it
    std::uint32_t body_lines = 0;   // line ends in the body (CRLF, LF and bare CR are one each), as IMAP counts lines
    std::uint32_t first_field = 0;  // its fields are fields[first_field, first_field + field_count)
    std::uint32_t field_count = 0;
    Range boundary;  // of a multipart: the boundary's bytes in its Content-Type value, if they stand there as they are and are at most
                     // 80 (of longer ones the first 80 are compared); else empty
};

// What one pass over a message finds. Owns nothing of the message: keep the bytes.
struct Index {
    std::vector<Part> parts;  // never empty
    std::vector<Field> fields;
    bool truncated = false;  // a limit was reached
    bool has_nul = false;    // somewhere
    bool has_8bit_header = false;
    bool has_bare_cr_or_lf = false;

    std::span<const Field> of(const Part& part) const { return {fields.data() + part.first_field, part.field_count}; }
    // The first field of that name: of repeated fields that must be single, mail programs read the first. (IMAP's ENVELOPE has the last of
    // texts, as the servers: see structure.h. To, Cc and Bcc may be repeated: see address_fields.h.)
    const Field* find(const Part& part, FieldName name) const;
    const Field* find(const Part& part, std::string_view message, std::string_view name) const;
};

// Reads the message once. Line ends may be CRLF, LF or mixed, and a line that begins a part's header with "From " or ">From " (mbox) is no
// field. Linear in the bytes whatever they are; memory is bounded by the limits.
Index index(std::string_view message, const Limits& limits = {});

// The header alone, for TOP, filters and traces: one part, a leaf whose body is the rest of the message, its lines not counted. Stops
// reading where the header ends; what is said of the message (has_nul …) is of the header then.
Index index_header(std::string_view message, const Limits& limits = {});

}  // namespace packetboat::mime
