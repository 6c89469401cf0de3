#include "relay/transport.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "relay/testing/world.h"

namespace packetboat::relay {
namespace {

using testing::Script;
using testing::World;
using Strings = std::vector<std::string>;

struct Transport : ::testing::Test, World {};

Script without(const std::string& extension) {
    Script script;
    std::erase(script.smtp.extensions, extension);
    return script;
}

TEST_F(Transport, a_message_gets_to_the_host) {
    one_host({});
    EXPECT_EQ(deliver(), Strings{"passed on by mx1.example.org: 250 2.0.0 Stored"});
    EXPECT_EQ(servers.messages(1), Strings{content});
    EXPECT_EQ(servers.commands(1),
              (Strings{"EHLO client.example", "MAIL FROM:<alice@example.net> SIZE=24", "RCPT TO:<bob@example.org>", "DATA", "QUIT"}));
    EXPECT_TRUE(usable_after);
    EXPECT_TRUE(dialogue.starts_with("S: 220 mail.example.test ESMTP\nC: EHLO client.example\n")) << dialogue;
    EXPECT_EQ(failed_attempts, "");
    EXPECT_EQ(route("example.org"), "mx1.example.org (MX)");
}

TEST_F(Transport, byte_by_byte_is_as_good) {
    Script script;
    script.piece_bytes = 1;
    one_host(std::move(script));
    EXPECT_EQ(deliver(), Strings{"passed on by mx1.example.org: 250 2.0.0 Stored"});
}

TEST_F(Transport, the_dialogue_is_the_last_messages) {
    one_host({});
    EXPECT_EQ(deliver("example.org", 2).size(), 2U);
    EXPECT_TRUE(dialogue.starts_with("C: MAIL FROM")) << dialogue;
    EXPECT_EQ(std::ranges::count(servers.commands(1), "EHLO client.example"), 1);
}

TEST_F(Transport, a_host_without_dsn_only_relays) {
    one_host(without("DSN"));
    EXPECT_EQ(deliver(), Strings{"relayed by mx1.example.org: 250 2.0.0 Stored"});
}

TEST_F(Transport, what_is_said_of_recipients_goes_on) {
    entry.envid = "e";
    entry.ret = "FULL";
    entry.recipients = {{.address = "bob@example.org", .orcpt = "rfc822;b@example.org", .notify = 2}};
    one_host({});
    deliver();
    const Strings commands = servers.commands(1);
    EXPECT_EQ(commands.at(1), "MAIL FROM:<alice@example.net> SIZE=24 RET=FULL ENVID=e");
    EXPECT_EQ(commands.at(2), "RCPT TO:<bob@example.org> NOTIFY=SUCCESS ORCPT=rfc822;b@example.org");
}

TEST_F(Transport, each_recipient_has_its_own_answer) {
    Script script;
    script.smtp.answers["RCPT TO:<nobody@example.org>"] = {"550 5.1.1 No such user\r\n"};
    script.smtp.answers["RCPT TO:<later@example.org>"] = {"450 4.2.1 Busy\r\n"};
    one_host(std::move(script));
    recipients({"bob@example.org", "nobody@example.org", "later@example.org"});
    EXPECT_EQ(deliver(),
              (Strings{"passed on by mx1.example.org: 250 2.0.0 Stored", "5.1.1 for good: mx1.example.org says: 550 5.1.1 No such user",
                       "4.2.1: mx1.example.org says: 450 4.2.1 Busy"}));
    EXPECT_EQ(failure.diagnostic, "550 5.1.1 No such user");
    EXPECT_EQ(failure.remote, "mx1.example.org");
}

TEST_F(Transport, recipients_are_split_by_our_limit_and_by_the_servers) {
    Script script;
    script.smtp.extensions.push_back("LIMITS RCPTMAX=2");
    one_host(std::move(script));
    Strings addresses;
    for (int i = 0; i < 5; ++i) addresses.push_back("r" + std::to_string(i) + "@example.org");
    recipients(addresses);
    EXPECT_EQ(deliver(), Strings(5, "passed on by mx1.example.org: 250 2.0.0 Stored"));
    EXPECT_EQ(servers.messages(1), Strings(3, content));
}

TEST_F(Transport, our_limit_holds_where_the_server_has_none) {
    options.recipients_max = 3;
    one_host({});
    recipients(Strings(7, "bob@example.org"));
    EXPECT_EQ(deliver().size(), 7U);
    EXPECT_EQ(servers.messages(1).size(), 3U);
}

TEST_F(Transport, a_server_that_finds_them_too_many_gets_the_rest_at_once) {
    Script script;
    script.smtp.answers["RCPT TO:<r2@example.org>"] = {"452 4.5.3 Too many\r\n"};
    script.smtp.answers["RCPT TO:<r3@example.org>"] = {"452 Too many\r\n", "452 Too many\r\n"};
    script.smtp.answers["RCPT TO:<full@example.org>"] = {"452 4.2.2 Full\r\n"};
    one_host(std::move(script));
    recipients({"r0@example.org", "r1@example.org", "r2@example.org", "r3@example.org", "full@example.org"});
    Strings expected(5, "passed on by mx1.example.org: 250 2.0.0 Stored");
    expected[4] = "4.2.2: mx1.example.org says: 452 4.2.2 Full";
    EXPECT_EQ(deliver(), expected);
    EXPECT_EQ(servers.messages(1).size(), 3U);
}

TEST_F(Transport, a_server_that_takes_nobody_is_not_asked_for_ever) {
    Script script;
    script.smtp.answers["RCPT"] = {"452 Too many\r\n", "452 Too many\r\n"};
    one_host(std::move(script));
    recipients({"a@example.org", "b@example.org"});
    EXPECT_EQ(deliver(), Strings(2, "4.5.3: mx1.example.org says: 452 Too many"));
}

TEST_F(Transport, a_server_that_wants_one_message_gets_one) {
    Script script;
    script.smtp.extensions.push_back("LIMITS MAILMAX=1");
    one_host(std::move(script));
    EXPECT_EQ(deliver("example.org", 2), (Strings{"passed on by mx1.example.org: 250 2.0.0 Stored",
                                                  "4.5.3: mx1.example.org: the server takes no more messages on this connection"}));
    EXPECT_FALSE(usable_after);
}

constexpr const char* eight_bit_content = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nü\r\n";
constexpr const char* seven_bit_content =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n";

TEST_F(Transport, eight_bit_text_is_converted_where_it_is_not_offered) {
    entry.body = delivery::Body::eight_bit_mime;
    content = eight_bit_content;
    one_host(without("8BITMIME"));
    EXPECT_EQ(deliver(), Strings{"passed on by mx1.example.org: 250 2.0.0 Stored"});
    EXPECT_EQ(servers.messages(1), Strings{seven_bit_content});
    EXPECT_EQ(servers.commands(1).at(1), "MAIL FROM:<alice@example.net> SIZE=" + std::to_string(std::string(seven_bit_content).size()));
}

TEST_F(Transport, every_transaction_has_it_converted_from_the_beginning) {
    entry.body = delivery::Body::eight_bit_mime;
    content = eight_bit_content;
    options.recipients_max = 1;
    one_host(without("8BITMIME"));
    recipients({"a@example.org", "b@example.org"});
    EXPECT_EQ(deliver("example.org", 2), Strings(4, "passed on by mx1.example.org: 250 2.0.0 Stored"));
    EXPECT_EQ(servers.messages(1), Strings(4, seven_bit_content));
}

TEST_F(Transport, each_host_gets_what_it_can_take) {
    entry.body = delivery::Body::eight_bit_mime;
    content = eight_bit_content;
    servers.at(1, {without("8BITMIME")});
    servers.at(2, {Script{}});
    resolver.mx("one.example", {"10 mx.one.example"});
    resolver.addresses("mx.one.example", {"127.0.0.1"});
    resolver.mx("two.example", {"10 mx.two.example"});
    resolver.addresses("mx.two.example", {"127.0.0.2"});
    deliver("one.example");
    deliver("two.example");
    EXPECT_EQ(servers.messages(1), Strings{seven_bit_content});
    EXPECT_EQ(servers.messages(2), Strings{eight_bit_content});
}

TEST_F(Transport, a_converted_message_over_the_servers_limit_does_not_go) {
    content = eight_bit_content;
    const std::string limit = std::to_string(content.size() + 20);
    Script script;
    script.smtp.extensions = {"SIZE " + limit};
    one_host(std::move(script));
    EXPECT_EQ(deliver(), Strings{"5.3.4 for good: mx1.example.org: the message has " +
                                 std::to_string(std::string(seven_bit_content).size()) + " bytes, and the server takes at most " + limit});
}

TEST_F(Transport, binary_is_converted_where_only_text_is_taken) {
    entry.body = delivery::Body::binary_mime;
    content = "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\na\rb";
    one_host(without("BINARYMIME"));
    EXPECT_EQ(deliver(), Strings{"passed on by mx1.example.org: 250 2.0.0 Stored"});
    EXPECT_EQ(servers.messages(1),
              Strings{"MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ1i\r\n"});
    content = "Subject: a\rb\r\n\r\nx\r\n";
    EXPECT_EQ(deliver(), Strings{"5.6.3 for good: mx1.example.org: the message is binary, and the server does not offer BINARYMIME"});
}

TEST_F(Transport, and_declared_where_it_is) {
    entry.body = delivery::Body::eight_bit_mime;
    content = "Subject: x\r\n\r\nü\r\n";
    one_host({});
    deliver();
    EXPECT_EQ(servers.commands(1).at(1), "MAIL FROM:<alice@example.net> SIZE=18 BODY=8BITMIME");
}

TEST_F(Transport, smtputf8_is_asked_for_only_where_it_is_needed) {
    entry.smtputf8 = true;
    one_host(without("SMTPUTF8"));
    EXPECT_EQ(deliver(), Strings{"passed on by mx1.example.org: 250 2.0.0 Stored"});
    content = "Subject: ü\r\n\r\nx\r\n";
    EXPECT_EQ(deliver(),
              Strings{"5.6.7 for good: mx1.example.org: the message's header or sender is internationalised, and the server does "
                      "not offer SMTPUTF8"});
    recipients({"jörg@example.org", "bob@example.org"});
    content = "Subject: u\r\n\r\nx\r\n";
    EXPECT_EQ(deliver(), (Strings{"5.6.7 for good: mx1.example.org: the recipient's address is internationalised, and the server does not "
                                  "offer SMTPUTF8",
                                  "passed on by mx1.example.org: 250 2.0.0 Stored"}));
}

TEST_F(Transport, a_message_over_the_servers_limit_does_not_go) {
    Script script;
    script.smtp.extensions = {"SIZE 10"};
    one_host(std::move(script));
    EXPECT_EQ(deliver(), Strings{"5.3.4 for good: mx1.example.org: the message has 24 bytes, and the server takes at most 10"});
}

TEST_F(Transport, a_content_that_cannot_be_read_is_our_fault) {
    one_host({});
    content_fails = true;
    EXPECT_EQ(deliver(), Strings{"4.3.0: mx1.example.org: the message cannot be read: disk error"});
    EXPECT_FALSE(usable_after);
    entry.smtputf8 = true;
    failure = {};
    EXPECT_EQ(deliver(), Strings{"4.3.0: the message cannot be read: disk error"});
    EXPECT_TRUE(usable_after);
}

TEST_F(Transport, lmtp_answers_for_each_recipient) {
    Script script;
    script.smtp.lmtp = true;
    script.smtp.answers["."] = {"250 2.0.0 Stored\r\n", "452 4.2.2 Full\r\n", "550 5.2.0 Broken\r\n"};
    servers.at(1, {std::move(script)});
    resolver.addresses("store.example.net", {"127.0.0.1"});
    routes = {{.domains = {"example.org"}, .host = "store.example.net", .port = servers.port(), .protocol = smtp::ClientProtocol::lmtp}};
    recipients({"a@example.org", "b@example.org", "c@example.org"});
    EXPECT_EQ(deliver(), (Strings{"final at store.example.net: 250 2.0.0 Stored", "4.2.2: store.example.net says: 452 4.2.2 Full",
                                  "5.2.0 for good: store.example.net says: 550 5.2.0 Broken"}));
    EXPECT_EQ(servers.commands(1).front(), "LHLO client.example");
}

TEST_F(Transport, address_literals_are_asked_nobody_about) {
    servers.at(1, {Script{}});
    recipients({"bob@[127.0.0.1]"});
    EXPECT_EQ(deliver("[127.0.0.1]"), Strings{"passed on by 127.0.0.1: 250 2.0.0 Stored"});
    EXPECT_EQ(resolver.asked, Strings{});
    EXPECT_EQ(route("[x25:1]"), "5.1.2 for good: [x25:1] is no address that mail can go to");
    EXPECT_EQ(route("[127.0.0.1]"), "[127.0.0.1]");
}

TEST_F(Transport, a_smart_host_by_its_mx) {
    servers.at(1, {Script{}});
    resolver.mx("provider.example", {"10 out.provider.example"});
    resolver.addresses("out.provider.example", {"127.0.0.1"});
    routes = {{.domains = {"*"}, .host = "provider.example", .mx = true}};
    EXPECT_EQ(deliver(), Strings{"passed on by out.provider.example: 250 2.0.0 Stored"});
    EXPECT_EQ(route("example.org"), "out.provider.example (MX)");
}

TEST_F(Transport, sources_take_turns) {
    servers.at(1, {Script{}});
    resolver.addresses("smart.example", {"127.0.0.1"});
    routes = {{.domains = {"*"},
               .host = "smart.example",
               .port = servers.port(),
               .sources = {*IpAddress::parse("127.0.0.7"), *IpAddress::parse("::1"), *IpAddress::parse("127.0.0.8")}}};
    for (int i = 0; i < 3; ++i) deliver();
    EXPECT_EQ(servers.clients(1),
              (std::vector<IpAddress>{IpAddress::v4(127, 0, 0, 7), IpAddress::v4(127, 0, 0, 8), IpAddress::v4(127, 0, 0, 7)}));
}

TEST_F(Transport, a_route_may_be_changed_while_the_server_runs) {
    one_host({});
    EXPECT_EQ(route("example.org"), "mx1.example.org (MX)");
    transport().set_routes(*RouteTable::make({{.domains = {"*"}, .host = "smart.example"}}));
    EXPECT_EQ(route("example.org"), "smart host smart.example:" + std::to_string(servers.port()));
}

TEST(TransportMake, says_when_the_trusted_certificates_cannot_be_read) {
    World world;
    world.options.ca_file = "/nowhere/ca.pem";
    const auto made = SmtpTransport::make(*world.reactor, world.resolver, world.level_security, {}, world.options);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace packetboat::relay
