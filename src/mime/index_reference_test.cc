#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/content.h"
#include "mime/index.h"

// The part tree beside the BODYSTRUCTURE that Dovecot and Cyrus answered for the same messages, where the two agree.
namespace packetboat::mime {

namespace {

namespace fs = std::filesystem;

// Rows where we differ, and why.
const std::map<std::string_view, std::string_view> ours_is_meant = {
    {"mime/mime4j/testmsgs/bad-newlines-multiple-parts-base64.msg", "a message/rfc822 in base64 is a leaf: RFC 2046 §5.2.1 forbids it"},
    {"mime/mime4j/testmsgs/base64encoded-rfc822message-nested.msg", "a message/rfc822 in base64"},
    {"mime/mime4j/testmsgs/base64encoded-rfc822message.msg", "a message/rfc822 in base64"},
    {"mime/mimetools/mimetools-testmsgs/multi-2gifs-base64.msg", "a message/rfc822 in base64"},
    {"mime/mail-parser/eml/legacy/049.eml", "it ends with a bare CR, to which the servers add an LF when they take it in: one byte more"},
    {"mime/flanker/messages/enclosed-global.eml",
     "message/global is a message (RFC 6532 §3.7, RFC 9051 §7.5.2), which these servers do not know"},
};

fs::path vectors() {
    const char* const set = std::getenv("PACKETBOAT_VECTORS");
    return set != nullptr ? fs::path(set) : fs::path("../shared/vectors");
}

// As the servers store it: CRLF for LF.
std::string read_stored(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string out;
    for (auto at = std::istreambuf_iterator<char>(file); at != std::istreambuf_iterator<char>(); ++at) {
        if (*at == '\n' && !out.ends_with('\r')) out += '\r';
        out += *at;
    }
    return out;
}

// A line a part: depth, type, octets, lines. Octets are not given for multiparts, and lines only for text and messages, as IMAP tells them.
std::string part_line(int depth, std::string_view type, std::string_view octets = {}, std::string_view lines = {}) {
    std::string out(static_cast<std::size_t>(depth) * 2, ' ');
    out += lower(type);
    if (!octets.empty()) (out += " ") += octets;
    if (!lines.empty()) (out += " ") += lines;
    return out + "\n";
}

std::string our_tree(const Index& index, std::string_view message, std::uint32_t number, int depth) {
    const Part& part = index.parts[number];
    const Field* field = index.find(part, FieldName::content_type);
    const ContentType type = content_type(field != nullptr    ? field->value.of(message)
                                          : part.digest_child ? "message/rfc822"
                                                              : "text/plain");
    std::string out;
    if (part.kind == Kind::multipart) {
        out = part_line(depth, "multipart/" + type.subtype);
        // IMAP has no multipart without a part: the servers make up an empty text.
        if (part.first_child == Part::none) return out + part_line(depth + 1, "text/plain", "0", "0");
    } else {
        const bool has_lines = part.kind == Kind::message || type.type == "text";
        out = part_line(depth, type.type + "/" + type.subtype, std::to_string(part.body.size()),
                        has_lines ? std::to_string(part.body_lines) : "");
    }
    for (std::uint32_t child = part.first_child; child != Part::none; child = index.parts[child].next) {
        out += our_tree(index, message, child, depth + 1);
    }
    return out;
}

std::string_view text_of(simdjson::dom::element element) {
    const std::string_view text = element.get_string();
    return text.starts_with("s:") ? text.substr(2) : text;
}

// body = media-type SP parameters SP id SP description SP encoding SP octets …              RFC 9051 §9
std::string their_tree(simdjson::dom::array body, int depth) {
    if (body.at(0).is_array()) {
        std::string children;
        for (const simdjson::dom::element element : body) {
            if (!element.is_array()) return part_line(depth, "multipart/" + std::string(text_of(element))) + children;
            children += their_tree(element, depth + 1);
        }
        return children;
    }
    const std::string type = lower(text_of(body.at(0))) + "/" + lower(text_of(body.at(1)));
    const std::string_view octets = text_of(body.at(6));
    if (type == "message/rfc822") return part_line(depth, type, octets, text_of(body.at(9))) + their_tree(body.at(8), depth + 1);
    return part_line(depth, type, octets, type.starts_with("text/") ? text_of(body.at(7)) : "");
}

}  // namespace

TEST(IndexReference, the_part_tree_is_the_one_that_dovecot_and_cyrus_agree_on) {
    const fs::path folder = vectors();
    const fs::path reference = folder / "imap/bodystructure-envelope.reference.json";
    if (!fs::exists(reference)) GTEST_SKIP() << "no test vectors in " << folder;
    simdjson::dom::parser parser;
    const simdjson::dom::array rows = parser.load(reference.string()).get_array();
    int compared = 0;
    for (const simdjson::dom::element row : rows) {
        bool agree = false;
        if (row["agree_bodystructure"].get(agree) != simdjson::SUCCESS || !agree) continue;
        const std::string_view file = row["file"];
        if (!fs::exists(folder / file)) continue;
        const std::string message = read_stored(folder / file);
        const std::string ours = our_tree(index(message), message, 0, 0);
        const std::string theirs = their_tree(row["dovecot"]["BODYSTRUCTURE"], 0);
        ++compared;
        if (ours_is_meant.contains(file)) {
            EXPECT_NE(ours, theirs) << file << " is no longer an exception";
        } else {
            EXPECT_EQ(ours, theirs) << file;
        }
    }
    EXPECT_GT(compared, 250);
}

}  // namespace packetboat::mime
