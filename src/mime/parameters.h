#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/content.h"
#include "mime/header_lexer.h"
#include "mime/words.h"

namespace packetboat::mime {

// *(";" parameter) of RFC 2045 §5.1 with the continuations and charsets of RFC 2231, as the major clients read it: semicolons may be
// missing, values unquoted. At most parameters_max are read.
std::vector<Parameter> read_parameters(HeaderLexer& in);

std::vector<RawParameter> read_raw_parameters(HeaderLexer& in);

// The same as content_type() and content_disposition(), with raw values.
RawContent raw_content_type(std::string_view value);
std::optional<RawContent> raw_content_disposition(std::string_view value);

// "; name=value" for each, as few marks as its value needs.
void append_parameters(std::string& out, const std::vector<Parameter>& parameters);

std::string_view find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

}  // namespace packetboat::mime
