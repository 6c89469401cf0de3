#include "agent/idn.h"

#include <gtest/gtest.h>

#include "agent/compose.h"

namespace packetboat::agent {
namespace {

TEST(ascii_domain, is_in_a_labels) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"example.test", "example.test"},
        {"Example.TEST", "Example.TEST"},
        {"bücher.example", "xn--bcher-kva.example"},
        {"BÜCHER.example", "xn--bcher-kva.example"},
        {"bu\u0308cher.example", "xn--bcher-kva.example"},
        {"straße.example", "xn--strae-oqa.example"},
        {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
        {"[192.0.2.1]", "[192.0.2.1]"},
    };
    for (const auto& [domain, expected] : cases) EXPECT_EQ(ascii_domain(domain).value_or("none"), expected) << domain;
}

TEST(ascii_domain, is_refused_for_what_is_no_name) {
    for (const std::string& domain : {std::string("-\u00fc.example"), std::string("\u00fc\0x.example", 12), std::string("\xff.example"),
                                      "\u00fc" + std::string(2'000, 'x'), std::string("a b\u00fc.example")}) {
        const Result<std::string> ascii = ascii_domain(domain);
        ASSERT_FALSE(ascii) << domain;
        EXPECT_EQ(ascii.error().code, ErrorCode::invalid);
    }
}

TEST(use_ascii_domains, leaves_what_needs_utf8_anyway) {
    mime::Draft draft{.from = {parse_sender("Älice <alice@bücher.example>").value()}, .sender = {}};
    draft.sender = parse_sender("sender@bücher.example").value();
    draft.reply_to = parse_recipients("reply@bücher.example").value();
    draft.to = parse_recipients("Bob <bob@bücher.example>, jürgen@bücher.example").value();
    draft.cc = parse_recipients("crew: carol@bücher.example, dave@example.test;").value();
    draft.bcc = parse_recipients("eve@bücher.example").value();
    ASSERT_TRUE(use_ascii_domains(draft));
    EXPECT_EQ(draft.from.front().address(), "alice@xn--bcher-kva.example");
    EXPECT_EQ(draft.from.front().name, "Älice");
    EXPECT_EQ(draft.sender->address(), "sender@xn--bcher-kva.example");
    EXPECT_EQ(mime::serialize(draft.reply_to), "reply@xn--bcher-kva.example");
    EXPECT_EQ(mime::serialize(draft.to), "Bob <bob@xn--bcher-kva.example>, jürgen@bücher.example");
    EXPECT_EQ(mime::serialize(draft.cc), "crew: carol@xn--bcher-kva.example, dave@example.test;");
    EXPECT_EQ(mime::serialize(draft.bcc), "eve@xn--bcher-kva.example");
}

TEST(use_ascii_domains, names_the_address_that_is_none) {
    mime::AddressList list{mime::Mailbox{.local = "bob", .domain = "-ü.example"}};
    const Result<> used = use_ascii_domains(list);
    ASSERT_FALSE(used);
    EXPECT_TRUE(used.error().text.starts_with("bob@-ü.example: ")) << used.error().text;
}

}  // namespace
}  // namespace packetboat::agent
