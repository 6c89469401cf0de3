#include "directory/address.h"

#include <gtest/gtest.h>

namespace packetboat::directory {
namespace {

std::string label(std::size_t length) { return std::string(length, 'a'); }

// 63.63.63.… of `length` bytes in all, ending in a letter.
std::string long_domain(std::size_t length) {
    std::string name;
    while (name.size() + 64 < length) name += label(63) + ".";
    return name + label(length - name.size());
}

struct Case {
    std::string text;
    std::string same_as;  // text() of what it is; empty: refused
};

class addresses : public ::testing::TestWithParam<Case> {};

TEST_P(addresses, are_parsed_or_refused) {
    const auto& [text, same_as] = GetParam();
    const Result<Address> address = Address::parse(text);
    ASSERT_EQ(address.has_value(), !same_as.empty()) << text;
    if (!address) {
        EXPECT_EQ(address.error().code, ErrorCode::invalid);
        return;
    }
    EXPECT_EQ(address->text(), same_as);
    EXPECT_EQ(*Address::parse(address->text()), *address);
    EXPECT_EQ(*Address::from_parts(address->local_part(), address->domain()), *address);
}

INSTANTIATE_TEST_SUITE_P(plain, addresses,
                         ::testing::Values(Case{"alice@example.test", "alice@example.test"}, Case{"a@b", "a@b"},
                                           Case{"Alice.Smith@Example.TEST", "alice.smith@example.test"},
                                           Case{"user+tag@example.test", "user+tag@example.test"},
                                           Case{"!#$%&'*+-/=?^_`{|}~@example.test", "!#$%&'*+-/=?^_`{|}~@example.test"},
                                           Case{"1234567890@example.test", "1234567890@example.test"},
                                           Case{"test@255.255.255.com", "test@255.255.255.com"}, Case{"a@x-y.z9", "a@x-y.z9"},
                                           Case{"a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
                                           Case{label(64) + "@example.test", label(64) + "@example.test"},
                                           Case{"a@" + label(63) + ".test", "a@" + label(63) + ".test"},
                                           Case{"a@" + long_domain(255), "a@" + long_domain(255)}));

INSTANTIATE_TEST_SUITE_P(
    refused, addresses,
    ::testing::Values(Case{"", ""}, Case{"@", ""}, Case{"alice", ""}, Case{"alice@", ""}, Case{"@example.test", ""}, Case{"a@@b", ""},
                      Case{"a@b@c.test", ""}, Case{".alice@example.test", ""}, Case{"alice.@example.test", ""},
                      Case{"al..ice@example.test", ""}, Case{"al ice@example.test", ""}, Case{"al(comment)ice@example.test", ""},
                      Case{"alice@example.test.", ""}, Case{"alice@.test", ""}, Case{"alice@example..test", ""},
                      Case{"alice@-example.test", ""}, Case{"alice@example-.test", ""}, Case{"alice@exa_mple.test", ""},
                      Case{"alice@exa mple.test", ""}, Case{" alice@example.test", ""}, Case{"alice@example.test ", ""},
                      Case{"<alice@example.test>", ""}, Case{"alice@[192.0.2.1]", ""}, Case{"alice@[IPv6:::1]", ""},
                      Case{"alice@192.0.2.1", ""}, Case{"alice@1", ""}, Case{"al\rice@example.test", ""}, Case{"alice@exam\nple.test", ""},
                      Case{std::string("al\0ice@example.test", 19), ""}, Case{std::string("alice@ex\0.test", 14), ""},
                      Case{"al\x7f@example.test", ""}, Case{"al,ice@example.test", ""}, Case{"al\\@ice@example.test", ""},
                      Case{label(65) + "@example.test", ""}, Case{"a@" + label(64) + ".test", ""}, Case{"a@" + long_domain(256), ""},
                      Case{"a@" + std::string(100'000, 'b'), ""}));

INSTANTIATE_TEST_SUITE_P(
    quoted, addresses,
    ::testing::Values(Case{R"("alice"@example.test)", "alice@example.test"}, Case{R"("Al\i\c\e"@example.test)", "alice@example.test"},
                      Case{R"("al ice"@example.test)", R"("al ice"@example.test)"}, Case{R"("a@b"@example.test)", R"("a@b"@example.test)"},
                      Case{R"("a\"b"@example.test)", R"("a\"b"@example.test)"}, Case{R"("a\\b"@example.test)", R"("a\\b"@example.test)"},
                      Case{R"("a..b"@example.test)", R"("a..b"@example.test)"}, Case{R"(".a"@example.test)", R"(".a"@example.test)"},
                      Case{R"(" "@example.test)", R"(" "@example.test)"},
                      Case{"\"" + std::string(64, ' ') + "\"@example.test", "\"" + std::string(64, ' ') + "\"@example.test"},
                      Case{R"(""@example.test)", ""}, Case{R"("@example.test)", ""}, Case{R"("a"b@example.test)", ""},
                      Case{R"(a"b"@example.test)", ""}, Case{R"("a".b@example.test)", ""}, Case{R"("a\"@example.test)", ""},
                      Case{"\"a\tb\"@example.test", ""}, Case{"\"a\\\tb\"@example.test", ""}, Case{"\"a\r\n b\"@x.test", ""},
                      Case{"\"" + std::string(65, ' ') + "\"@example.test", ""}));

INSTANTIATE_TEST_SUITE_P(international, addresses,
                         ::testing::Values(Case{"alice@b\u00fccher.example", "alice@xn--bcher-kva.example"},
                                           Case{"alice@B\u00dcCHER.example", "alice@xn--bcher-kva.example"},
                                           Case{"alice@bu\u0308cher.example", "alice@xn--bcher-kva.example"},
                                           Case{"alice@fa\u00df.example", "alice@xn--fa-hia.example"},  // non-transitional: not fass
                                           Case{"alice@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "alice@xn--r8jz45g.xn--zckzah"},
                                           Case{"j\u00f6rg@example.test", "j\u00f6rg@example.test"},
                                           Case{"\"j\u00f6rg x\"@example.test", "\"j\u00f6rg x\"@example.test"},
                                           Case{"\u7528\u6237@\u4f8b\u3048.test", "\u7528\u6237@xn--r8jz45g.test"},
                                           Case{"alice@ex\u00adample.example",
                                                "alice@example.example"},  // soft hyphen is mapped to nothing
                                           Case{"j\xf6rg@example.test", ""},
                                           Case{"alice@b\xfc"
                                                "cher.example",
                                                ""},
                                           Case{"a\u0085b@example.test", ""}, Case{"a\xed\xa0\x80@example.test", ""},
                                           Case{"alice@\u2603\uff20x.example", ""}, Case{"alice@a\uff20b.example", ""}));

class addresses_of_others : public ::testing::TestWithParam<Case> {};

TEST_P(addresses_of_others, are_parsed_or_refused) {
    const auto& [text, same_as] = GetParam();
    const Result<Address> address = Address::parse_any(text);
    ASSERT_EQ(address.has_value(), !same_as.empty()) << text;
    if (!address) {
        EXPECT_EQ(address.error().code, ErrorCode::invalid);
        return;
    }
    EXPECT_EQ(address->text(), same_as);
    EXPECT_EQ(*Address::parse_any(address->text()), *address);
    EXPECT_EQ(*Address::any_from_parts(address->local_part(), address->domain()), *address);
}

INSTANTIATE_TEST_SUITE_P(
    all, addresses_of_others,
    ::testing::Values(Case{"Alice@Example.TEST", "alice@example.test"}, Case{label(65) + "@example.test", label(65) + "@example.test"},
                      Case{label(255) + "@example.test", label(255) + "@example.test"}, Case{label(256) + "@example.test", ""},
                      Case{"\"" + std::string(255, ' ') + "\"@example.test", "\"" + std::string(255, ' ') + "\"@example.test"},
                      Case{"a@Mail_1.example.test", "a@mail_1.example.test"}, Case{"a@_dmarc.example.test", "a@_dmarc.example.test"},
                      Case{"a@b\u00fccher.example", "a@xn--bcher-kva.example"}, Case{"a@[192.0.2.1]", "a@[192.0.2.1]"},
                      Case{"a@[IPv6:2001:DB8:0::7]", "a@[IPv6:2001:db8::7]"}, Case{"a@[x400:c=de]", ""}, Case{"a@[192.0.2.1", ""},
                      Case{"a@192.0.2.1", ""}, Case{"a@-b.test", ""}, Case{"a@b..test", ""}, Case{"a@", ""}, Case{"@b", ""},
                      Case{"a\u0085b@example.test", ""}, Case{"al\rice@example.test", ""}, Case{std::string(100'000, 'a') + "@b", ""}));

TEST(address, takes_an_unquoted_local_part_from_parts) {
    const Result<Address> address = Address::from_parts("a \"b\" \\ @", "Example.Test");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->local_part(), "a \"b\" \\ @");
    EXPECT_EQ(address->domain(), "example.test");
    EXPECT_EQ(address->text(), R"("a \"b\" \\ @"@example.test)");
    EXPECT_FALSE(Address::from_parts("", "example.test"));
    EXPECT_FALSE(Address::from_parts("a\nb", "example.test"));
    EXPECT_FALSE(Address::from_parts("a", ""));
}

TEST(domain, is_normalized) {
    EXPECT_EQ(*normalize_domain("Example.TEST"), "example.test");
    EXPECT_EQ(*normalize_domain("b\u00fccher.example"), "xn--bcher-kva.example");
    EXPECT_FALSE(normalize_domain("example.test."));
    EXPECT_FALSE(normalize_domain("[192.0.2.1]"));
    EXPECT_FALSE(normalize_domain(""));
    EXPECT_FALSE(normalize_domain("."));
    EXPECT_FALSE(normalize_domain("\u3002"));
    EXPECT_FALSE(normalize_domain(std::string(10'000, '\xc3')));
}

}  // namespace
}  // namespace packetboat::directory
