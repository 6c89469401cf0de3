#include <gtest/gtest.h>

#include "relay/testing/world.h"

// Hosts that break off, refuse, hang and lie.
namespace packetboat::relay {
namespace {

using std::chrono::milliseconds;
using testing::Script;
using testing::World;
using Strings = std::vector<std::string>;

constexpr milliseconds soon{200};

struct Hostile : ::testing::Test, World {
    // The best host behaves so, the next one well.
    void two_hosts(std::vector<Script> first) {
        resolver.mx("example.org", {"10 mx1.example.org", "20 mx2.example.org"});
        resolver.addresses("mx1.example.org", {"127.0.0.1"});
        resolver.addresses("mx2.example.org", {"127.0.0.2"});
        if (!first.empty()) servers.at(1, std::move(first));
        servers.at(2, {Script{}});
    }
};

const Strings by_second = {"passed on by mx2.example.org: 250 2.0.0 Stored"};

// The replies of a whole conversation, by number.
struct StageCase {
    std::size_t reply;
    const char* failure;
};

TEST(HostileStages, closing_at_each_stage) {
    for (const auto& [reply, failure] : {
             StageCase{0, "4.4.2 slow: mx1.example.org: the server closed the connection without a greeting"},
             StageCase{1, "4.4.2 slow: mx1.example.org: the server closed the connection without an answer to our greeting"},
             StageCase{2, "4.4.2 slow: mx1.example.org: the server closed the connection without an answer to MAIL"},
             StageCase{3, "4.4.2 slow: mx1.example.org: the server closed the connection without an answer to RCPT"},
             StageCase{4, "4.4.2 slow: mx1.example.org: the server closed the connection without an answer to DATA"},
             StageCase{5, "in doubt 4.4.2 slow: mx1.example.org: the server closed the connection without an answer to the message"},
         }) {
        World world;
        Script script;
        script.smtp.close_at_reply = reply;
        world.one_host(std::move(script));
        EXPECT_TRUE(world.deliver().at(0).starts_with(failure)) << World::show(world.failure);
        EXPECT_FALSE(world.usable_after);
        EXPECT_EQ(world.connected, reply > 1);
    }
}

TEST(HostileStages, hanging_at_each_stage) {
    using Timeouts = smtp::ClientTimeouts;
    struct Case {
        std::size_t reply;
        milliseconds Timeouts::* timeout;
        const char* failure;
    };
    for (const auto& [reply, timeout, failure] : {
             Case{0, &Timeouts::greeting, "4.4.1 slow: mx1.example.org: the server did not answer to the connection in time"},
             Case{1, &Timeouts::hello, "4.4.2 slow: mx1.example.org: the server did not answer to our greeting in time"},
             Case{2, &Timeouts::mail, "4.4.2 slow: mx1.example.org: the server did not answer to MAIL in time"},
             Case{3, &Timeouts::rcpt, "4.4.2 slow: mx1.example.org: the server did not answer to RCPT in time"},
             Case{4, &Timeouts::data, "4.4.2 slow: mx1.example.org: the server did not answer to DATA in time"},
             Case{5, &Timeouts::end,
                  "in doubt 4.4.2 slow: mx1.example.org: the server did not answer to the message in time; whether it has taken the "
                  "message is "
                  "not known"},
         }) {
        World world;
        Script script;
        script.smtp.hang_at_reply = reply;
        world.one_host(std::move(script));
        world.options.timeouts.*timeout = soon;
        EXPECT_EQ(world.deliver(), Strings{failure});
    }
}

TEST(HostileStages, refusing_at_each_stage) {
    struct Case {
        const char* what;
        const char* reply;
        const char* failure;
    };
    const Case cases[] = {
        {"MAIL", "451 4.3.0 Later\r\n", "4.3.0: mx1.example.org says to MAIL: 451 4.3.0 Later"},
        {"MAIL", "550 5.7.1 Never\r\n", "5.7.1 for good: mx1.example.org says to MAIL: 550 5.7.1 Never"},
        {"RCPT", "450 Later\r\n", "4.1.0: mx1.example.org says: 450 Later"},
        {"RCPT", "550 5.1.1 Never\r\n", "5.1.1 for good: mx1.example.org says: 550 5.1.1 Never"},
        {"DATA", "451 Later\r\n", "4.6.0: mx1.example.org says to DATA: 451 Later"},
        {"DATA", "554 Never\r\n", "5.6.0 for good: mx1.example.org says to DATA: 554 Never"},
        {".", "451 4.3.2 Later\r\n", "4.3.2 slow: mx1.example.org says: 451 4.3.2 Later"},
        {".", "554 5.6.0 Never\r\n", "5.6.0 for good: mx1.example.org says: 554 5.6.0 Never"},
        {".", "421 4.3.2 Stopping\r\n", "4.3.2 slow: mx1.example.org says: 421 4.3.2 Stopping"},
        {"EHLO", "421 4.7.0 Too fast\r\n", "4.7.0 slow: mx1.example.org says to our greeting: 421 4.7.0 Too fast"},
    };
    for (const Case& one : cases) {
        World world;
        Script script;
        script.smtp.answers[one.what] = {one.reply};
        world.one_host(std::move(script));
        std::string told = world.deliver().at(0);
        if (told.starts_with("in doubt ")) told.erase(0, 9);
        EXPECT_EQ(told, one.failure) << one.what;
    }
}

TEST(HostileStages, greetings_that_refuse) {
    struct Case {
        const char* greeting;
        const char* failure;
    };
    for (const auto& [greeting, failure] : {
             Case{"421 Busy\r\n", "4.3.2 slow: mx1.example.org does not want to talk to us: 421 Busy"},
             Case{"450 Busy\r\n", "4.3.2 slow: mx1.example.org does not want to talk to us: 450 Busy"},
             Case{"554 No SMTP here\r\n", "4.3.2 slow: mx1.example.org does not want to talk to us: 554 No SMTP here"},
             Case{"521 Never any mail\r\n", "5.3.2 for good: mx1.example.org does not want to talk to us: 521 Never any mail"},
         }) {
        World world;
        Script script;
        script.smtp.greeting = greeting;
        world.one_host(std::move(script));
        EXPECT_EQ(world.deliver(), Strings{failure});
    }
}

TEST_F(Hostile, a_connection_that_ends_in_the_middle_of_the_message) {
    Script script;
    script.close_at_byte = 200'000;
    one_host(std::move(script));
    content = "Subject: x\r\n\r\n" + std::string(900'000, 'x');
    std::string told = deliver().at(0);
    // Where the kernel has taken all of it before the end was seen.
    if (told.starts_with("in doubt ")) told.erase(0, 9);
    EXPECT_TRUE(told.starts_with("4.4.2 slow: mx1.example.org: ")) << told;
}

TEST_F(Hostile, replies_without_end) {
    const auto endless = [](net::Stream& stream) -> Task<> {
        while (co_await stream.write("220-and so on\r\n")) {
        }
    };
    Script script;
    script.instead = endless;
    two_hosts({script});
    EXPECT_EQ(deliver(), by_second);
    EXPECT_LT(failed_attempts.size(), 20'000U);
    EXPECT_TRUE(failed_attempts.contains("mx1.example.org at 127.0.0.1:")) << failed_attempts;
}

TEST_F(Hostile, a_reply_line_of_megabytes) {
    const auto long_line = [](net::Stream& stream) -> Task<> {
        const std::string line = "220 " + std::string(5 << 20, 'x') + "\r\n";
        const Result<> ignored = co_await stream.write(line);
    };
    Script script;
    script.instead = long_line;
    two_hosts({script});
    EXPECT_EQ(deliver(), by_second);
    EXPECT_LT(failed_attempts.size(), 20'000U);
}

TEST_F(Hostile, the_second_host_where_the_first_is_dead) {
    two_hosts({});
    EXPECT_EQ(deliver(), by_second);
    EXPECT_TRUE(failed_attempts.contains("(mx1.example.org at 127.0.0.1:")) << failed_attempts;
    EXPECT_TRUE(failed_attempts.contains("refuses the connection")) << failed_attempts;
}

TEST_F(Hostile, the_second_host_where_the_first_refuses) {
    for (const char* greeting : {"421 Busy\r\n", "450 Busy\r\n", "554 No\r\n", "521 Never\r\n"}) {
        World world;
        world.resolver.mx("example.org", {"10 mx1.example.org", "20 mx2.example.org"});
        world.resolver.addresses("mx1.example.org", {"127.0.0.1"});
        world.resolver.addresses("mx2.example.org", {"127.0.0.2"});
        Script script;
        script.smtp.greeting = greeting;
        world.servers.at(1, {std::move(script)});
        world.servers.at(2, {Script{}});
        EXPECT_EQ(world.deliver(), by_second);
        EXPECT_TRUE(world.failed_attempts.contains("S: " + std::string(greeting, 3))) << world.failed_attempts;
    }
}

TEST_F(Hostile, a_host_that_refuses_for_good_is_not_asked_at_its_other_address) {
    Script script;
    script.smtp.greeting = "521 Never\r\n";
    servers.at(1, {script});
    servers.at(2, {script});
    resolver.mx("example.org", {"10 mx1.example.org"});
    resolver.addresses("mx1.example.org", {"127.0.0.1", "127.0.0.2"});
    deliver();
    EXPECT_EQ(servers.seen(1).size(), 1U);
    EXPECT_EQ(servers.seen(2).size(), 0U);
}

TEST_F(Hostile, so_many_addresses_are_tried_and_no_more) {
    options.addresses_tried_max = 5;
    options.addresses_tried_per_host_max = 3;
    resolver.mx("example.org", {"10 mx1.example.org", "20 mx2.example.org", "30 mx3.example.org"});
    resolver.addresses("mx1.example.org", {"127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.14"});
    resolver.addresses("mx2.example.org", {"127.0.0.21", "127.0.0.22", "127.0.0.23"});
    resolver.addresses("mx3.example.org", {"127.0.0.31"});
    EXPECT_TRUE(deliver().at(0).starts_with("4.4.1 slow: mx1.example.org cannot be reached: 127.0.0.11:")) << failure.reason;
    for (const char* tried : {"127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.21", "127.0.0.22"})
        EXPECT_TRUE(failed_attempts.contains(tried)) << tried;
    for (const char* not_tried : {"127.0.0.14", "127.0.0.23", "127.0.0.31"}) EXPECT_FALSE(failed_attempts.contains(not_tried)) << not_tried;
}

TEST_F(Hostile, hosts_without_addresses_are_passed_over) {
    two_hosts({});
    resolver.answer("mx1.example.org", dns::Type::a, dns::Outcome::no_data);
    EXPECT_EQ(deliver(), by_second);
    EXPECT_EQ(failed_attempts, "(mx1.example.org)\n(mx1.example.org has no address)\n");
}

TEST_F(Hostile, no_host_has_an_address) {
    resolver.mx("example.org", {"10 mx1.example.org", "20 mx2.example.org"});
    EXPECT_EQ(deliver(), Strings{"5.4.4 for good: there is no host mx1.example.org"});
    resolver.answer("mx2.example.org", dns::Type::a, dns::Outcome::failed).why = "no name server answers";
    EXPECT_EQ(deliver(), Strings{"4.4.3: no name server answers"});
}

TEST_F(Hostile, a_host_that_is_this_server_ends_the_search) {
    two_hosts({Script{}});
    options.is_own = [this](const Endpoint& one) { return one == Endpoint{IpAddress::v4(127, 0, 0, 1), servers.port()}; };
    EXPECT_EQ(deliver(), Strings{"5.4.6 for good: mail for example.org loops back to us: mx1.example.org is this server"});
}

TEST_F(Hostile, stopping_cuts_whoever_waits) {
    Script script;
    script.smtp.hang_at_reply = 2;
    two_hosts({script});
    SmtpTransport& cut = transport();
    // Stops when the server has heard MAIL.
    const auto stop_soon = [](testing::ScriptedServers& watched, SmtpTransport& of) -> Task<> {
        while (watched.seen(1).empty() || watched.seen(1)[0].commands.size() < 2) co_await net::Reactor::current().sleep(milliseconds(1));
        of.stop();
    };
    reactor->post([&] { spawn(stop_soon(servers, cut), [](std::exception_ptr) {}); });
    EXPECT_EQ(deliver(), Strings{"4.3.2: this server is stopping"});
    EXPECT_FALSE(usable_after);
    EXPECT_EQ(cut.connections(), 0U);
    EXPECT_EQ(deliver(), Strings{"4.3.2: this server is stopping"});
}

TEST_F(Hostile, stopping_waits_for_the_answer_to_a_message_until_it_is_cut) {
    Script script;
    script.smtp.hang_at_reply = 5;  // greeting, EHLO, MAIL, RCPT, DATA, and then the message's
    two_hosts({script});
    SmtpTransport& cut = transport();
    std::size_t left = 0;
    const auto stop_soon = [](testing::ScriptedServers& watched, SmtpTransport& of, std::size_t& after_stop) -> Task<> {
        while (watched.messages(1).empty()) co_await net::Reactor::current().sleep(milliseconds(1));
        of.stop();
        after_stop = of.connections();
        of.cut();
    };
    reactor->post([&] { spawn(stop_soon(servers, cut, left), [](std::exception_ptr) {}); });
    EXPECT_TRUE(deliver().at(0).contains("this server is stopping"));
    EXPECT_EQ(left, 1U);
}

TEST_F(Hostile, stopping_cuts_a_connection_on_its_way) {
    Script script;
    script.smtp.hang_at_reply = 0;
    two_hosts({script});
    SmtpTransport& cut = transport();
    const auto stop_soon = [](testing::ScriptedServers& watched, SmtpTransport& of) -> Task<> {
        while (watched.clients(1).empty()) co_await net::Reactor::current().sleep(milliseconds(1));
        of.stop();
    };
    reactor->post([&] { spawn(stop_soon(servers, cut), [](std::exception_ptr) {}); });
    EXPECT_EQ(deliver(), Strings{"4.3.2: this server is stopping"});
    EXPECT_TRUE(servers.seen(2).empty());
}

}  // namespace
}  // namespace packetboat::relay
