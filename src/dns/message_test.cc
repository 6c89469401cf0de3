#include "dns/message.h"

#include <gtest/gtest.h>

#include "dns/testing/scripted_server.h"

namespace packetboat::dns {
namespace {

using namespace std::string_literals;
using testing::ScriptedServer;

std::string header(char questions, char answers, char authorities) {
    return "\0\1\204\0"s + "\0"s + questions + "\0"s + answers + "\0"s + authorities + "\0\0"s;
}

const std::string question = "\1a\4test\0\0\1\0\1"s;  // at offset 12, "test" at 14

TEST(dns_message, aliases_lead_to_the_canonical_name) {
    const std::string message = header(1, 4, 0) + question + ScriptedServer::cname("A.test", 5, "b.test") +
                                ScriptedServer::cname("elsewhere.test", 5, "x.test") + ScriptedServer::cname("b.test", 5, "c/d.test") +
                                ScriptedServer::a("c\\047d.test", 5, 1);
    const std::optional<MessageFacts> facts = read_message(message, "a.test");
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->canonical_name, "c\\047d.test");
    EXPECT_FALSE(facts->has_soa);
    EXPECT_EQ(read_message(message, "c.test")->canonical_name, "c.test");
}

TEST(dns_message, compressed_names_are_understood) {
    // The owner is a pointer to the question's name, the target ends in one to its second label.
    const std::string alias = "\300\14\0\5\0\1\0\0\0\5\0\4\1b\300\16"s;
    EXPECT_EQ(read_message(header(1, 1, 0) + question + alias, "a.test").value().canonical_name, "b.test");
}

TEST(dns_message, the_soa_record_of_a_negative_answer_is_seen) {
    const std::string soa = ScriptedServer::soa("test", 5, 5);
    EXPECT_TRUE(read_message(header(1, 0, 1) + question + soa, "a.test").value().has_soa);
    EXPECT_FALSE(read_message(header(1, 0, 0) + question, "a.test").value().has_soa);
    EXPECT_FALSE(read_message(header(1, 1, 0) + question + soa, "a.test").value().has_soa);
}

TEST(dns_message, what_is_cut_off_is_no_message) {
    const std::string whole = header(1, 1, 1) + question + ScriptedServer::cname("a.test", 5, "b.test") + ScriptedServer::soa("test", 5, 5);
    ASSERT_TRUE(read_message(whole, "a.test"));
    for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(read_message(whole.substr(0, length), "a.test")) << length;
}

TEST(dns_message, pointers_that_lead_nowhere_are_refused) {
    for (const std::string& target : {"\300\53"s, "\1b\300\53"s, "\300\377"s, "\377\377"s, "\300"s, "\1b\300\55"s}) {
        const std::string alias = "\300\14\0\5\0\1\0\0\0\5\0"s + static_cast<char>(target.size()) + target;
        EXPECT_FALSE(read_message(header(1, 1, 0) + question + alias, "a.test")) << ::testing::PrintToString(target);
    }
}

}  // namespace
}  // namespace packetboat::dns
