#include "agent/server.h"

#include <gtest/gtest.h>

#include "agent/program.h"

namespace packetboat::agent {

namespace {

using namespace std::chrono_literals;

Logins two() {
    Logins logins;
    EXPECT_TRUE(logins.put({.name = "work", .server = {"mail.work.test", 587}, .user = "alice@work.test", .password = "w"}));
    EXPECT_TRUE(logins.put({.name = "home",
                            .server = {"mail.home.test", 0},
                            .pop3 = HostPort{"pop.home.test", 110},
                            .user = "al@home.test",
                            .tls = TlsMode::implicit,
                            .password_command = "echo h"}));
    return logins;
}

Server found(const ServerWish& wish, Service service = Service::submission, const Logins& logins = two()) {
    const Result<Server> server = find_server(wish, service, logins);
    EXPECT_TRUE(server) << server.error().text;
    return server.value_or(Server{});
}

TEST(FindServer, the_try_out_server_where_nothing_is_known) {
    const Server server = found({}, Service::submission, {});
    EXPECT_EQ(server.text(), "127.0.0.1:20587");
    EXPECT_EQ(server.user, "alice@example.test");
    EXPECT_EQ(server.password, "packetboat");
    EXPECT_TRUE(server.insecure && server.try_out && server.on_loopback());
    EXPECT_EQ(found({}, Service::pop3, {}).port, 20110);
    EXPECT_EQ(found({.from = "bob@example.test"}, Service::submission, {}).user, "bob@example.test");
    EXPECT_FALSE(found({.user = "eve@elsewhere.test"}, Service::submission, {}).password) << "it is known for its own accounts only";
}

TEST(FindServer, the_saved_login_that_is_meant) {
    EXPECT_EQ(found({}).text(), "mail.work.test:587");
    EXPECT_EQ(found({.login = "home"}).text(), "mail.home.test:465");
    EXPECT_EQ(found({.from = "al@home.test"}).user, "al@home.test");
    EXPECT_EQ(found({.user = "al@home.test"}).password_command, "echo h");
    EXPECT_EQ(found({.login = "home"}, Service::pop3).text(), "pop.home.test:110");
    EXPECT_EQ(found({}, Service::pop3).text(), "mail.work.test:995");
    EXPECT_EQ(find_server({.login = "none"}, Service::submission, two()).error().code, ErrorCode::not_found);
}

TEST(FindServer, a_saved_password_goes_to_its_own_server_and_user_only) {
    EXPECT_EQ(found({.server = "MAIL.work.test:465"}).password, "w");
    const Server other = found({.server = "evil.test:587", .from = "alice@work.test"});
    EXPECT_FALSE(other.password);
    EXPECT_EQ(other.user, "");
    EXPECT_EQ(other.password_command, "");
    const Server another = found({.server = "evil.test", .user = "alice@work.test"});
    EXPECT_EQ(another.user, "alice@work.test");
    EXPECT_FALSE(another.password);
    EXPECT_EQ(another.port, 587);
    EXPECT_FALSE(found({.user = "bob@work.test"}).password);
    EXPECT_EQ(found({.server = "evil.test", .from = "a@b.test", .password = "p"}).user, "a@b.test");
}

TEST(FindServer, mistakes) {
    EXPECT_EQ(find_server({.server = "a b"}, Service::submission, {}).error().code, ErrorCode::invalid);
    EXPECT_EQ(find_server({.tls = "yes"}, Service::submission, {}).error().code, ErrorCode::invalid);
}

TEST(Tls, automatic_is_implicit_by_port_and_plain_on_loopback_only) {
    EXPECT_TRUE(uses_implicit_tls({.host = "h", .port = 465}));
    EXPECT_TRUE(uses_implicit_tls({.host = "h", .port = 20995}));
    EXPECT_FALSE(uses_implicit_tls({.host = "h", .port = 587}));
    EXPECT_FALSE(uses_implicit_tls({.host = "h", .port = 465, .tls = TlsMode::starttls}));
    EXPECT_TRUE(may_go_without_tls({.host = "localhost", .port = 587}));
    EXPECT_FALSE(may_go_without_tls({.host = "localhost.evil.test", .port = 587}));
    EXPECT_FALSE(may_go_without_tls({.host = "127.0.0.1", .port = 587, .tls = TlsMode::starttls}));
    EXPECT_TRUE(may_go_without_tls({.host = "h", .port = 587, .tls = TlsMode::none}));
}

TEST(Password, of_a_command_is_its_first_line) {
    EXPECT_EQ(**password_of({.password_command = "printf 'secret \\r\\nmore\\n'"}), "secret ");
    EXPECT_EQ(**password_of({.password = "p", .password_command = "false"}), "p");
    EXPECT_FALSE(*password_of({}));
    EXPECT_EQ(password_of({.password_command = "echo x; exit 3"}).error().text, "the password command: it ended with status 3");
    EXPECT_EQ(password_of({.password_command = "true"}).error().code, ErrorCode::denied);
    EXPECT_EQ(**password_of({.password_command = "cat; echo end"}), "end") << "standard input is not the command's";
}

TEST(Command, has_bounds) {
    EXPECT_EQ(output_of("yes", 60s).error().code, ErrorCode::too_large);
    EXPECT_EQ(output_of("sleep 1000 & sleep 1000", 10ms).error().code, ErrorCode::timed_out);
    EXPECT_EQ(output_of("kill -9 $$", 60s).error().text, "it was ended by signal 9");
}

}  // namespace

}  // namespace packetboat::agent
