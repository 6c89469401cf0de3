#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "mime/body_parts.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/testing/vectors.h"
#include "mime/text.h"

// Where parts and fields begin and end, and what they say, beside the mail-parser library's own expectations for its corpus, broken
// messages as well, with LF and with CRLF: all agree, or are named here with the reason why not.
namespace packetboat::mime {

namespace {

namespace fs = std::filesystem;
using testing::Json;

enum Aspect : unsigned char { parts, fields, values, contents, kinds };
constexpr std::string_view aspect_names[] = {"parts", "fields", "values", "contents"};

struct Row {
    std::string_view file;
    Aspect kind;
    int times;  // of its two forms, so many differ
    std::string_view reason;
};

constexpr std::string_view raw_8bit = "raw bytes beyond ASCII that are no UTF-8 are windows-1252, not U+FFFD";
constexpr std::string_view uuencoded = "a part in uuencode is decoded";
constexpr std::string_view bare_cr = "a CR before a CRLF: a line end in a text to us, and lost in one of their two forms of the message";
constexpr std::string_view delimiters =
    "whatever follows a boundary on its line, it is a delimiter, of the innermost open multipart, as for Dovecot";
constexpr std::string_view outer_ends_inner = "a delimiter of an outer multipart ends the one inside";
constexpr std::string_view empty_part = "a delimiter as the last line begins an empty part";
constexpr std::string_view header_end = "fuzzed: a line that is no field ends the header";
constexpr std::string_view repeated_type = "of two Content-Type fields the first counts";
constexpr std::string_view part_end = "a part ends where the line of the next delimiter begins, and only there";
constexpr std::string_view line_end = "the line end between two delimiters is the first one's (see index.h)";
constexpr std::string_view as_others = "parts that they leave in the one before; GMime and Python's email find them, too";
constexpr std::string_view no_parts = "a multipart whose boundary never occurs has a preamble only";
constexpr std::string_view no_base64 = "what is no base64, or stands behind its end, is skipped or read on; they give the encoded text";
constexpr std::string_view encoded_message = "an attached message in base64, which RFC 2046 §5.2.1 forbids, is a file";

constexpr Row rows[] = {
    {"legacy/010", values, 2, raw_8bit},
    {"legacy/020", values, 2, raw_8bit},
    {"legacy/022", values, 2, raw_8bit},
    {"legacy/027", values, 2, raw_8bit},
    {"legacy/052", values, 2, raw_8bit},
    {"legacy/052", contents, 2, raw_8bit},
    {"legacy/017", contents, 2, uuencoded},
    {"legacy/026", contents, 2, uuencoded},
    {"legacy/048", contents, 2, uuencoded},
    {"legacy/045", contents, 2, bare_cr},
    {"legacy/049", parts, 1, bare_cr},
    {"malformed/000", parts, 2, delimiters},
    {"malformed/001", parts, 2, delimiters},
    {"malformed/004", parts, 2, delimiters},
    {"malformed/007", parts, 2, delimiters},
    {"malformed/008", parts, 2, delimiters},
    {"malformed/016", parts, 2, delimiters},
    {"malformed/009", parts, 2, outer_ends_inner},
    {"malformed/011", parts, 2, outer_ends_inner},
    {"malformed/012", parts, 2, outer_ends_inner},
    {"malformed/013", parts, 2, empty_part},
    {"malformed/014", parts, 2, empty_part},
    {"malformed/019", parts, 2, header_end},
    {"malformed/020", parts, 2, repeated_type},
    {"malformed/021", parts, 2, repeated_type},
    {"malformed/022", parts, 2, part_end},
    {"thirdparty/005", parts, 2, part_end},
    {"thirdparty/007", parts, 2, line_end},
    {"thirdparty/015", parts, 2, as_others},
    {"malformed/002", contents, 2, no_parts},
    {"rfc/000", contents, 2, no_base64},
    {"thirdparty/002", contents, 2, no_base64},
    {"rfc/008", contents, 2, encoded_message},
};

std::string with_lf(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
    }
    return out;
}

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : with_lf(text)) out += c == '\n' ? "\r\n" : std::string(1, c);
    return out;
}

std::uint32_t after_line_end(std::string_view message, std::uint32_t at) {
    if (message.substr(at).starts_with("\r\n")) return at + 2;
    return at < message.size() ? at + 1 : at;
}

std::string text_of(std::uint32_t number) { return std::to_string(number); }

using Texts = std::array<std::string, kinds>;

