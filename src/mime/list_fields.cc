#include <algorithm>

#include "mime/content.h"
#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

constexpr std::size_t uris_max = 100;

std::string without_space(std::string_view text) {
    std::string out = text_of(text);
    std::erase_if(out, [](char c) { return is_space(c) || is_control(c); });
    return out;
}

// What is before the identifier: words, strings and comments, as a name to be shown.
std::string name_of(std::string_view phrase) {
    std::string raw;
    HeaderLexer in(phrase);
    while (!in.at_end()) {
        const bool space = in.skip_space();
        if (in.at_end()) break;
        if (space && !raw.empty()) raw += ' ';
        std::optional<std::string_view> inside;
        if (in.peek() == '"') inside = in.quoted();
        if (in.peek() == '(' && !inside) inside = in.comment();
        if (inside) {
            raw += unescape(*inside);
        } else if (!in.at_end()) {
            raw += in.peek();
            in.skip();
        }
    }
    return without_controls(decode_words(text_of(raw)));
}

}  // namespace

// list-id-header = "List-ID:" [phrase] "<" list-id ">" CRLF            RFC 2919 §3
std::optional<ListId> list_id(std::string_view value) {
    const std::string text = unfold(value);
    const std::size_t open = text.rfind('<');
    if (open != std::string::npos) {
        const std::string_view rest = std::string_view(text).substr(open + 1);
        ListId list{.name = name_of(std::string_view(text).substr(0, open)), .id = without_space(rest.substr(0, rest.find('>')))};
        if (list.id.empty()) return std::nullopt;
        return list;
    }
    // Without brackets the identifier is the last word, and alone most of the time.
    const std::size_t space = text.find_last_of(" \t");
    const std::size_t begin = space == std::string::npos ? 0 : space + 1;
    ListId list{.name = name_of(std::string_view(text).substr(0, begin)), .id = without_space(std::string_view(text).substr(begin))};
    if (list.id.empty()) return std::nullopt;
    return list;
}

// list-header = "<" URL ">" *("," "<" URL ">"), with comments; "NO" is no URL        RFC 2369 §2
std::vector<std::string> list_uris(std::string_view value) {
    std::vector<std::string> bracketed;
    std::vector<std::string> bare;
    HeaderLexer in(value);
    const auto keep = [](std::vector<std::string>& uris, std::string uri) {
        if (!uri.empty() && uris.size() < uris_max) uris.push_back(std::move(uri));
    };
    while (!in.at_end()) {
        in.skip_cfws();
        if (in.take('<')) {
            keep(bracketed, without_space(in.while_([](char c) { return c != '>' && c != '<'; })));
            continue;
        }
        const std::string_view word = in.while_([](char c) { return !is_space(c) && c != ',' && c != '<'; });
        if (word.contains(':')) keep(bare, without_space(word));
        if (word.empty()) in.skip();
    }
    return bracketed.empty() ? bare : bracketed;
}

bool is_one_click(std::string_view value) { return iequals(unfold(value), "List-Unsubscribe=One-Click"); }

}  // namespace packetboat::mime
