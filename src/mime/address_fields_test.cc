#include "mime/address_fields.h"

#include <gtest/gtest.h>

#include <string>

#include "mime/reply.h"
#include "mime/structure.h"

namespace packetboat::mime {
namespace {

std::string list_of(std::string_view message, FieldName name) {
    const Index found = index(message);
    return serialize(addresses_of(found, found.parts.front(), message, name));
}

constexpr std::string_view repeated =
    "From: a@example.test\r\nFrom: b@example.test\r\nTo: c@example.test\r\nSubject: x\r\nTo: D <d@example.test>,\r\n crew: "
    "e@example.test;\r\n"
    "Cc:\r\ncc: f@example.test\r\nReply-To: g@example.test\r\nReply-To: h@example.test\r\n\r\nTo: body@example.test\r\n";

TEST(addresses_of, joins_repeated_recipients_and_reads_the_first_author) {
    EXPECT_EQ(list_of(repeated, FieldName::to), "c@example.test, D <d@example.test>, crew: e@example.test;");
    EXPECT_EQ(list_of(repeated, FieldName::cc), "f@example.test");
    EXPECT_EQ(list_of(repeated, FieldName::from), "a@example.test");
    EXPECT_EQ(list_of(repeated, FieldName::reply_to), "g@example.test");
    EXPECT_EQ(list_of(repeated, FieldName::bcc), "");
}

TEST(addresses_of, is_bounded) {
    std::string message;
    for (std::size_t i = 0; i < addresses_max + 5; ++i) message += "To: a@example.test, b@example.test\r\n";
    const Index found = index(message + "\r\n");
    EXPECT_EQ(addresses_of(found, found.parts.front(), message, FieldName::to).size(), addresses_max);
}

TEST(addresses_of, is_who_gets_an_answer_to_all) {
    const Index found = index(repeated);
    const Draft draft =
        reply(found, repeated, {.from = {.local = "me", .domain = "example.test"}, .own = {}, .audience = Audience::everyone});
    EXPECT_EQ(serialize(draft.to), "g@example.test, c@example.test, D <d@example.test>, e@example.test");
    EXPECT_EQ(serialize(draft.cc), "f@example.test");
}

// What IMAP shows has the same recipients.
TEST(addresses_of, agrees_with_the_envelope) {
    const Index found = index(repeated);
    const Envelope told = envelope(found, found.parts.front(), repeated);
    EXPECT_EQ(told.to.size(), 5U);  // with the group's beginning and end
    EXPECT_EQ(told.cc.size(), 1U);
    EXPECT_EQ(told.from.size(), 2U);
}

}  // namespace
}  // namespace packetboat::mime
