#include "pop3/session/session.h"

#include <gtest/gtest.h>

#include <string>

#include "base/executor.h"
#include "pop3/session/testing/acting_peer.h"
#include "pop3/session/testing/world.h"
#include "pop3/wire/stuffing.h"

namespace packetboat::pop3 {
namespace {

using testing::ActingPeer;
using testing::say;
using testing::World;

const std::string login = "USER alice@example.test\r\nPASS packetboat\r\n";
const std::string to_user = "+OK now the password\r\n";

Task<> converse(World& world, ActingPeer& peer) {
    Session session(peer, world.mail(), world.directory(), world.options);
    co_await session.run();
}

// One session that says all this at once; the answer to it, after the banner.
Task<std::string> ask(World& world, std::string bytes) {
    ActingPeer peer({say(std::move(bytes))});
    co_await converse(world, peer);
    co_return peer.answer();
}

std::string lines(int count) {
    std::string text = "Subject: long\r\n\r\n";
    for (int i = 0; i < count; ++i) text += (i % 7 == 0 ? ".line " : "line ") + std::to_string(i) + "\r\n";
    return text;
}

TEST(pop3_session, what_was_removed_meanwhile_is_said_to_be_gone_and_quit_goes_well) {
    World world({{"message", "A: 1\\r\\n\\r\\n"}, {"message", "A: 2\\r\\n\\r\\n"}, {"left", "-"}});
    std::string after;
    const auto test = [](World& there, std::string& answer) -> Task<std::string> {
        co_await there.build();
        const ActingPeer::Act remove = [&](std::string) -> Task<std::string> {
            co_await there.remove_message(1);
            co_return "LIST 1\r\nRETR 1\r\nTOP 1 0\r\nDELE 1\r\nDELE 2\r\nQUIT\r\n";
        };
        ActingPeer peer({say(login), remove});
        co_await converse(there, peer);
        answer = peer.answer();
        co_return co_await there.check(answer);
    };
    EXPECT_EQ(run_to_end(test(world, after)), "");
    EXPECT_EQ(after,
              "+OK 1 8\r\n"
              "-ERR the message has been removed meanwhile\r\n"
              "-ERR the message has been removed meanwhile\r\n"
              "+OK message 1 deleted\r\n+OK message 2 deleted\r\n+OK goodbye (0 messages left)\r\n");
}

TEST(pop3_session, shows_what_was_there_at_login_and_nothing_later) {
    World world({{"message", "A: 1\\r\\n\\r\\n"}});
    std::string after;
    const auto test = [](World& there, std::string& answer) -> Task<std::string> {
        co_await there.build();
        const ActingPeer::Act deliver = [&](std::string) -> Task<std::string> {
            co_await there.add_message("A: 2\r\n\r\n");
            co_return "STAT\r\nRETR 2\r\nQUIT\r\n";
        };
        ActingPeer peer({say(login), deliver});
        co_await converse(there, peer);
        answer = peer.answer();
        co_return co_await ask(there, login + "STAT\r\n");
    };
    EXPECT_EQ(run_to_end(test(world, after)), to_user + "+OK 2 messages (16 octets)\r\n+OK 2 16\r\n");
    EXPECT_EQ(after, "+OK 1 8\r\n-ERR no such message\r\n+OK goodbye (1 messages left)\r\n");
}

TEST(pop3_session, the_maildrop_is_free_again_when_a_session_has_ended) {
    World world;
    std::string during;
    const auto test = [](World& there, std::string& second) -> Task<std::string> {
        co_await there.build();
        const ActingPeer::Act come_too = [&](std::string) -> Task<std::string> {
            second = co_await ask(there, login);
            co_return "QUIT\r\n";
        };
        ActingPeer peer({say(login), come_too});
        co_await converse(there, peer);
        co_return co_await ask(there, login);
    };
    EXPECT_EQ(run_to_end(test(world, during)), to_user + "+OK 0 messages (0 octets)\r\n");
    EXPECT_EQ(during, to_user + "-ERR [IN-USE] another session has this maildrop\r\n");
}

TEST(pop3_session, removes_what_it_can_when_the_store_fails_in_the_middle) {
    World world({{"message", "A: 1\\r\\n\\r\\n"},
                 {"message", "A: 2\\r\\n\\r\\n"},
                 {"message", "A: 3\\r\\n\\r\\n"},
                 {"removals_per_commit_max", "1"},
                 {"writes", "fail_after 1"}});
    const auto test = [](World& there) -> Task<std::string> {
        co_await there.build();
        const std::string first = co_await ask(there, login + "DELE 1\r\nDELE 2\r\nDELE 3\r\nQUIT\r\n");
        there.faults->writes_left.reset();
        co_return first + co_await ask(there, login);
    };
    EXPECT_EQ(run_to_end(test(world)), to_user +
                                           "+OK 3 messages (24 octets)\r\n"
                                           "+OK message 1 deleted\r\n+OK message 2 deleted\r\n+OK message 3 deleted\r\n"
                                           "-ERR [SYS/TEMP] some deleted messages not removed\r\n" +
                                           to_user + "+OK 2 messages (16 octets)\r\n");
}

TEST(pop3_session, a_large_message_is_sent_piece_by_piece_and_byte_for_byte) {
    World world;
    const std::string message = lines(200'000);
    ActingPeer peer({say(login), say("RETR 1\r\n"), say("QUIT\r\n")});
    std::string shown;
    const auto test = [](World& there, ActingPeer& client, const std::string& text, std::string& out) -> Task<> {
        co_await there.build();
        co_await there.add_message(text);
        ActingPeer again({say(login), say("RETR 1\r\n"), [&](std::string answer) -> Task<std::string> {
                              out = std::move(answer);
                              co_return "";
                          }});
        co_await converse(there, again);
        co_await converse(there, client);
    };
    run_to_end(test(world, peer, message, shown));
    EXPECT_LE(peer.waiting_most_bytes(), std::size_t{160 * 1024});
    const std::string first = "+OK " + std::to_string(message.size()) + " octets\r\n";
    ASSERT_TRUE(shown.starts_with(first));
    std::string unstuffed;
    wire::Unstuffer unstuffer;
    EXPECT_EQ(unstuffer.append(std::string_view(shown).substr(first.size()), unstuffed), shown.size() - first.size());
    EXPECT_TRUE(unstuffer.at_end());
    EXPECT_TRUE(unstuffed == message);
}

TEST(pop3_session, top_of_a_large_message_reads_no_more_than_it_shows) {
    World world({{"blob_reads", "fail_at 65536"}});
    const auto test = [](World& there) -> Task<std::string> {
        co_await there.build();
        co_await there.add_message(lines(200'000));
        co_return co_await ask(there, login + "TOP 1 2\r\nNOOP\r\n");
    };
    EXPECT_TRUE(run_to_end(test(world))
                    .ends_with("+OK top of message follows\r\nSubject: long\r\n\r\n..line 0\r\nline 1\r\n.\r\n+OK nothing done\r\n"));
}

TEST(pop3_session, a_body_that_fails_in_the_middle_ends_the_connection_and_not_the_message) {
    World world({{"blob_reads", "fail_at 131072"}});
    const auto test = [](World& there) -> Task<std::string> {
        co_await there.build();
        co_await there.add_message(lines(200'000));
        std::string answer = co_await ask(there, login + "RETR 1\r\nDELE 1\r\nQUIT\r\n");
        EXPECT_EQ(co_await there.check(answer), "");
        co_return answer;
    };
    const std::string answer = run_to_end(test(world));
    EXPECT_GT(answer.size(), std::size_t{131072});
    EXPECT_EQ(answer.find("\r\n.\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("deleted"), std::string::npos);
}

TEST(pop3_session, ends_when_the_client_does_not_read) {
    World world;
    ActingPeer peer({say(login + "DELE 1\r\nRETR 2\r\nQUIT\r\n")});
    peer.go_after_drains(1);
    const auto test = [](World& there, ActingPeer& client) -> Task<std::string> {
        co_await there.build();
        co_await there.add_message(lines(1));
        co_await there.add_message(lines(200'000));
        co_await converse(there, client);
        co_return co_await there.check(client.answer());
    };
    EXPECT_EQ(run_to_end(test(world, peer)), "");
    EXPECT_EQ(peer.answer().find("goodbye"), std::string::npos);
}

TEST(pop3_session, long_listings_go_out_piece_by_piece) {
    World world;
    ActingPeer peer({say(login + "LIST\r\nUIDL\r\n")});
    const auto test = [](World& there, ActingPeer& client) -> Task<> {
        co_await there.build();
        for (int i = 0; i < 3000; ++i) co_await there.add_message("A: 1\r\n\r\n");
        co_await converse(there, client);
    };
    run_to_end(test(world, peer));
    EXPECT_LE(peer.waiting_most_bytes(), std::size_t{40 * 1024});
    EXPECT_NE(peer.answer().find("\r\n3000 8\r\n.\r\n"), std::string::npos);
    EXPECT_TRUE(peer.answer().ends_with(".3000\r\n.\r\n"));
}

TEST(pop3_session, unique_ids_stay_and_are_never_given_again) {
    World world({{"message", "A: 1\\r\\n\\r\\n"}, {"message", "A: 2\\r\\n\\r\\n"}});
    const auto id = [](const std::string& answer) {
        const std::size_t at = answer.rfind("+OK 1 ");
        return at == std::string::npos ? answer : answer.substr(at + 6);
    };
    const auto test = [](World& there, auto find_id) -> Task<> {
        co_await there.build();
        const std::string first = find_id(co_await ask(there, login + "UIDL 1\r\n"));
        EXPECT_EQ(find_id(co_await ask(there, login + "UIDL 1\r\n")), first);
        co_await ask(there, login + "DELE 1\r\nDELE 2\r\nQUIT\r\n");
        co_await there.add_message("A: 1\r\n\r\n");
        const std::string second = find_id(co_await ask(there, login + "UIDL 1\r\n"));
        EXPECT_NE(second, first);
        EXPECT_LE(second.size(), std::size_t{70 + 2});
    };
    run_to_end(test(world, id));
}

TEST(pop3_session, input_behind_stls_is_not_obeyed) {
    World world;
    const auto test = [](World& there) -> Task<std::string> {
        co_await there.build();
        co_return co_await ask(there, "STLS\r\n" + login);
    };
    EXPECT_EQ(run_to_end(test(world)), "-ERR nothing may follow STLS before its answer\r\n");
}

TEST(pop3_session, a_sasl_line_may_not_be_longer_than_the_limit) {
    World world;
    const auto test = [](World& there) -> Task<std::string> {
        co_await there.build();
        co_return co_await ask(there, "AUTH PLAIN\r\n" + std::string(12'289, 'A') + "\r\nQUIT\r\n");
    };
    EXPECT_EQ(run_to_end(test(world)), "+ \r\n-ERR line too long\r\n+OK goodbye\r\n");
}

}  // namespace
}  // namespace packetboat::pop3
