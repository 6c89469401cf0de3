#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "base/text.h"
#include "mime/charset.h"
#include "mime/index.h"
#include "mime/structure.h"
#include "mime/testing/imap_text.h"
#include "mime/testing/vectors.h"

// ENVELOPE and BODYSTRUCTURE beside what Dovecot and Cyrus answered for the same messages.
namespace packetboat::mime {

namespace {

using testing::Json;

// Rows on which the two agree and we differ, and why.
using Reasons = std::map<std::string_view, std::string_view>;
const Reasons envelope_reasons = {
    {"mime/mimekit/messages/feedback-report.txt", "a byte order mark before the first field is not of its name, which is From"},
};
const Reasons structure_reasons = {
    {"mime/mimetools/mimetools-testmsgs/multi-2evil.msg", "the backslashes of a Windows path are no escapes"},
    {"mime/mail-parser/eml/legacy/035.eml", "the backslashes of a Windows path are no escapes"},
    {"mime/mail-parser/eml/legacy/039.eml", "the backslashes of a Windows path are no escapes"},
    {"mime/mail-parser/eml/legacy/049.eml", "it ends with a bare CR, to which the servers add an LF when they take it in: one byte more"},
    {"mime/ruby-mail/emails/error_emails/content_transfer_encoding_qp_with_space.eml",
     "\"quoted printable\" is what a client shall decode"},
    {"mime/ruby-mail/emails/error_emails/content_transfer_encoding_with_semi_colon.eml", "\"quoted-printable;\" is"},
    {"mime/flanker/messages/enclosed-global.eml", "message/global is a message with an envelope (RFC 9051 §7.5.2), which they do not know"},
};

// As the servers store it: CRLF for LF.
std::string with_crlf(std::string_view message) {
    std::string out;
    for (const char c : message) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

// A recorded answer on one line. Types, parameter names and domains count in any case, and are the only texts of which nobody cares for the
// case here.
std::string line_of(const Json& answer) {
    if (answer.is_text()) {
        const std::string text = answer.text();
        return text.starts_with("s:") ? "\"" + text.substr(2) + "\"" : text;
    }
    std::string out = "(";
    for (const Json& item : answer.items()) out += (out.size() > 1 ? " " : "") + line_of(item);
    return out + ")";
}

struct Count {
    int rows = 0;
    int agreeing = 0;
    int equal = 0;  // of those on which they agree
    int dovecot = 0;
    int cyrus = 0;
};

void compare(const Json& row, std::string_view what, std::string_view flag, std::string_view text, const Reasons& reasons, Count& count) {
    const std::string ours = lower(valid_utf8(text));  // as the answers were recorded
    const std::string file = row["file"].text();
    const Json& of_dovecot = row["dovecot"][what];
    const Json& of_cyrus = row["cyrus"][what];
    const std::string dovecot = lower(line_of(of_dovecot));
    const std::string cyrus = lower(line_of(of_cyrus));
    ++count.rows;
    if (ours == dovecot) ++count.dovecot;
    if (ours == cyrus) ++count.cyrus;
    if (!row[flag].is_true()) return;
    ++count.agreeing;
    if (ours == dovecot) ++count.equal;
    if (reasons.contains(file)) {
        EXPECT_NE(ours, dovecot) << file << " is no longer an exception";
    } else {
        EXPECT_EQ(ours, dovecot) << file;
    }
}

void print(std::string_view what, const Count& count) {
    std::cout << what << ": " << count.equal << " of " << count.agreeing << " equal where Dovecot and Cyrus agree; of " << count.rows
              << " in all, " << count.dovecot << " as Dovecot, " << count.cyrus << " as Cyrus\n";
}

}  // namespace

TEST(StructureReference, envelope_and_body_structure_are_those_of_dovecot_and_cyrus) {
    const std::optional<std::string> reference = testing::vector_file("imap/bodystructure-envelope.reference.json");
    if (!reference) GTEST_SKIP() << "no test vectors";
    Count envelopes;
    Count structures;
    for (const Json& row : Json::parse(*reference).items()) {
        const std::optional<std::string> file = testing::vector_file(row["file"].text());
        if (!file) continue;
        const std::string message = with_crlf(*file);
        const Index index = mime::index(message);
        std::string text;
        append_envelope(text, envelope(index, index.parts[0], message), ImapCharset::utf8);
        const std::optional<testing::ImapValue> ours = testing::parse_imap(text);
        ASSERT_TRUE(ours && testing::parse_envelope(*ours)) << text;
        compare(row, "ENVELOPE", "agree_envelope", testing::to_string(*ours), envelope_reasons, envelopes);

        text.clear();
        append_body_structure(text, body_structure(index, message), ImapCharset::utf8);
        const std::optional<testing::ImapValue> body = testing::parse_imap(text);
        ASSERT_TRUE(body) << text;
        EXPECT_EQ(testing::body_mistake(*body, true), "");
        compare(row, "BODYSTRUCTURE", "agree_bodystructure", testing::to_string(*body), structure_reasons, structures);
    }
    print("ENVELOPE", envelopes);
    print("BODYSTRUCTURE", structures);
}

}  // namespace packetboat::mime
