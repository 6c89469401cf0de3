#include "mime/content.h"
#include "mime/header_lexer.h"
#include "mime/parameters.h"

namespace packetboat::mime {

namespace {

// "filename=x" without a type; what the type is nobody knows, and RFC 2183 §2.8 reads an unknown one as an attachment.
constexpr std::string_view type_of_nobody = "attachment";

// disposition = disposition-type *(";" disposition-parm)                RFC 2183 §2
std::string read_type(HeaderLexer& in) {
    in.skip_cfws();
    const std::size_t begin = in.offset();
    const bool quoted = in.take('"');  // some put the type in quotes
    std::string type = lower(in.while_(is_token_char));
    if (quoted) in.take('"');
    in.skip_cfws();
    if (in.peek() == '=') {
        in.go_to(begin);
        type.clear();
    }
    return type;
}

}  // namespace

std::string_view ContentDisposition::parameter(std::string_view name) const { return find_parameter(parameters, name); }

std::optional<ContentDisposition> content_disposition(std::string_view value) {
    HeaderLexer in(value);
    ContentDisposition disposition{.type = read_type(in), .parameters = {}};
    disposition.parameters = read_parameters(in);
    if (disposition.type.empty() && disposition.parameters.empty()) return std::nullopt;
    if (disposition.type.empty()) disposition.type = type_of_nobody;
    return disposition;
}

std::optional<RawContent> raw_content_disposition(std::string_view value) {
    HeaderLexer in(value);
    RawContent disposition{.type = read_type(in), .subtype = {}, .parameters = {}};
    disposition.parameters = read_raw_parameters(in);
    if (disposition.type.empty() && disposition.parameters.empty()) return std::nullopt;
    if (disposition.type.empty()) disposition.type = type_of_nobody;
    return disposition;
}

std::string serialize(const ContentDisposition& disposition) {
    std::string out = is_token(disposition.type) ? disposition.type : "attachment";
    append_parameters(out, disposition.parameters);
    return out;
}

}  // namespace packetboat::mime