// Of the parts of the message itself, not of those in messages that it has.
Texts ours(std::string_view message) {
    Texts out;
    const Index found = index(message);
    const EmailBody body = email_body(found, message);
    std::uint32_t number = 0;
    std::optional<std::uint32_t> inside;  // what is deeper is of an inner message
    for (const Part& part : found.parts) {
        if (inside && part.depth > *inside) continue;
        inside = part.kind == Kind::message ? std::optional(part.depth) : std::nullopt;
        out[parts] += text_of(part.header.begin) + " " + text_of(part.header.end) + " " + text_of(part.body.end) + "\n";
        for (const Field& field : found.of(part)) {
            out[fields] += text_of(field.name.begin) + " " + text_of(field.value.begin) + " " +
                           text_of(after_line_end(message, field.value.end)) + "\n";
            if (field.known == FieldName::subject) out[values] += unstructured(field.value.of(message)) + "\n";
        }
        if (part.kind == Kind::leaf && number < body.parts.size()) {
            const EmailBodyPart& one = body.parts[number];
            const bool is_text = one.type.starts_with("text/");
            out[contents] += with_lf(is_text ? body_value(one, message).value : decode(one.encoding, one.body.of(message))) + "\n";
        }
        ++number;
    }
    return out;
}

std::string bytes_of(const Json& numbers) {
    std::string out;
    for (const Json& number : numbers.items()) out += static_cast<char>(number.number());
    return out;
}

Texts theirs(const Json& json) {
    Texts out;
    for (const Json& part : json["parts"].items()) {
        out[parts] += part["offset_header"].text() + " " + part["offset_body"].text() + " " + part["offset_end"].text() + "\n";
        for (const Json& field : part["headers"].items()) {
            out[fields] += field["offset_field"].text() + " " + field["offset_start"].text() + " " + field["offset_end"].text() + "\n";
            if (field["name"].text() == "subject") out[values] += field["value"]["Text"].text() + "\n";
        }
        const Json& body = part["body"];
        for (const std::string_view kind : {"Text", "Html"}) {
            if (body[kind].is_text()) out[contents] += with_lf(body[kind].text()) + "\n";
        }
        for (const std::string_view kind : {"Binary", "InlineBinary"}) {
            if (!body[kind].is_null()) out[contents] += with_lf(bytes_of(body[kind])) + "\n";
        }
    }
    return out;
}

std::string difference(std::string_view ours, std::string_view theirs) {
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(ours, theirs).in1 - ours.begin());
    const std::size_t from = at < 30 ? 0 : at - 30;
    return "\n ours   " + escape_control(std::string(ours.substr(from, 120))) + "\n theirs " +
           escape_control(std::string(theirs.substr(from, 120)));
}

}  // namespace

TEST(CorpusOffsets, parts_fields_and_contents_are_where_another_implementation_has_them) {
    const char* const given = std::getenv("PACKETBOAT_VECTORS");
    const fs::path folder = fs::path(given != nullptr ? given : "../shared/vectors") / "mime/mail-parser/eml";
    if (!fs::exists(folder)) GTEST_SKIP() << "no test vectors";
    std::map<std::pair<std::string, Aspect>, int> differing;
    std::map<std::pair<std::string, Aspect>, std::string> shown;
    std::array<int, kinds> agreed{};
    int compared = 0;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(folder)) {
        if (file.path().extension() != ".eml") continue;
        const std::string stem = fs::relative(file.path(), folder).replace_extension().string();
        const std::optional<std::string> message = testing::vector_file("mime/mail-parser/eml/" + stem + ".eml");
        for (const std::string form : {".json", ".crlf.json"}) {
            const std::optional<std::string> expected = testing::vector_file("mime/mail-parser/eml/" + stem + form);
            ASSERT_TRUE(message && expected) << stem;
            const Texts our = ours(form == ".json" ? with_lf(*message) : with_crlf(*message));
            const Texts their = theirs(Json::parse(*expected));
            ++compared;
            for (const Aspect kind : {parts, fields, values, contents}) {
                if (our[kind] == their[kind]) {
                    ++agreed[kind];
                    continue;
                }
                ++differing[{stem, kind}];
                shown[{stem, kind}] = difference(our[kind], their[kind]);
                if (kind == parts) break;  // what follows would compare one part with another
            }
        }
    }
    for (const Row& row : rows) {
        const auto found = differing.find({std::string(row.file), row.kind});
        EXPECT_EQ(found == differing.end() ? 0 : found->second, row.times) << row.file << " " << aspect_names[row.kind];
    }
    for (const auto& [what, times] : differing) {
        const bool named = std::ranges::any_of(rows, [&](const Row& row) { return row.file == what.first && row.kind == what.second; });
        EXPECT_TRUE(named) << what.first << " " << aspect_names[what.second] << " " << times << shown[what];
    }
    std::cout << compared << " files, alike: " << agreed[parts] << " parts, " << agreed[fields] << " fields, " << agreed[values]
              << " values, " << agreed[contents] << " contents\n";
    EXPECT_EQ(compared, 214);
}

}  // namespace packetboat::mime
