#include <algorithm>

#include "mime/header_lexer.h"
#include "mime/text.h"

namespace packetboat::mime {

namespace {

// msg-id = "<" id-left "@" id-right ">"                                 RFC 5322 §3.6.4
// Taken as it is but for white space, which is a fold's; parentheses are no comment, for "host.(none)" is seen in ids, and an id that is
// answered must be repeated as it was. The ">" may be missing. At the "<".
std::string bracketed(HeaderLexer& in) {
    in.while_([](char c) { return c == '<' || is_space(c); });
    std::string id;
    const std::size_t begin = in.offset();
    if (in.peek() == '"' && in.quoted()) id = unfold(in.slice(begin, in.offset()));
    std::string_view rest = in.while_([](char c) { return c != '<' && c != '>'; });
    // Never closed: what follows the first white space belongs to something else.
    if (!in.take('>')) rest = rest.substr(0, std::min(rest.size(), rest.find_first_of(" \t\r\n")));
    std::ranges::remove_copy_if(rest, std::back_inserter(id), [](char c) { return is_space(c); });
    return without_controls(text_of(id));
}

// A thread's beginning and its end say most.
void drop_the_middle(std::vector<std::string>& ids) {
    const auto half = static_cast<std::ptrdiff_t>(message_ids_max / 2);
    if (ids.size() > message_ids_max) ids.erase(ids.begin() + half, ids.end() - half);
}
void keep(std::vector<std::string>& ids, std::string id) {
    if (id.empty()) return;
    if (ids.size() == 2 * message_ids_max) drop_the_middle(ids);
    ids.push_back(std::move(id));
}

// Old In-Reply-To fields have phrases: "Your message of Monday" is no id, where "abc@host" or a word alone may be.
std::vector<std::string> bare_ids(std::string_view value) {
    std::vector<std::string> words;
    std::vector<std::string> ids;
    HeaderLexer in(value);
    while (!in.at_end()) {
        in.skip_cfws();
        const std::string_view word = in.while_([](char c) { return !is_space(c) && c != ',' && c != ';' && c != '(' && c != '"'; });
        if (word.empty()) {
            if (in.peek() != '"' || !in.quoted()) in.skip();
            continue;
        }
        std::string id = without_controls(text_of(word));
        if (id.empty()) continue;
        if (words.size() < 2) words.push_back(id);
        if (id.contains('@')) keep(ids, std::move(id));
    }
    return ids.empty() && words.size() == 1 ? words : ids;
}

}  // namespace

std::vector<std::string> message_ids(std::string_view value) {
    std::vector<std::string> ids;
    HeaderLexer in(value);
    bool brackets = false;
    while (!in.at_end()) {
        in.skip_cfws();
        if (in.peek() == '<') {
            brackets = true;
            keep(ids, bracketed(in));
        } else if (in.peek() != '"' || !in.quoted()) {
            in.skip();
        }
    }
    if (!brackets) ids = bare_ids(value);
    drop_the_middle(ids);
    return ids;
}

}  // namespace packetboat::mime
