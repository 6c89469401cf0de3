#include <algorithm>

#include "mime/content.h"
#include "mime/header_lexer.h"
#include "mime/parameters.h"

namespace packetboat::mime {

namespace {

// What stands in where a type came without a subtype: the subtype that RFC 2046 §4.1.4, §5.1.3 and §4.5.3 have for unknown ones.
std::string subtype_for(std::string& type) {
    if (type == "text") return "plain";
    if (type == "multipart") return "mixed";
    type = "application";
    return "octet-stream";
}

// content = type "/" subtype *(";" parameter)                           RFC 2045 §5.1
// False: there is none, or a part of one.
bool read_media_type(HeaderLexer& in, std::string& type, std::string& subtype) {
    in.skip_cfws();
    const bool quoted = in.take('"');  // some put the whole in quotes
    const std::string first = lower(in.while_(is_token_char));
    in.skip_cfws();
    const bool slash = in.take('/');
    in.skip_cfws();
    const std::string second = slash ? lower(in.while_(is_token_char)) : "";
    if (quoted) in.take('"');
    if (!first.empty() && slash) {
        type = first;
        subtype = second.empty() ? subtype_for(type) : second;
    }
    // "name=value" without a type: the parameters are worth reading.
    in.skip_cfws();
    if (!slash && in.peek() == '=') in.go_to(0);
    return !first.empty() && !second.empty();
}

}  // namespace

std::string_view ContentType::parameter(std::string_view name) const { return find_parameter(parameters, name); }

bool ContentType::is(std::string_view a_type, std::string_view a_subtype) const { return type == a_type && subtype == a_subtype; }

ContentType content_type(std::string_view value) {
    ContentType content;
    HeaderLexer in(value);
    content.understood = read_media_type(in, content.type, content.subtype);
    content.parameters = read_parameters(in);
    return content;
}

RawContent raw_content_type(std::string_view value) {
    RawContent content{.type = "text", .subtype = "plain", .parameters = {}};
    HeaderLexer in(value);
    read_media_type(in, content.type, content.subtype);
    content.parameters = read_raw_parameters(in);
    return content;
}

std::string serialize(const ContentType& type) {
    std::string out = "application/octet-stream";
    if (is_token(type.type) && is_token(type.subtype)) out = type.type + "/" + type.subtype;
    append_parameters(out, type.parameters);
    return out;
}

}  // namespace packetboat::mime
