#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "mime/content.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/testing/vectors.h"

// What came with collected messages: the trees, fields and decoded parts that mime4j reads of its own and MIME-tools' messages, the offsets
// that MimeKit has of an mbox, and what its encoders are tested with. All agree, or are named here with the reason why not.
namespace packetboat::mime {

namespace {

namespace fs = std::filesystem;
using testing::Json;
using testing::vector_file;
using Reasons = std::map<std::string_view, std::string_view>;

fs::path vectors() {
    const char* const given = std::getenv("PACKETBOAT_VECTORS");
    return fs::path(given != nullptr ? given : "../shared/vectors") / "mime";
}

std::string with_lf(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
    }
    return out;
}

// The few tags of mime4j's files, as an outline with a line for every field and part.
class XmlOutline {
public:
    // `folder`: where the decoded parts are.
    static std::string of(std::string_view xml, const std::string& folder) {
        XmlOutline outline(xml, folder);
        while (!outline.rest_.empty()) outline.step();
        return outline.out_;
    }

private:
    XmlOutline(std::string_view xml, const std::string& folder) : rest_(xml), folder_(folder) {}

    void step() {
        const std::string text = unescaped(rest_.substr(0, rest_.find('<')));
        rest_.remove_prefix(std::min(rest_.find('<'), rest_.size()));
        if (rest_.empty()) return;
        const std::string_view tag = rest_.substr(1, rest_.find('>') - 1);
        rest_.remove_prefix(std::min(rest_.find('>') + 1, rest_.size()));
        if (tag == "multipart") out_ += "multipart\n";
        if (tag == "/multipart") out_ += "end\n";
        if (tag == "message" && started_) out_ += "message\n";
        started_ |= tag == "message";
        // A line end follows every opening tag.
        if (tag == "/field") out_ += "field " + text.substr(text.starts_with('\n') ? 1 : 0) + "\n";
        if (tag == "/body") out_ += "leaf " + text.substr(text.starts_with('\n') ? 1 : 0) + "\n";
        if (tag.contains("-body name=")) {
            const std::string_view name = tag.substr(tag.find('"') + 1, tag.rfind('"') - tag.find('"') - 1);
            out_ += "leaf " + with_lf(vector_file(folder_ + std::string(name)).value_or("no file")) + "\n";
        }
    }
    static std::string unescaped(std::string_view text) {
        constexpr std::pair<std::string_view, char> entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto found = std::ranges::find_if(entities, [&](const auto& one) { return text.substr(i).starts_with(one.first); });
            if (found == std::end(entities)) {
                out += text[i];
            } else {
                out += found->second;
                i += found->first.size() - 1;
            }
        }
        return with_lf(out);
    }

    std::string_view rest_;
    const std::string& folder_;
    std::string out_;
    bool started_ = false;
};

enum class Leaves : unsigned char { as_they_are, decoded };

void add_outline(std::string& out, const Index& index, std::string_view message, const Part& part, Leaves leaves) {
    for (const Field& field : index.of(part)) out += "field " + with_lf(field.whole().of(message)) + "\n";
    if (part.kind == Kind::leaf) {
        const Field* const encoding = index.find(part, FieldName::content_transfer_encoding);
        const std::string_view body = part.body.of(message);
        const bool decode_it = leaves == Leaves::decoded && encoding != nullptr;
        out += "leaf " + with_lf(decode_it ? decode(transfer_encoding(encoding->value.of(message)), body) : std::string(body)) + "\n";
        return;
    }
    out += part.kind == Kind::multipart ? "multipart\n" : "message\n";
    for (std::uint32_t child = part.first_child; child != Part::none; child = index.parts[child].next) {
        add_outline(out, index, message, index.parts[child], leaves);
    }
    if (part.kind == Kind::multipart) out += "end\n";
}

std::string outline(std::string_view message, Leaves leaves) {
    const Index found = index(message);
    std::string out;
    add_outline(out, found, message, found.parts[0], leaves);
    return out;
}

// From where they differ.
std::string difference(std::string_view ours, std::string_view theirs) {
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(ours, theirs).in1 - ours.begin());
    const std::size_t from = at < 30 ? 0 : at - 30;
    return "\n ours   " + escape_control(std::string(ours.substr(from, 150))) + "\n theirs " +
           escape_control(std::string(theirs.substr(from, 150)));
}

void expect_same(const std::string& name, const std::string& ours, const std::string& theirs, const Reasons& reasons) {
    if (reasons.contains(name)) {
        EXPECT_NE(ours, theirs) << name << " is no longer an exception";
    } else {
        EXPECT_EQ(ours == theirs, true) << name << difference(ours, theirs);
    }
}

