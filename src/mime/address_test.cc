#include "mime/address.h"

#include <gtest/gtest.h>

#include <string>

#include "mime/text.h"

namespace packetboat::mime {
namespace {

std::string show(const Mailbox& mailbox) {
    std::string out = mailbox.name.empty() ? "" : mailbox.name + " ";
    out += "<" + (mailbox.route.empty() ? "" : mailbox.route + ":") + mailbox.local;
    return out + (mailbox.domain.empty() ? "" : "@" + mailbox.domain) + ">";
}
std::string show(const AddressList& list) {
    std::string out;
    for (const Address& address : list) {
        if (!out.empty()) out += " | ";
        if (const Mailbox* mailbox = std::get_if<Mailbox>(&address)) {
            out += show(*mailbox);
            continue;
        }
        out += "{" + std::get<Group>(address).name + ":";
        for (const Mailbox& member : std::get<Group>(address).members) out += " " + show(member);
        out += "}";
    }
    return out;
}
std::string read(std::string_view value) { return show(addresses(value)); }

struct Case {
    std::string_view value;
    std::string_view read;
};

// Each is read as said, and written so that it is read the same again, folded or not.
template <std::size_t n>
void check(const Case (&cases)[n]) {
    for (const Case& one : cases) {
        const AddressList list = addresses(one.value);
        EXPECT_EQ(show(list), one.read) << one.value;
        EXPECT_EQ(addresses(serialize(list)), list) << one.value << " written as " << serialize(list);
        EXPECT_EQ(addresses(fold("To", serialize(list)).substr(3)), list) << one.value;
    }
}

TEST(addresses, are_those_of_rfc_5322) {
    check({
        {"", ""},
        {"a@b.example", "<a@b.example>"},
        {" John Doe <jdoe@machine.example>\r\n", "John Doe <jdoe@machine.example>"},
        {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
         "<boss@nil.test> | Giant; \"Big\" Box <sysservices@example.net>"},
        {"\"a b\"@c.example", "<a b@c.example>"},
        {"a@[192.0.2.1], <b@[IPv6:2001:db8::1]>, c@[ 192.0.2.1 ]", "<a@[192.0.2.1]> | <b@[IPv6:2001:db8::1]> | <c@[192.0.2.1]>"},
        {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
         "{A Group: Ed Jones <c@a.test> <joe@where.test> John <jdoe@one.test>}"},
        {"Undisclosed recipients:;", "{Undisclosed recipients:}"},
        {"a@b.example, G: c@d.example;, e@f.example", "<a@b.example> | {G: <c@d.example>} | <e@f.example>"},
        {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete <pete@silly.test>"},
        {"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
         "Mary Smith <@node.test:mary@example.net> | <jdoe@test.example>"},
        {"<@a.example, @b.example:u@c.example>", "<@a.example,@b.example:u@c.example>"},
        {"John Doe <jdoe@machine(comment).  example>", "John Doe <jdoe@machine.example>"},
        {"Joe Q. Public <john.q.public@example.com>", "Joe Q. Public <john.q.public@example.com>"},
        {"\"John\r\n Doe\" <a@b.example>", "John Doe <a@b.example>"},
        {"\"test\".test@b.example", "<test.test@b.example>"},
        {"(((((nested) comments))))a@b.example", "((((nested) comments))) <a@b.example>"},
    });
}

TEST(addresses, have_names_in_encoded_words_and_utf_8) {
    check({
        {"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.example>", "Keld J\xC3\xB8rn Simonsen <keld@dkuug.example>"},
        {"=?utf-8?Q?A?= =?utf-8?Q?B?= <a@b.example>", "AB <a@b.example>"},
        {"\"J\xC3\xB6rg\" <j\xC3\xB6rg@b\xC3\xBC"
         "cher.example>",
         "J\xC3\xB6rg <j\xC3\xB6rg@b\xC3\xBC"
         "cher.example>"},
        {"a@b.example (=?utf-8?Q?J=C3=B6rg?=)", "J\xC3\xB6rg <a@b.example>"},
        {"=?utf-8?Q?G=C3=A4ste?=: a@b.example;", "{G\xC3\xA4ste: <a@b.example>}"},
        {"\"Doe\" =?utf-8?b?TMOpb24=?= X <a@b.example>", "Doe L\xC3\xA9on X <a@b.example>"},
    });
}

// What mailers send, though no RFC allows it, is read as the major clients read it.
TEST(addresses, are_read_from_malformed_fields) {
    check({
        // encoded words where they may not be
        {"\"=?utf-8?Q?J=C3=B6rg?=\" <a@b.example>", "J\xC3\xB6rg <a@b.example>"},
        {"=?utf-8?Q?A?==?utf-8?Q?B?= <a@b.example>", "AB <a@b.example>"},
        {"Mr.=?utf-8?Q?_A?=<a@b.example>", "Mr. A <a@b.example>"},
        {"=?utf-8?Q?Smith, J?= <a@b.example>", "Smith, J <a@b.example>"},
        {"=?utf-8?Q?a <b>; c?= <a@b.example>", "a <b>; c <a@b.example>"},
        {"=?utf-8?Q?never ended <a@b.example>", "=?utf-8?Q?never ended <a@b.example>"},
        // 8-bit names in an old charset
        {"J\xF6rg <a@b.example>", "J\xC3\xB6rg <a@b.example>"},
        // angle brackets that are missing, or too many
        {"John Doe a@b.example", "John Doe <a@b.example>"},
        {"John Doe a@b.example>", "John Doe <a@b.example>"},
        {"John Doe <a@b.example", "John Doe <a@b.example>"},
        {"<<a@b.example>>", "<a@b.example>"},
        {"John <Johnny> Doe <a@b.example>", "John <Johnny> Doe <a@b.example>"},
        {"Name<a@b.example>", "Name <a@b.example>"},
        // separators
        {"a@b.example; c@d.example;", "<a@b.example> | <c@d.example>"},
        {"a@b.example c@d.example", "<a@b.example> | <c@d.example>"},
        {"A <a@b.example> B <c@d.example>", "A <a@b.example> | B <c@d.example>"},
        {"<a@b.example> c@d.example", "<a@b.example> | <c@d.example>"},
        {"<a@b.example, c@d.example>", "<a@b.example> | <c@d.example>"},
        {"A <a@b.example, B <c@d.example>", "A <a@b.example> | B <c@d.example>"},
        {",, a@b.example,,, c@d.example,", "<a@b.example> | <c@d.example>"},
        // quotes
        {"\"a@b.example, c@d.example\" <x@y.example>", "a@b.example, c@d.example <x@y.example>"},
        {"\"a@b.example, c@d.example\"", "<a@b.example> | <c@d.example>"},
        {"\"a@b.example\"", "<a@b.example>"},
        {"'a@b.example', <'c@d.example'>", "<a@b.example> | <c@d.example>"},
        {"\"John Doe <a@b.example>", "John Doe <a@b.example>"},
        {"John (Doe <a@b.example>", "John Doe <a@b.example>"},
        {"John) Doe <a@b.example>", "John Doe <a@b.example>"},
        // groups
        {"Friends: a@b.example, c@d.example", "{Friends: <a@b.example> <c@d.example>}"},
        {"A: a@b.example; B: c@d.example; e@f.example", "{A: <a@b.example>} | {B: <c@d.example>} | <e@f.example>"},
        {"A: a@b.example, B: c@d.example", "{A: <a@b.example>} | {B: <c@d.example>}"},
        {": a@b.example;", "<a@b.example>"},
        {"\"mailto\": a@b.example;", "{mailto: <a@b.example>}"},
        // local parts
        {"a..b@docomo.example, a.@docomo.example, .a@c.example", "<a..b@docomo.example> | <a.@docomo.example> | <.a@c.example>"},
        {"a@b@c.example", "<a@b@c.example>"},
        {"<a b@c.example>", "<a b@c.example>"},
        {"<@b.example>", "<@b.example>"},
        // URIs
        {"<mailto:a@b.example?subject=x>, mailto:c@d.example, SMTP:e@f.example", "<a@b.example> | <c@d.example> | <e@f.example>"},
        // names with marks of mailing lists
        {"[LIST] John <a@b.example>", "[LIST] John <a@b.example>"},
        {"phil@b.example <phil@b.example>", "phil@b.example <phil@b.example>"},
        {"<a@b.example> John Doe", "John Doe <a@b.example>"},
    });
}

TEST(addresses, without_a_domain_are_kept_as_what_they_may_be) {
    check({
        {"root", "<root>"},
        {"<root>", "<root>"},
        {"root (Charlie)", "Charlie <root>"},
        {"John Doe", "John Doe <>"},
        {"\"John\" <>", "John <>"},
        {"<>", ""},
        {"(nobody)", ""},
        {"<http://a.example/>", "<http://a.example/>"},
        {"a@", "<a>"},
    });
}

// Who looks for an address inside an encoded word or a comment can be made to find one that the sender's server never checked.
TEST(addresses, are_never_taken_out_of_encoded_words) {
    EXPECT_EQ(read("=?utf-8?Q?a=40evil.example?="), "a@evil.example <>");
    EXPECT_EQ(read("=?utf-8?Q?=3Ca=40evil.example=3E?= <b@good.example>"), "<a@evil.example> <b@good.example>");
    EXPECT_EQ(read("<=?utf-8?Q?a=40evil.example=2C?=@good.example>"), "<=?utf-8?Q?a=40evil.example=2C?=@good.example>");
    EXPECT_EQ(read("=?utf-8?Q?a=00=0D=0AB?= <a@b.example>"), "aB <a@b.example>");
}

// What Python 3.11's email package (policy default) reads otherwise, and why it is wrong there.
TEST(addresses, differ_from_pythons_where_python_loses_them) {
    check({
        {"a@b.example; c@d.example", "<a@b.example> | <c@d.example>"},             // Python: the first only
        {"a@b.example c@d.example", "<a@b.example> | <c@d.example>"},              // the first only
        {"John Doe a@b.example", "John Doe <a@b.example>"},                        // local part "John Doe a"
        {"<<a@b.example>>", "<a@b.example>"},                                      // nothing
        {"<mailto:a@b.example>", "<a@b.example>"},                                 // local part "mailto"
        {"[LIST] John <a@b.example>", "[LIST] John <a@b.example>"},                // nothing
        {"a@b@c.example", "<a@b@c.example>"},                                      // nothing
        {"\"John Doe <a@b.example>", "John Doe <a@b.example>"},                    // all of it is a local part
        {"A <a@b.example> B <c@d.example>", "A <a@b.example> | B <c@d.example>"},  // the first only
        {"a@b.example (John (Jr.) Doe)", "John (Jr.) Doe <a@b.example>"},          // no name
        {"G: a@b.example;", "{G: <a@b.example>}"},                                 // agrees
    });
}

TEST(addresses, of_any_list_are_read_back) {
    const std::string names[] = {"",
                                 "John",
                                 "John Doe",
                                 "Doe, John",
                                 "a\"b\\c",
                                 " outer ",
                                 "a  b",
                                 "\xC3\xA4",
                                 "=?utf-8?Q?a?=",
                                 "(x)",
                                 "a:b;",
                                 "<a@b.example>",
                                 "'",
                                 "@",
                                 ",",
                                 std::string(300, 'n'),
                                 "Tab\there",
                                 "\xF0\x9F\x90\x9F fish",
                                 "mailto",
                                 "."};
    const std::string locals[] = {
        "a", "a.b", "a b", "a\"b\\", "", ".", "a..b", "'a", "=?utf-8?Q?a?=", "a@b", "\xC3\xA4", "<>", "mailto:x", " ", "(a)"};
    const std::string domains[] = {"", "b.example", "[192.0.2.1]", "[IPv6:::1]", "b\xC3\xBC.example", "b'", "localhost", "_a"};
    AddressList all;
    Group group{.name = "G: x", .members = {}};
    for (const std::string& name : names) {
        for (const std::string& local : locals) {
            for (const std::string& domain : domains) {
                for (const char* route : {"", "@r.example"}) {
                    const Mailbox mailbox{.name = name, .route = route, .local = local, .domain = domain};
                    if (name.empty() && local.empty() && domain.empty()) continue;
                    EXPECT_EQ(addresses(serialize(mailbox)), AddressList{mailbox}) << serialize(mailbox);
                    all.emplace_back(mailbox);
                    group.members.push_back(mailbox);
                }
            }
        }
    }
    EXPECT_EQ(addresses(serialize(all)), all);
    EXPECT_EQ(addresses(serialize(AddressList{group, group})), (AddressList{group, group}));
    EXPECT_EQ(addresses(fold("To", serialize(all)).substr(3)), all);
    EXPECT_EQ(mailboxes({group, all.front()}).size(), group.members.size() + 1);
}

TEST(addresses, are_written_as_any_reader_reads_them) {
    const auto written = [](std::string name, std::string local, std::string domain) {
        return serialize(Mailbox{.name = std::move(name), .route = {}, .local = std::move(local), .domain = std::move(domain)});
    };
    EXPECT_EQ(written("", "a", "b.example"), "a@b.example");
    EXPECT_EQ(written("John Doe", "a", "b.example"), "John Doe <a@b.example>");
    EXPECT_EQ(written("Doe, John", "a", "b.example"), "\"Doe, John\" <a@b.example>");
    EXPECT_EQ(written("J\xC3\xB6rg", "a b", "b.example"), "=?utf-8?B?SsO2cmc=?= <\"a b\"@b.example>");
    EXPECT_EQ(written("", "a..b", "b.example"), "\"a..b\"@b.example");
    EXPECT_EQ(written("Joe Q. Public", "", ""), "\"Joe Q. Public\" <>");
    EXPECT_EQ(serialize(AddressList{Group{.name = "Undisclosed recipients", .members = {}}}), "Undisclosed recipients:;");
    EXPECT_EQ((Mailbox{.name = {}, .route = {}, .local = "a\"b", .domain = "[192.0.2.1]"}.address()), "\"a\\\"b\"@[192.0.2.1]");
    EXPECT_EQ((Mailbox{.name = "x", .route = {}, .local = {}, .domain = {}}.address()), "");
}

TEST(addresses, are_bounded) {
    std::string many;
    for (std::size_t i = 0; i < addresses_max + 50; ++i) many += "a@b.example,";
    EXPECT_EQ(addresses(many).size(), addresses_max);
    EXPECT_EQ(mailboxes(addresses("G: " + many)).size(), addresses_max - 1);
    // Deeper comments end the field.
    const std::string deep(comment_nesting_max + 1, '(');
    EXPECT_EQ(read("a@b.example," + deep + std::string(deep.size(), ')') + "c@d.example"), "<a@b.example>");
    const std::string allowed(comment_nesting_max, '(');
    EXPECT_EQ(read("a@b.example," + allowed + std::string(allowed.size(), ')') + "c@d.example"),
              "<a@b.example> | " + std::string(49, '(') + std::string(49, ')') + " <c@d.example>");
}

// Each would take minutes if reading were quadratic.
TEST(addresses, are_read_in_linear_time) {
    for (const char* piece : {"(",   "\"", "\"\\", "<",   "<@",   "<@a,",          "@",        "@[",   "=?a?q?", "=?a?q?x ",
                              ":",   "a:", ";",    "a ",  "<a>b", "<a@b>c ",       "\\",       "[",    "'",      "a.b ",
                              "(a)", ")",  ". ",   " .a", "=?",   "=?a?b?YQ==?= ", "<mailto:", "\xC3", "@b ",    "a@"}) {
        std::string value;
        while (value.size() < 200'000) value += piece;
        EXPECT_LE(mailboxes(addresses(value)).size(), addresses_max) << piece;
        EXPECT_LE(mailboxes(addresses("\"" + value + "@\"")).size(), addresses_max) << piece;
    }
}

TEST(parse_address, takes_what_smtp_can_carry) {
    for (const char* text :
         {"a@b.example", "a.b+c@b.example", "a@b", "\"a b\"@b.example", "\"\"@b.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]",
          "a@[x-tag:some.thing]", "\xC3\xA4@b\xC3\xBC.example", "!#$%&'*+-/=?^_`{|}~@b.example", "a@xn--b-eha.example", "a@1.example"}) {
        const auto parsed = parse_address(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parse_address(parsed->address()), parsed);
        EXPECT_EQ(addresses(text), AddressList{*parsed});
    }
    EXPECT_EQ(parse_address("  a@b.example "), (Mailbox{.name = {}, .route = {}, .local = "a", .domain = "b.example"}));
    EXPECT_EQ(parse_address("\"a\\\"\\b\"@b.example")->local, "a\"b");
    EXPECT_TRUE(parse_address(std::string(64, 'a') + "@b.example"));
}

TEST(parse_address, refuses_everything_else) {
    for (const char* text : {"",
                             "a",
                             "@",
                             "a@",
                             "@b",
                             "a@b@c",
                             "a b@c",
                             "a..b@c",
                             ".a@c",
                             "a.@c",
                             "a@.c",
                             "a@c.",
                             "a@b..c",
                             "a@-b",
                             "a@b-",
                             "a@b_c",
                             "\"a@b",
                             "\"a\"b@c",
                             "\"a\n\"@c",
                             "a@[1.2.3]",
                             "a@[1.2.3.256]",
                             "a@[::1]",
                             "a@[IPv6:1.2.3.4]",
                             "a@[IPv6:x]",
                             "a@[x]",
                             "a@[x:]",
                             "a@[1.2.3.4",
                             "<a@b.example>",
                             "John <a@b.example>",
                             "a@b.example, c@d.example",
                             "a(c)@b.example",
                             "a\xE4@b.example",
                             "a@b\x01.example",
                             "\"\\\xC3\xA4\"@b.example",
                             "a@b\r\n.example"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_FALSE(parse_address(std::string(65, 'a') + "@b.example"));
    EXPECT_FALSE(parse_address("a@" + std::string(64, 'b')));
    EXPECT_FALSE(parse_address("a@" + std::string(60, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd') + "." +
                               std::string(63, 'e') + ".fgh"));
}

}  // namespace
}  // namespace packetboat::mime
