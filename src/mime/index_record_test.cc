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

TEST(IndexRecord, is_bounded_whatever_the_message) {
    std::string parts = "Subject: many\r\nMessage-ID: <1@b.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 9'000; ++i) parts += "--b\r\nContent-Type: image/png; name=picture-of-the-sea.png\r\n\r\nx\r\n";
    const IndexRecord many_parts = index_record(index(parts), parts);
    const std::string stored = encode(many_parts);
    EXPECT_LE(stored.size(), index_record_max_bytes);
    const Result<IndexRecord> back = decode_index_record(stored);
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->structure_left_out);
    EXPECT_TRUE(back->structure.parts.empty());
    EXPECT_FALSE(back->envelope_left_out);
    EXPECT_EQ(back->envelope, many_parts.envelope);
    EXPECT_EQ(back->preview, many_parts.preview);
    EXPECT_EQ(encode(*back), stored);

    std::string fields = "Subject: " + std::string(1'000'000, 's') + "\r\nTo: ";
    for (int i = 0; i < 5'000; ++i) fields += "somebody" + std::to_string(i) + "@example.test,\r\n ";
    fields += "end@example.test\r\nMessage-ID: <1@b.example>\r\nReferences: ";
    for (int i = 0; i < 1'000; ++i) fields += "<" + std::string(500, 'r') + std::to_string(i) + "@example.test>\r\n ";
    fields += "<" + std::string(1'000'000, 'x') + "@example.test>\r\n\r\ntext\r\n";
    const IndexRecord long_fields = index_record(index(fields), fields);
    const Result<IndexRecord> cut = decode_index_record(encode(long_fields));
    ASSERT_TRUE(cut);
    EXPECT_TRUE(cut->envelope_left_out);
    EXPECT_EQ(cut->envelope, Envelope{});
    EXPECT_TRUE(cut->thread_cut);
    EXPECT_GT(cut->thread.ids.size(), 10U);
    EXPECT_LT(cut->thread.ids.size(), 20U);
    EXPECT_EQ(cut->thread.ids.front(), "1@b.example");
    EXPECT_EQ(cut->structure, long_fields.structure);
    EXPECT_EQ(cut->preview, "text");
    EXPECT_FALSE(decode_index_record(std::string(index_record_max_bytes + 1, '\1')));
}

}  // namespace packetboat::mime
