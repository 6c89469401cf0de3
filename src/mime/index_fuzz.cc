#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "mime/content.h"
#include "mime/index.h"
#include "mime/index_content.h"
#include "mime/testing/plain_index.h"

namespace {

using namespace packetboat::mime;

void require(bool claim) {
    if (!claim) std::abort();
}

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

void same_shape(const Index& a, const Index& b) {
    require(a.parts.size() == b.parts.size() && a.fields.size() == b.fields.size());
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
        require(a.parts[i].kind == b.parts[i].kind && a.parts[i].parent == b.parts[i].parent);
        require(a.parts[i].body_lines == b.parts[i].body_lines && a.parts[i].field_count == b.parts[i].field_count);
    }
}

void common_content_is_what_content_type_says(std::string_view value) {
    const std::optional<PartContent> common = common_part_content(value);
    if (!common) return;
    const ContentType type = content_type(value);
    require((common->kind == Kind::multipart) == type.is_multipart());
    require((common->kind == Kind::message) == (type.is("message", "rfc822") || type.is("message", "global")));
    if (common->kind != Kind::multipart) return;
    require(common->boundary == type.parameter("boundary") && common->digest == (type.subtype == "digest"));
    require(common->boundary_range.of(value) == common->boundary);
}

}  // namespace

// The index is what a plain reader finds, also under small limits; with CRLF for LF it has the same shape; the header alone is that of the
// first part; and what is read fast of a Content-Type is what content_type() reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const Index found = index(message);
    require(testing::difference(found, message).empty());
    const Limits small{.message_max_bytes = 300, .parts_max = 4, .nesting_max = 1, .fields_max = 5};
    require(testing::difference(index(message, small), message, small).empty());

    const Index header = index_header(message);
    require(header.parts.size() == 1 && header.parts[0].header == found.parts[0].header &&
            header.parts[0].field_count == found.parts[0].field_count);
    if (message.find('\r') == std::string_view::npos) same_shape(found, index(with_crlf(message)));

    common_content_is_what_content_type_says(message);
    for (const Field& field : found.fields) {
        if (field.known == FieldName::content_type) common_content_is_what_content_type_says(field.value.of(message));
    }
    return 0;
}
