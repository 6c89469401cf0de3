#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/limits.h"

namespace packetboat::mime {

// Values are UTF-8: continuations joined, percent and charset decoded (RFC 2231), and encoded words where clients wrongly put them.
struct Parameter {
    std::string name;  // lower case, without * marks
    std::string value;
    friend bool operator==(const Parameter&, const Parameter&) = default;
};

// RFC 2045 §5.1. Type and subtype in lower case. What cannot be read, also a type without its slash, is text/plain (RFC 2045 §5.2). Where
// nothing but the subtype is missing ("text/"), that of unknown ones stands in: text/plain, multipart/mixed, application/octet-stream.
struct ContentType {
    std::string type = "text";
    std::string subtype = "plain";
    std::vector<Parameter> parameters;
    bool understood = false;  // false: it is the default that stands in

    std::string_view parameter(std::string_view name) const;  // lower case; empty when absent
    bool is(std::string_view type, std::string_view subtype) const;
    bool is_multipart() const { return type == "multipart"; }
    friend bool operator==(const ContentType&, const ContentType&) = default;
};

// RFC 2183.
struct ContentDisposition {
    std::string type;  // lower case: "inline", "attachment", …
    std::vector<Parameter> parameters;

    std::string_view parameter(std::string_view name) const;
    friend bool operator==(const ContentDisposition&, const ContentDisposition&) = default;
};

enum class TransferEncoding : unsigned char { identity /* 7bit, 8bit, binary */, quoted_printable, base64, uuencode, yenc, unknown };

ContentType content_type(std::string_view value);
std::optional<ContentDisposition> content_disposition(std::string_view value);
TransferEncoding transfer_encoding(std::string_view value);
std::vector<std::string> content_language(std::string_view value);  // RFC 3282: tags, in order

// The name that a part's file should have: Content-Disposition's filename, else Content-Type's name; decoded, as it was written (it may
// hold path separators: see safe_file_name).
std::string file_name(const ContentType& type, const std::optional<ContentDisposition>& disposition);
// The same made safe to create in a folder: no separators, no leading dots, no control characters, no reserved device names, 200 bytes at
// most, "attachment" when nothing is left.
std::string safe_file_name(std::string_view name);

// "type/subtype; name=value…" as a field value: tokens plain, other ASCII quoted, the rest by RFC 2231 (charset utf-8, continuations where
// longer than a line). Not folded.
std::string serialize(const ContentType& type);
std::string serialize(const ContentDisposition& disposition);

// List-Id's identifier (RFC 2919), and the URIs of the other List- fields (RFC 2369) in order.
struct ListId {
    std::string name;
    std::string id;
};
std::optional<ListId> list_id(std::string_view value);
std::vector<std::string> list_uris(std::string_view value);
// RFC 8058: List-Unsubscribe-Post is "List-Unsubscribe=One-Click".
bool is_one_click(std::string_view value);

}  // namespace packetboat::mime
