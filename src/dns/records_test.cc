#include "dns/records.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace packetboat::dns {
namespace {

using namespace std::string_literals;

struct NameCase {
    std::string wire;
    std::optional<std::string> text;
};

TEST(dns_records, names_are_decoded_to_lower_case_text_without_a_final_dot) {
    const NameCase cases[] = {
        {"\0"s, ""},
        {"\4MaiL\7Example\3ORG\0"s, "mail.example.org"},
        {"\3_25\4_tcp\2mx\0"s, "_25._tcp.mx"},
        {"\3a.b\1c\0"s, "a\\.b.c"},
        {"\5a\0b\377\\\0"s, "a\\000b\\255\\092"},
        {"\4a b\n\0"s, "a\\032b\\010"},
        {"\4"
         "0/25\3com\0"s,
         "0\\04725.com"},
        {""s, std::nullopt},
        {"\3com"s, std::nullopt},    // does not end
        {"\5com\0"s, std::nullopt},  // label longer than what is there
        {"\300\14"s, std::nullopt},  // compressed
        {"\100"s + std::string(64, 'a') + "\0"s, std::nullopt},
        {"\77"s + std::string(63, 'a') + "\0"s, std::string(63, 'a')},
    };
    for (const NameCase& name : cases) {
        std::string_view rest = name.wire;
        EXPECT_EQ(decode_name(rest), name.text) << hex(name.wire);
        if (name.text) {
            EXPECT_TRUE(rest.empty()) << hex(name.wire);
            EXPECT_EQ(encode_name(*name.text), lower(name.wire));
        }
    }
}

TEST(dns_records, a_name_has_at_most_255_bytes) {
    std::string wire;
    for (int i = 0; i < 3; ++i) wire += "\77" + std::string(63, 'a');
    const std::string longest = wire + "\75" + std::string(61, 'b') + "\0"s;
    const std::string too_long = wire + "\76" + std::string(62, 'b') + "\0"s;
    ASSERT_EQ(longest.size(), name_max_bytes);
    std::string_view rest = longest;
    const std::optional<std::string> text = decode_name(rest);
    ASSERT_TRUE(text);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(encode_name(*text), longest);
    EXPECT_EQ(encode_name(*text + "."), longest);
    rest = too_long;
    EXPECT_EQ(decode_name(rest), std::nullopt);
    EXPECT_EQ(rest.size(), too_long.size());
    EXPECT_EQ(encode_name(*text + "b"), std::nullopt);
}

TEST(dns_records, names_of_one_host_have_one_spelling) {
    struct Case {
        std::string text;
        std::optional<std::string> normal;
    };
    const Case cases[] = {
        {"", ""},
        {".", ""},
        {"Example.ORG", "example.org"},
        {"example.org.", "example.org"},
        {"\\101xample.org", "example.org"},
        {"a\\.b.org", "a\\.b.org"},
        {"*.example.org", "\\042.example.org"},
        {"a\\\\b", "a\\092b"},
        {"..", std::nullopt},
        {".org", std::nullopt},
        {"a..b", std::nullopt},
        {"a.b..", std::nullopt},
        {"a b", std::nullopt},
        {"b\303\274cher.example", std::nullopt},
        {"a\0b"s, std::nullopt},
        {"a\\", std::nullopt},
        {"a\\25", std::nullopt},
        {"a\\256", std::nullopt},
        {"a\\2x5", std::nullopt},
        {"a\\\n", std::nullopt},
        {std::string(64, 'a') + ".org", std::nullopt},
        {std::string(100'000, 'a'), std::nullopt},
    };
    for (const Case& name : cases) EXPECT_EQ(normalize_name(name.text), name.normal) << name.text.substr(0, 80);
}

TEST(dns_records, every_type_is_decoded) {
    Answer answer;
    add_record(answer, Type::a, "\300\0\2\1"s);
    add_record(answer, Type::aaaa, *unhex("20010db8000000000000000000000001"));
    add_record(answer, Type::mx, "\1\2\2MX\7example\0"s);
    add_record(answer, Type::mx, "\0\0\0"s);  // RFC 7505: no mail, thank you
    add_record(answer, Type::txt, "\3v=s\0\2pf"s);
    add_record(answer, Type::txt, "\0"s);
    add_record(answer, Type::ptr, "\4host\0"s);
    add_record(answer, Type::cname, "\5alias\0"s);
    add_record(answer, Type::srv, "\0\1\0\2\3\211\4imap\0"s);
    add_record(answer, Type::tlsa, "\3\1\1\253\315"s);
    EXPECT_EQ(answer.addresses, (std::vector<IpAddress>{IpAddress::v4(192, 0, 2, 1), *IpAddress::parse("2001:db8::1")}));
    EXPECT_EQ(answer.mx, (std::vector<Mx>{{258, "mx.example"}, {0, ""}}));
    EXPECT_EQ(answer.texts, (std::vector<std::string>{"v=spf", ""}));
    EXPECT_EQ(answer.names, (std::vector<std::string>{"host", "alias"}));
    EXPECT_EQ(answer.srv, (std::vector<Srv>{{1, 2, 905, "imap"}}));
    EXPECT_EQ(answer.tlsa, (std::vector<Tlsa>{{3, 1, 1, "\xab\xcd"}}));
    EXPECT_EQ(answer.broken, 0U);
    EXPECT_EQ(record_count(answer), 10U);
}

TEST(dns_records, broken_records_are_left_out_and_counted) {
    struct Case {
        Type type;
        std::string rdata;
    };
    const Case cases[] = {
        {Type::a, ""},
        {Type::a, "\1\2\3"s},
        {Type::a, "\1\2\3\4\5"s},
        {Type::aaaa, std::string(15, 'x')},
        {Type::aaaa, std::string(17, 'x')},
        {Type::mx, ""},
        {Type::mx, "\0"s},
        {Type::mx, "\0\1"s},
        {Type::mx, "\0\1\3com"s},
        {Type::mx, "\0\1\3com\0x"s},
        {Type::txt, ""},
        {Type::txt, "\4abc"s},
        {Type::txt, "\3abc\1"s},
        {Type::ptr, ""},
        {Type::ptr, "\1a\0\1b\0"s},
        {Type::cname, "\300\14"s},
        {Type::srv, "\0\1\0\2\0"s},
        {Type::srv, "\0\1\0\2\0\3"s},
        {Type::tlsa, "\3\1"s},
        {Type::tlsa, "\3\1\1"s},
    };
    Answer answer;
    for (const Case& record : cases) {
        add_record(answer, record.type, record.rdata);
        EXPECT_EQ(record_count(answer), 0U) << to_string(record.type) << " " << hex(record.rdata);
    }
    EXPECT_EQ(answer.broken, std::size(cases));
}

}  // namespace
}  // namespace packetboat::dns