// Begin, end of the header, end and lines of every part, in the order of the message; `base` is where it begins in the mbox.
void add_offsets(std::string& out, const Json& part) {
    out += lower(part["mimeType"].text()) + " " + part["beginOffset"].text() + " " + part["headersEndOffset"].text() + " " +
           part["endOffset"].text() + " " + part["lines"].text() + "\n";
    for (const Json& child : part["children"].items()) add_offsets(out, child);
    if (!part["message"].is_null()) add_offsets(out, part["message"]["body"]);
}

std::string offsets(std::string_view message, std::size_t base) {
    const Index found = index(message);
    std::string out;
    for (const Part& part : found.parts) {
        const Field* const field = found.find(part, FieldName::content_type);
        ContentType type = content_type(field == nullptr ? std::string_view() : field->value.of(message));
        if (field == nullptr && part.digest_child) type = content_type("message/rfc822");
        // MimeKit counts a last line without an end, too.
        const std::string_view body = part.body.of(message);
        const std::uint32_t lines = part.body_lines + (body.empty() || body.ends_with('\n') ? 0 : 1);
        out += type.type + "/" + type.subtype + " " + std::to_string(base + part.header.begin) + " " +
               std::to_string(base + part.header.end) + " " + std::to_string(base + part.body.end) + " " + std::to_string(lines) + "\n";
    }
    return out;
}

}  // namespace

TEST(CorpusExpectations, trees_fields_and_parts_are_those_of_mime4j) {
    constexpr std::string_view line_in_header = "a line that is no field ends the header, and is the first of the body; mime4j drops it";
    constexpr std::string_view encoded_message = "an attached message in base64, which RFC 2046 §5.2.1 forbids, is a file";
    constexpr std::string_view long_boundary = "of a boundary longer than 70 characters we compare 80";
    constexpr std::string_view cut_base64 = "base64 that breaks off: we give the whole bytes that its last characters hold";
    const Reasons reasons = {
        {"malformedHeaderStartsBody-nocrlfcrlf.xml", line_in_header},
        {"malformedHeaderStartsBody-nocrlfcrlf_decoded.xml", line_in_header},
        {"malformedHeaderStartsBody-noheader.xml", line_in_header},
        {"malformedHeaderStartsBody-noheader_decoded.xml", line_in_header},
        {"obsolete.xml", line_in_header},
        {"obsolete_decoded.xml", line_in_header},
        {"malformedHeader-noheader.xml", line_in_header},
        {"malformedHeader-noheader_decoded.xml", line_in_header},
        {"malformedHeader-nocrlfcrlf.xml", line_in_header},
        {"malformedHeader-nocrlfcrlf_decoded.xml", line_in_header},
        {"basic-plain-with-bad-header-separator.xml", line_in_header},
        {"basic-plain-with-bad-header-separator_decoded.xml", line_in_header},
        {"hdr-fakeout.xml", line_in_header},
        {"hdr-fakeout_decoded.xml", line_in_header},
        {"base64encoded-rfc822message-nested.xml", encoded_message},
        {"base64encoded-rfc822message-nested_decoded.xml", encoded_message},
        {"base64encoded-rfc822message.xml", encoded_message},
        {"base64encoded-rfc822message_decoded.xml", encoded_message},
        {"bad-newlines-multiple-parts-base64.xml", encoded_message},
        {"bad-newlines-multiple-parts-base64_decoded.xml", encoded_message},
        {"multi-2gifs-base64.xml", encoded_message},
        {"multi-2gifs-base64_decoded.xml", encoded_message},
        {"very-long-boundary.xml", long_boundary},
        {"very-long-boundary_decoded.xml", long_boundary},
        {"very-very-long-boundary.xml", long_boundary},
        {"very-very-long-boundary_decoded.xml", long_boundary},
        {"multi-frag_decoded.xml", cut_base64},
        {"frag_decoded.xml", cut_base64},
    };
    int compared = 0;
    for (const std::string folder : {"mime4j/testmsgs/", "mimetools/mimetools-testmsgs/"}) {
        std::error_code absent;
        for (const fs::directory_entry& file : fs::directory_iterator(vectors() / folder, absent)) {
            if (file.path().extension() != ".msg") continue;
            const std::string stem = file.path().stem().string();
            const std::string path = "mime/" + folder;
            const std::optional<std::string> message = vector_file(path + stem + ".msg");
            const std::optional<std::string> raw = vector_file(path + stem + ".xml");
            const std::optional<std::string> decoded = vector_file(path + stem + "_decoded.xml");
            ASSERT_TRUE(message && raw && decoded) << stem;
            expect_same(stem + ".xml", outline(*message, Leaves::as_they_are), XmlOutline::of(*raw, path), reasons);
            expect_same(stem + "_decoded.xml", outline(*message, Leaves::decoded), XmlOutline::of(*decoded, path), reasons);
            ++compared;
        }
    }
    if (compared == 0) GTEST_SKIP() << "no test vectors";
    std::cout << compared << " messages, " << reasons.size() << " outlines differ for a reason\n";
    EXPECT_EQ(compared, 80);
}

