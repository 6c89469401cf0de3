#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "mime/reading.h"
#include "mime/testing/rtf.h"

namespace packetboat::mime {
namespace {

using namespace std::string_literals;

// [MS-OXRTFCP] 3.1 and 3.2.
TEST(Rtf, reads_the_examples_of_its_specification) {
    const std::string simple =
        "\x2d\x00\x00\x00\x2b\x00\x00\x00\x4c\x5a\x46\x75\xf1\xc5\xc7\xa7\x03\x00\x0a\x00\x72\x63\x70\x67\x31\x32\x35\x42\x32\x0a\xf3\x20"
        "\x68\x65\x6c\x09\x00\x20\x62\x77\x05\xb0\x6c\x64\x7d\x0a\x80\x0f\xa0"s;
    EXPECT_EQ(decompress_rtf(simple), "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    const std::string overlapping =
        "\x1a\x00\x00\x00\x1c\x00\x00\x00\x4c\x5a\x46\x75\xe2\xd4\x4b\x51\x41\x00\x04\x20\x57\x58\x59\x5a\x0d\x6e\x7d\x01\x0e\xb0"s;
    EXPECT_EQ(decompress_rtf(overlapping), "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
}

TEST(Rtf, reads_what_our_own_encoder_writes) {
    std::mt19937 random(20261124);
    for (const std::size_t size : {0U, 1U, 2U, 17U, 18U, 207U, 4095U, 4096U, 4097U, 20000U}) {
        for (const unsigned letters : {1U, 3U, 256U}) {
            std::string text;
            while (text.size() < size) text += static_cast<char>(random() % letters + (letters == 256 ? 0 : 'a'));
            EXPECT_EQ(decompress_rtf(testing::compressed_rtf(text)), text) << size << " of " << letters;
        }
    }
    std::string prose = "{\\rtf1\\ansi\\deff0 ";
    for (int i = 0; i < 2'000; ++i) prose += "\\par \\pard\\plain\\f0\\fs20 line " + std::to_string(i);
    prose += "}";
    const std::string packed = testing::compressed_rtf(prose);
    EXPECT_LT(packed.size(), prose.size() / 2);
    EXPECT_EQ(decompress_rtf(packed), prose);
    EXPECT_EQ(decompress_rtf(packed + "padding"), prose);
}

TEST(Rtf, may_be_uncompressed) {
    EXPECT_EQ(decompress_rtf("\x10\x00\x00\x00\x04\x00\x00\x00MELA\x00\x00\x00\x00{\\r}"s), "{\\r}");
    EXPECT_EQ(decompress_rtf("\x10\x00\x00\x00\x02\x00\x00\x00MELA\x00\x00\x00\x00{\\r}"s), "{\\");
}

TEST(Rtf, that_is_broken_is_none) {
    const std::string whole = testing::compressed_rtf("{\\rtf1 some text, some text, some text}");
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decompress_rtf(std::string_view(whole).substr(0, size))) << size;
    for (std::size_t at = 8; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_FALSE(decompress_rtf(damaged)) << at;
    }
    std::string boastful = whole;
    boastful[7] = '\x7f';
    EXPECT_FALSE(decompress_rtf(boastful)) << "it would have two gigabytes";
    std::string modest = whole;
    modest[4] = 5;
    EXPECT_EQ(decompress_rtf(modest), "{\\rtf") << "no more than it says";
}

}  // namespace
}  // namespace packetboat::mime
