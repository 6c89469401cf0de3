// The engine's small parts: checksums, keys, records, the log's format.
#include <gtest/gtest.h>

#include "store/crc32c.h"
#include "store/keys.h"
#include "store/log_format.h"
#include "store/sha256.h"

namespace packetboat::store {
namespace {

// RFC 3720 appendix B.4.
TEST(Crc32c, answers_the_known_values_both_ways) {
    std::string rising;
    for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
    for (const auto& [bytes, crc] : {std::pair<std::string, std::uint32_t>{std::string(32, '\0'), 0x8a9136aaU},
                                     {std::string(32, '\xff'), 0x62a8ab43U},
                                     {rising, 0x46dd794eU},
                                     {"123456789", 0xe3069283U},
                                     {"", 0U}}) {
        EXPECT_EQ(crc32c(bytes), crc);
        EXPECT_EQ(crc32c_by_tables(bytes), crc);
    }
    std::string long_one;
    std::uint32_t state = 1;
    for (int i = 0; i < 20'000; ++i) long_one += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    for (std::size_t size = 0; size < long_one.size(); size = size * 5 / 4 + 1) {
        EXPECT_EQ(crc32c(std::string_view(long_one).substr(1, size)), crc32c_by_tables(std::string_view(long_one).substr(1, size))) << size;
    }
}

TEST(Keys, are_taken_apart_as_they_were_put_together) {
    BlobRef blob = blob_of("content");
    std::string_view rest;
    const auto parts = [&](const std::string& key) {
        const std::optional<keys::Parsed> parsed = keys::parse(key);
        EXPECT_TRUE(parsed);
        return parsed.value_or(keys::Parsed());
    };
    const std::string reference = keys::reference("alice", blob);
    EXPECT_EQ(parts(reference).partition, "alice");
    EXPECT_EQ(parts(reference).kind, 'b');
    rest = parts(reference).rest;
    EXPECT_EQ(keys::parse_blob(rest), blob);
    EXPECT_TRUE(rest.empty());
    const std::string referrer = keys::referrer(blob, "alice");
    EXPECT_EQ(parts(referrer).partition, "");
    rest = parts(referrer).rest;
    EXPECT_EQ(keys::parse_blob(rest), blob);
    EXPECT_EQ(rest, "alice");
    const std::string user = keys::class_prefix(std::string(32, 'p'), keys::Class::user) + "key";
    EXPECT_EQ(parts(user).partition, std::string(32, 'p'));
    EXPECT_EQ(parts(user).rest, "key");
    EXPECT_FALSE(keys::parse(""));
    EXPECT_FALSE(keys::parse("\5ali"));
    EXPECT_FALSE(keys::parse(std::string(200, '\x7f')));
}

TEST(Records, come_back_and_broken_ones_do_not) {
    EXPECT_EQ(records::parse_number(records::number(300)), 300U);
    const records::Pointer pointer{{7, 123'456'789}, 10'240, 0xdeadbeef};
    EXPECT_EQ(records::parse_stored(records::pointer(pointer))->pointer, pointer);
    EXPECT_EQ(records::parse_stored(records::inline_value("v"))->value, "v");
    const records::Commit commit = *records::parse_commit(records::commit(9, Time{-5}, "result"));
    EXPECT_EQ(commit.version, 9U);
    EXPECT_EQ(commit.when.micros, -5);
    EXPECT_EQ(commit.result, "result");
    for (const std::string& record : {records::number(300), records::pointer(pointer), records::commit(9, Time{5}, "result"),
                                      records::position({1, 2}), records::time(Time{1})}) {
        const std::string cut = record.substr(0, record.size() - 1);
        const std::string longer = record + "x";
        EXPECT_FALSE(records::parse_number(cut) && records::parse_number(longer));
        EXPECT_FALSE(records::parse_stored(record)->pointer && records::parse_stored(cut));
        EXPECT_FALSE(records::parse_commit(cut) || records::parse_commit(longer));
        EXPECT_FALSE(records::parse_position(cut) || records::parse_position(longer));
    }
    EXPECT_FALSE(records::parse_stored(""));
    EXPECT_FALSE(records::parse_stored("\x09"));
}

TEST(LogFormat, a_header_with_any_bit_changed_is_none) {
    log::FrameHeader frame;
    frame.at = {3, 4096};
    frame.nonce = 99;
    frame.synced = 4096;
    frame.values_bytes = 10'240;
    frame.batch_bytes = 300;
    frame.batch_crc = 77;
    const std::string bytes = log::encode(frame);
    ASSERT_EQ(bytes.size(), log::frame_header_bytes);
    const std::optional<log::FrameHeader> parsed = log::parse_frame_header(bytes);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->at, frame.at);
    EXPECT_EQ(parsed->synced, frame.synced);
    EXPECT_EQ(parsed->size_bytes(), frame.size_bytes());
    const std::string segment = log::encode(log::SegmentHeader{5, {4, 70'000}, 99});
    EXPECT_EQ(log::parse_segment_header(segment)->before, (log::LogPosition{4, 70'000}));
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        std::string changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(log::parse_frame_header(changed));
        changed = segment;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(log::parse_segment_header(changed));
    }
    EXPECT_EQ(log::parse_segment_name(log::segment_path("log", 0x1234).filename().string()), 0x1234U);
    EXPECT_FALSE(log::parse_segment_name("123"));
    EXPECT_FALSE(log::parse_segment_name("000000000000000g"));
}

}  // namespace
}  // namespace packetboat::store
