#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/content.h"
#include "mime/index.h"

namespace packetboat::mime {

// JMAP's view of a message (RFC 8621 §4.1.4). All text is UTF-8.
struct EmailBodyPart {
    std::uint32_t part = 0;                  // its number in the Index, where its fields are
    std::uint32_t end = 0;                   // its subParts are those of EmailBody::parts from the next up to here
    std::optional<std::string> part_id;      // IMAP's section number, "1.2"; nullopt: a multipart
    Range header;                            // its header fields
    Range body;                              // the blob, as it is encoded
    TransferEncoding encoding{};             // how
    std::uint32_t size = 0;                  // of the decoded blob; 0: not counted (DecodedSizes)
    std::string type = "text/plain";         // lower case
    std::optional<std::string> name;         // the file name
    std::optional<std::string> charset;      // of text; us-ascii where nothing is said
    std::optional<std::string> disposition;  // lower case
    std::optional<std::string> cid;          // without angle brackets
    std::optional<std::string> location;
    std::vector<std::string> language;
    bool flowed = false;  // format=flowed, RFC 3676
    bool delsp = false;

    bool is_multipart() const { return type.starts_with("multipart/"); }
};

struct EmailBody {
    std::vector<EmailBodyPart> parts;  // never empty; parents before children; what is in a message/rfc822 is none of them
    // Numbers in `parts`.
    std::vector<std::uint32_t> text_body;
    std::vector<std::uint32_t> html_body;
    std::vector<std::uint32_t> attachments;
    bool has_attachment = false;  // something to download: no inline part, no picture of an HTML text, no signature
};

// A multipart that cannot be taken apart for want of a boundary is a text/plain. Counting sizes decodes everything.
enum class DecodedSizes : bool { none, counted };
EmailBody email_body(const Index& index, std::string_view message, DecodedSizes sizes = DecodedSizes::counted);

// RFC 8621 §4.1.4, EmailBodyValue.
struct EmailBodyValue {
    std::string value;  // lines end with LF
    bool is_encoding_problem = false;
    bool is_truncated = false;
};
// Of a text part. At most `max_bytes` (0: no limit), cut at a character and, of HTML, outside of tags.
EmailBodyValue body_value(const EmailBodyPart& part, std::string_view message, std::size_t max_bytes = 0);

// Where HTML that is cut at `max_bytes` at the latest may be cut: not inside a tag or comment.
std::size_t html_cut(std::string_view html, std::size_t max_bytes);

}  // namespace packetboat::mime
