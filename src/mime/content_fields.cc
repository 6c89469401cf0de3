#include <algorithm>
#include <array>
#include <utility>

#include "mime/content.h"
#include "mime/header_lexer.h"

namespace packetboat::mime {

namespace {

using enum TransferEncoding;

// encoding = "Content-Transfer-Encoding" ":" mechanism                  RFC 2045 §6.1, and how mechanisms are misspelt
constexpr std::pair<std::string_view, TransferEncoding> mechanisms[] = {
    {"7bit", identity},
    {"8bit", identity},
    {"binary", identity},
    {"7-bit", identity},
    {"8-bit", identity},
    {"7bits", identity},
    {"8bits", identity},
    {"7", identity},
    {"8", identity},
    {"none", identity},
    {"quoted-printable", quoted_printable},
    {"quoted_printable", quoted_printable},
    {"quotedprintable", quoted_printable},
    {"quoted", quoted_printable},
    {"qp", quoted_printable},
    {"base64", base64},
    {"base-64", base64},
    {"base_64", base64},
    {"b64", base64},
    {"uuencode", uuencode},
    {"x-uuencode", uuencode},
    {"uue", uuencode},
    {"x-uue", uuencode},
    {"yenc", yenc},
    {"x-yenc", yenc},
};

}  // namespace

TransferEncoding transfer_encoding(std::string_view value) {
    HeaderLexer in(value);
    in.skip_cfws();
    in.take('"');
    const std::string_view mechanism = in.while_(is_token_char);
    // No mechanism is the default of RFC 2045 §6.1.
    if (mechanism.empty()) return in.at_end() ? identity : unknown;
    const auto* const row = std::ranges::find_if(mechanisms, [&](const auto& one) { return iequals(one.first, mechanism); });
    return row == std::end(mechanisms) ? unknown : row->second;
}

// Content-Language = Language-Tag *("," Language-Tag)                   RFC 3282 §2
std::vector<std::string> content_language(std::string_view value) {
    constexpr std::size_t tags_max = 100;
    const auto is_tag_char = [](char c) { return is_alnum(c) || c == '-'; };
    std::vector<std::string> tags;
    HeaderLexer in(value);
    while (!in.at_end() && tags.size() < tags_max) {
        in.skip_cfws();
        const std::string_view tag = in.while_(is_tag_char);
        if (tag.empty()) {
            in.skip();
        } else {
            tags.emplace_back(tag);
        }
    }
    return tags;
}

}  // namespace packetboat::mime
