#include "mime/index_record.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "mime/testing/generator.h"

namespace packetboat::mime {

namespace {

constexpr std::string_view sample =
    "From: A <a@b.example>\r\nTo: Group: c@d.example;\r\nSubject: Re: x\r\nDate: Tue, 24 Nov 2026 08:01:42 +0100\r\n"
    "Message-ID: <1@b.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nHello\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext\r\n"
    "--b\r\nContent-Type: application/pdf; name*=utf-8''%C3%A4.pdf\r\nContent-Disposition: attachment\r\nContent-Language: de\r\n\r\nx\r\n"
    "--b--\r\n";

}  // namespace

TEST(IndexRecord, comes_back_as_it_was) {
    const IndexRecord record = index_record(index(sample), sample);
    EXPECT_EQ(record.size_bytes, sample.size());
    EXPECT_TRUE(record.has_attachment);
    EXPECT_EQ(record.preview, "Hello");
    EXPECT_EQ(record.sent->seconds, 1795503702);
    EXPECT_EQ(record.thread.subject, "x");
    EXPECT_EQ(record.structure.parts.size(), 5U);
    const Result<IndexRecord> back = decode_index_record(encode(record));
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(*back, record);
}

TEST(IndexRecord, every_beginning_of_it_and_every_changed_byte_is_refused_or_sound) {
    const std::string stored = encode(index_record(index(sample), sample));
    for (std::size_t size = 0; size < stored.size(); ++size) EXPECT_FALSE(decode_index_record(stored.substr(0, size)));
    EXPECT_FALSE(decode_index_record(stored + "x"));
    for (std::size_t at = 0; at < stored.size(); ++at) {
        std::string changed = stored;
        changed[at] = static_cast<char>(changed[at] ^ 0x41);
        const Result<IndexRecord> record = decode_index_record(changed);
        if (!record) continue;
        for (const BodyPart& part : record->structure.parts) EXPECT_LE(part.body.end, record->size_bytes);
    }
}

TEST(IndexRecord, of_realistic_messages_is_small) {
    testing::Generator generator(7);
    std::size_t stored_bytes = 0;
    constexpr int messages = 200;
    for (int i = 0; i < messages; ++i) {
        const std::string_view message = generator.next();
        const IndexRecord record = index_record(index(message), message);
        const std::string stored = encode(record);
        const Result<IndexRecord> back = decode_index_record(stored);
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, record);
        stored_bytes += stored.size();
    }
    EXPECT_LT(stored_bytes / messages, 2'000U);
}

}  // namespace packetboat::mime