TEST(CorpusExpectations, offsets_in_an_mbox_are_those_of_mimekit) {
    // The header of its attachment has no empty line behind it: the first line that is no field ends it, where MimeKit takes the whole part
    // for a header. And the line end between two delimiters is the first one's (see index.h), which MimeKit gives to the second.
    constexpr std::string_view broken = "a header that nothing ends, and a delimiter right after another";
    const Reasons reasons = {{"issue1189 unix 23", broken}, {"issue1189 dos 23", broken}};
    if (!vector_file("mime/mimekit/mbox/issue1189.mbox.txt")) GTEST_SKIP() << "no test vectors";
    int compared = 0;
    for (const std::string name : {"content-length", "issue1189"}) {
        const std::optional<std::string> mbox = vector_file("mime/mimekit/mbox/" + name + ".mbox.txt");
        ASSERT_TRUE(mbox) << name;
        std::string dos;
        for (const char c : *mbox) dos += c == '\n' ? "\r\n" : std::string(1, c);
        for (const std::string ends : {"unix", "dos"}) {
            const std::string& text = ends == "dos" ? dos : *mbox;
            const std::optional<std::string> expected = vector_file("mime/mimekit/mbox/" + name + "." + ends + "-offsets.json");
            ASSERT_TRUE(expected) << name;
            for (const Json& one : Json::parse(*expected).items()) {
                const auto begin = static_cast<std::size_t>(one["beginOffset"].number());
                const auto end = static_cast<std::size_t>(one["endOffset"].number());
                std::string theirs;
                add_offsets(theirs, one["body"]);
                expect_same(name + " " + ends + " " + one["lineNumber"].text(),
                            offsets(std::string_view(text).substr(begin, end - begin), begin), theirs, reasons);
                ++compared;
            }
        }
    }
    std::cout << compared << " messages, " << reasons.size() << " differ for a reason\n";
    EXPECT_GT(compared, 20);
}

TEST(CorpusExpectations, encoded_files_decode_to_what_they_were_and_back) {
    const std::string folder = "mime/mimekit/encoders/";
    const std::optional<std::string> photo = vector_file(folder + "photo.jpg");
    if (!photo) GTEST_SKIP() << "no test vectors";
    const std::optional<std::string> base64 = vector_file(folder + "photo.b64");
    EXPECT_EQ(decode_base64(*base64) == *photo, true);
    EXPECT_EQ(with_lf(encode_base64(*photo)) == with_lf(*base64), true);
    const std::vector<EncodedFile> files = uuencoded_files(*vector_file(folder + "photo.uu"));
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "photo.jpg");
    EXPECT_EQ(files[0].bytes == *photo, true);
    EXPECT_TRUE(files[0].whole);
    const std::string text = *vector_file(folder + "wikipedia.txt");
    EXPECT_EQ(with_lf(decode_quoted_printable(*vector_file(folder + "wikipedia.qp"))), with_lf(text));
    EXPECT_EQ(with_lf(decode_quoted_printable(encode_quoted_printable(text))), with_lf(text));
}

// message/partial (RFC 2046 §5.2.2) is a leaf to us: a part's body is its piece of the whole, of which the first has the header.
TEST(CorpusExpectations, partial_messages_are_the_pieces_of_the_whole) {
    const std::string folder = "mime/mimekit/partial/";
    if (!vector_file(folder + "rfc2046.eml")) GTEST_SKIP() << "no test vectors";
    for (const auto& [name, count] : {std::pair{"message-partial", 3}, std::pair{"rfc2046", 2}}) {
        std::string pieces;
        for (int i = 0; i < count; ++i) {
            const std::optional<std::string> message = vector_file(folder + name + "." + std::to_string(i) + ".eml");
            ASSERT_TRUE(message) << name << i;
            const Index found = index(*message);
            ASSERT_EQ(found.parts.size(), 1U) << name << i;
            const ContentType type = content_type(found.find(found.parts[0], FieldName::content_type)->value.of(*message));
            EXPECT_EQ(type.type + "/" + type.subtype, "message/partial");
            EXPECT_EQ(type.parameter("number"), std::to_string(i + 1));
            pieces += found.parts[0].body.of(*message);
        }
        const std::string whole = *vector_file(folder + name + ".eml");
        const std::string ours = outline(pieces, Leaves::decoded);
        const std::string theirs = outline(whole, Leaves::decoded);
        // The header is that of the first part's, and some of the one inside; what it is the header of is the same.
        EXPECT_EQ(ours.substr(ours.rfind("multipart\n") == std::string::npos ? ours.find("leaf ") : ours.find("multipart\n")),
                  theirs.substr(theirs.rfind("multipart\n") == std::string::npos ? theirs.find("leaf ") : theirs.find("multipart\n")))
            << name;
    }
}

}  // namespace packetboat::mime
