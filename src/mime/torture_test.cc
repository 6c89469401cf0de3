#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mime/content.h"
#include "mime/decode.h"
#include "mime/index.h"
#include "mime/testing/vectors.h"
#include "mime/text.h"

// Mark Crispin's torture test: multiparts and messages in each other, in every encoding of its time.
namespace packetboat::mime {

namespace {

// Of leaves: how many bytes they have, decoded, and how their SHA-256 begins. Python's email package decodes all but one to the same; of
// that one it keeps white space at the end of quoted-printable lines, which RFC 2045 §6.7 (3) has removed.
struct Expected {
    std::uint32_t depth;
    std::string_view type;
    std::size_t size;
    std::string_view sha256;
};

constexpr Expected expected[] = {
    {0, "multipart/mixed", 0, ""},
    {1, "text/plain", 187, "b1bc24939e14beaa"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/alternative", 0, ""},
    {3, "text/plain", 751, "c6c1a7ee138926fe"},
    {3, "multipart/mixed", 0, ""},
    {4, "text/richtext", 862, "37d170637b65f1ac"},
    {3, "application/andrew-inset", 890, "ac3d34760cb0f293"},
    {1, "message/rfc822", 0, ""},
    {2, "audio/basic", 409600, "586f47ebdc868c8f"},
    {1, "audio/basic", 26476, "8df413c8a3649c68"},
    {1, "image/pbm", 1324, "36d359f73bed1982"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/mixed", 0, ""},
    {3, "multipart/mixed", 0, ""},
    {4, "text/plain", 715, "289c6401a6f28109"},
    {4, "audio/x-sun", 22964, "45ae0509921d03c8"},
    {3, "multipart/mixed", 0, ""},
    {4, "image/gif", 18971, "7b97bba0938a9c1e"},
    {4, "image/gif", 13619, "c7693147a70b1f14"},
    {4, "application/x-be2", 43689, "2abe669091847504"},
    {4, "application/atomicmail", 8846, "5f9eb0a36ce31741"},
    {3, "audio/x-sun", 34894, "f279468f67c24819"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/mixed", 0, ""},
    {3, "text/plain", 21, "dc4d797e9340c5da"},
    {3, "image/pgm", 62479, "7f7f6a1f43aad5b5"},
    {3, "text/plain", 259, "9d8bb615c9caf352"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/mixed", 0, ""},
    {3, "text/plain", 1220, "f85dfe11b365170d"},
    {3, "image/pbm", 53211, "1c725dbcbe1a6981"},
    {1, "message/rfc822", 0, ""},
    {2, "application/postscript", 390733, "ff715e75805d04da"},
    {1, "image/gif", 33318, "d2d255741fff2c10"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/mixed", 0, ""},
    {3, "audio/basic", 29652, "582273bad722a745"},
    {3, "audio/basic", 29652, "582273bad722a745"},
    {1, "message/rfc822", 0, ""},
    {2, "multipart/mixed", 0, ""},
    {3, "application/postscript", 38717, "40f73c0ad861ffea"},
    {3, "text/plain", 13448, "ccec8fb1a29891b1"},
    {3, "message/rfc822", 0, ""},
    {4, "multipart/mixed", 0, ""},
    {5, "text/plain", 312, "6a5902a2123b3b29"},
    {5, "multipart/parallel", 0, ""},
    {6, "image/gif", 2432, "a8af20633c9f4317"},
    {6, "audio/basic", 116319, "a238688ddb00ba92"},
    {5, "application/atomicmail", 4729, "25be01ff307b296a"},
    {5, "message/rfc822", 0, ""},
    {6, "audio/x-sun", 55226, "f5d0f31c4355595b"},
};

std::string sha256_begin(std::string_view bytes) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
    std::string out;
    for (int i = 0; i < 8; ++i) out += fmt::format("{:02x}", digest[i]);
    return out;
}

}  // namespace

TEST(Torture, every_part_is_found_and_decoded) {
    const std::optional<std::string> message = testing::vector_file("mime/flanker/messages/torture.eml");
    if (!message) GTEST_SKIP() << "the torture test is not here";
    const Index found = index(*message);
    EXPECT_FALSE(found.truncated);
    ASSERT_EQ(found.parts.size(), std::size(expected));
    const auto value = [&](const Part& part, FieldName name) {
        const Field* const field = found.find(part, name);
        return field == nullptr ? std::string_view() : field->value.of(*message);
    };
    EXPECT_EQ(unstructured(value(found.parts[0], FieldName::subject)), "Multi-media mail demonstration");
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        const Part& part = found.parts[i];
        const ContentType type = content_type(value(part, FieldName::content_type));
        EXPECT_EQ(part.depth, expected[i].depth) << i;
        EXPECT_EQ(type.type + "/" + type.subtype, expected[i].type) << i;
        if (part.kind != Kind::leaf) {
            EXPECT_NE(part.first_child, Part::none) << i;
            continue;
        }
        const std::string bytes = decode(transfer_encoding(value(part, FieldName::content_transfer_encoding)), part.body.of(*message));
        EXPECT_EQ(bytes.size(), expected[i].size) << i;
        EXPECT_EQ(sha256_begin(bytes), expected[i].sha256) << i;
    }
}

}  // namespace packetboat::mime
